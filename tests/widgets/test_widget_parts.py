"""What widgets are made of: threads, rings, log lines, fields, texts."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from jupyter_deploy.display import (
    badge,
    brief,
    fields,
    input_schema,
    level_of,
    summary_html,
    summary_text,
    window,
    with_levels,
)
from jupyter_deploy.verbs.logs import short_ids
from jupyter_deploy.widgets.card import pretty, shown
from jupyter_deploy.widgets.feed import Feed
from jupyter_deploy.widgets.form import example
from jupyter_deploy.widgets.ring import Ring

LINE = "2026-01-02 03:04:05,678 W [12] 7f-1 app - said: so"
JSON = '{"time":"2026-01-02T03:04:05.678Z","level":"CRITICAL","pid":1,"logger":"a","message":"m"}'


@pytest.mark.parametrize(
    ("line", "level"),
    [
        (LINE, "W"),
        (JSON, "C"),
        (LINE.replace(" W ", " D "), "D"),
        ("something else", "E"),
        ("", "E"),
        ("2026-01-02 03:04:05,678 X [12] - a - b", "E"),
        ('{"level":"INFO"}', "E"),
        ("said: " + LINE, "E"),
    ],
)
def test_levels(line: str, level: str) -> None:
    assert level_of(line, before="E") == level


def test_lines_for_a_front_end() -> None:
    found = with_levels([LINE, "  its traceback", "\x1b[31mred\x1b[0m", "x" * 3000])
    assert [level for level, _ in found] == ["W"] * 4
    assert found[2][1] == "red"
    assert found[3][1] == "x" * 2000 + " … (3,000 characters)"
    assert brief(LINE) == "03:04:05 app - said: so"
    assert brief(JSON) == JSON


def test_the_format_is_the_servers_own() -> None:
    from jupyter_deploy.serving.logs import LEVELS, Format

    for level in LEVELS:
        for form in ("text", "json"):
            line = Format(form).lines(level, "app", "text - and more", "id-1").decode().rstrip("\n")
            assert level_of(line, before="?") == level[0]
        assert brief(Format().lines(level, "app", "text - and more", "").decode()).endswith(" app - text - and more\n")


def test_a_ring_numbers_its_lines() -> None:
    ring = Ring(capacity=3)
    assert ring.newest(5) == (1, [])
    ring.add("one\ntw")
    assert ring.newest(5) == (1, ["one"])
    ring.add("o\r\nthree\nfour\nfi")
    assert (ring.last, ring.newest(2)) == (4, (3, ["three", "four"]))
    assert ring.after(0, 2) == (2, ["two", "three"])
    assert ring.after(3, 9) == (4, ["four"])
    assert ring.after(4, 9) == (5, [])
    ring.add("\n" * 10)
    assert (ring.last, ring.after(4, 9)) == (14, (12, ["", "", ""]))


def test_a_line_without_end_fills_no_memory() -> None:
    ring = Ring()
    for _ in range(100):
        ring.add("x" * 10_000)
    ring.add("\nnext\n")
    first, lines = ring.newest(2)
    assert (first, lines[1]) == (1, "next")
    assert len(lines[0]) < 100_000


def test_a_feed_looks_once_at_a_time_and_ends() -> None:
    looks, go, running = [], threading.Event(), threading.Event()

    def look() -> bool:
        looks.append(threading.current_thread())
        running.set()
        assert go.wait(10)
        return False

    feed = Feed(look, fast=0.001, slow=0.002)
    feed.start()
    feed.start()
    assert running.wait(10)
    for _ in range(5):
        feed.wake()
    feed.wait(0.05)
    assert len(looks) == 1
    feed.end()
    go.set()
    looks[0].join(10)
    assert not looks[0].is_alive()
    assert looks[0].daemon
    assert len(looks) == 1


def test_fields_of_a_schema() -> None:
    schema = {
        "properties": {
            "count": {"type": "integer", "format": "int64"},
            "share": {"type": "number"},
            "on": {"type": "boolean"},
            "day": {"type": "string", "format": "date"},
            "rows": {"type": "array"},
            "none": {"type": "string"},
            "odd": 7,
            "null": {"type": "string"},
            "method": {"type": "string", "enum": ["predict", "é"], "default": "predict"},
        },
        "example": {"count": 3, "share": 0.5, "on": True, "day": "2024-01-02", "rows": [[1, "ü"]], "null": None},
    }
    found = fields(schema)
    assert [(field["name"], field["kind"], field["value"]) for field in found] == [
        ("count", "integer", "3"),
        ("share", "number", "0.5"),
        ("on", "boolean", "true"),
        ("day", "text", "2024-01-02"),
        ("rows", "json", '[[1, "ü"]]'),
        ("none", "json", ""),
        ("odd", "json", ""),
        ("null", "json", "null"),
        ("method", "choice", ""),
    ]
    assert found[3]["hint"] == "string date"
    assert (found[-1]["hint"], found[-1]["choices"]) == ("string (default: predict)", ['"predict"', '"é"'])
    # What has no sample is left out.
    assert example(found) == {**schema["example"]}


def test_a_table_of_records_has_a_field_for_each_column() -> None:
    columns = {
        "age": {"type": "integer"},
        "plan": {"type": "string"},
        "since": {"type": "string", "format": "date-time"},
    }
    table = {"type": "array", "items": {"type": "object", "properties": columns}}
    schema = {
        "properties": {"data": table, "top": {"type": "integer"}},
        "example": {"data": [{"age": 41, "plan": "basic", "since": "2026-01-02"}, {"age": 1}], "top": 3},
    }
    made = fields(schema)
    assert [(one["of"], one["name"], one["kind"], one["value"]) for one in made] == [
        ("data", "age", "integer", "41"),
        ("data", "plan", "text", "basic"),
        ("data", "since", "text", "2026-01-02"),
        ("", "top", "integer", "3"),
    ]
    assert example(made) == {"data": [{"age": 41, "plan": "basic", "since": "2026-01-02"}], "top": 3}


def test_a_table_too_wide_for_fields_is_one_field_of_json() -> None:
    table = {"type": "array", "items": {"type": "object", "properties": {f"c{n}": {} for n in range(61)}}}
    (one,) = fields({"properties": {"data": table}, "example": {"data": [{"c0": 1}]}})
    assert (one["name"], one["kind"], one["value"]) == ("data", "json", '[{"c0": 1}]')


@pytest.mark.parametrize(
    ("recent", "text"),
    [
        ({}, ""),
        ({"seconds": 60.0}, "last minute"),
        ({"seconds": 59.8}, "last minute"),
        ({"seconds": 12.4}, "last 12 s"),
        ({"seconds": 0.2}, "last 1 s"),
    ],
)
def test_a_rate_says_its_window(recent: dict[str, float], text: str) -> None:
    assert window(recent) == text


def test_logs_shorten_ids_as_the_view_does() -> None:
    lines = (
        "2026-11-29 01:02:58,545 I [27468] a0c4e75c-cf9d-469a-9b76-19d7d235e986 access - POST /score 200 1.771ms 3\n"
        "2026-11-29 01:02:58,545 I [27468] - jupyter_deploy.serving - a0c4e75c-cf9d-469a stays in a text\n  no prefix\n"
    )
    assert short_ids(lines) == lines.replace("a0c4e75c-cf9d-469a-9b76-19d7d235e986", "a0c4e75c")


@pytest.mark.parametrize(
    "document", [None, [], {}, {"components": 1}, {"components": {"schemas": {"ServiceInput": 1}}}]
)
def test_a_document_that_says_nothing(document: Any) -> None:
    assert input_schema(document) == {}
    assert fields({}) == []
    assert fields({"properties": [1]}) == []


def test_a_document_of_version_2() -> None:
    assert input_schema({"definitions": {"ServiceInput": {"type": "object"}}}) == {"type": "object"}


def test_answers_are_cut() -> None:
    assert pretty({"a": [1, "ü"]}, 100) == '{"a": [1, "ü"]}'
    assert pretty(list(range(100)), 20) == "[0, 1, 2, 3, 4, 5, 6 … (390 characters)"
    assert pretty([[1, "a" * 50], [2, "b" * 50]], 1000) == f'[\n [1, "{"a" * 50}"],\n [2, "{"b" * 50}"]\n]'
    assert pretty({"a": "a" * 50, "b": [1] * 20}, 1000).splitlines()[1] == f' "a": "{"a" * 50}",'


def test_a_card_of_a_server_that_tells_nothing_of_its_traffic() -> None:
    facts = {"state": "Failed", "reason": "why", "recent": {}, "workers": [], "generation": 0, "restarts": 0}
    facts |= {
        "name": "seed",
        "requests": 0,
        "environment": {},
        "models": [],
        "script": "",
        "image": "seed:1",
        "container": "c",
        "target": "docker",
        "uptime_seconds": 0,
    }
    card = shown({**facts, "scoring_uri": ""})
    assert card["rows"] == [["image", "seed:1"], ["target", "docker, container c"]]
    assert {text for _, text in card["numbers"]} == {"–"}


def test_summaries_are_escaped() -> None:
    evil = "<script>alert(1)</script>\u202e"
    fragment = summary_html(evil, badge(evil), [(evil, evil)], [evil], evil)
    assert "<script" not in fragment
    assert "\u202e" not in fragment
    # Twice more in what screen readers are told of the card and of its lines.
    assert fragment.count("&lt;script&gt;") == 8
    assert summary_text("t", [("a", "b"), ("long", ""), ("cc", "d")], ["e"]) == "t\n  a   b\n  cc  d\ne"
