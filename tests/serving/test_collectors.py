"""Azure ML's collectors in a script: what they take, and where it goes."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest

from jupyter_deploy.serving.logs import request_id
from jupyter_deploy.serving.shims import sink
from jupyter_deploy.serving.shims.collector import BasicCorrelationContext, Collector, CorrelationContext
from jupyter_deploy.serving.shims.data_collector import ModelDataCollector
from jupyter_deploy.serving.shims.sink import Sink, table_of

FRAME = pd.DataFrame({"a": [1, 2], "b": [0.5, float("nan")]})


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What is sent to the front."""
    found: list[tuple[str, dict[str, Any]]] = []
    own = Sink()
    own.open(lambda name, body: found.append((name, orjson.loads(body))), 1.0, 1000)
    for module in ("collector", "data_collector"):
        monkeypatch.setattr(f"jupyter_deploy.serving.shims.{module}.SINK", own)
    monkeypatch.setattr(sink, "SINK", own)
    return found


def test_a_frame_is_written_with_the_id_of_its_request(written: list[tuple[str, dict[str, Any]]]) -> None:
    with request_id("r1"):
        context = Collector(name="model_inputs").collect(FRAME)
        Collector(name="model_outputs").collect(FRAME[["a"]], context)
    assert [name for name, _ in written] == ["model_inputs", "model_outputs"]
    first, second = (record for _, record in written)
    assert (first["request"], first["correlation"], second["correlation"]) == ("r1", "r1", "r1")
    assert (first["columns"], first["rows"]) == (["a", "b"], [[1, 0.5], [2, None]])
    assert context.get_id() == str(context) == "r1"
    assert context.is_success()  # type: ignore[attr-defined]


def test_a_context_of_the_scripts_own_joins(written: list[tuple[str, dict[str, Any]]]) -> None:
    context = BasicCorrelationContext(id="mine", headers={"a": "b"})
    returned = Collector(name="x").collect(FRAME, context)
    assert written[0][1]["correlation"] == "mine"
    assert isinstance(returned, CorrelationContext)
    assert returned.get_headers() == {"a": "b"}  # type: ignore[attr-defined]


def test_what_is_no_frame_goes_to_on_error(written: list[tuple[str, dict[str, Any]]]) -> None:
    errors: list[Exception] = []
    result = Collector(name="x", on_error=errors.append).collect([1, 2])
    assert "list cannot be collected: give a pandas DataFrame" in str(errors[0])
    assert not result.is_success()  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match="give a pandas DataFrame"):
        Collector(name="x").collect([1, 2])
    assert written == []


@pytest.mark.parametrize("name", ["", "a" * 101, None, "a\0b"])
def test_names_that_cannot_be(name: Any) -> None:
    with pytest.raises(ValueError, match="a text of 1 to 100 characters"):
        Collector(name=name)


def test_the_first_versions_collector_takes_arrays_and_ids(written: list[tuple[str, dict[str, Any]]]) -> None:
    inputs = ModelDataCollector("best", designation="inputs", feature_names=["x", "y"], workspace="any")
    predictions = ModelDataCollector("best", designation="predictions")
    with request_id("r1"):
        assert inputs.add_correlations([[1, 2]], "mine") == [[1, 2]]
        inputs.collect(np.array([[1, 2], [3, 4]]))
        predictions.collect([0.1, 0.9])
    with request_id("r2"):
        predictions.collect([0.2])
    assert [record["correlation"] for _, record in written] == ["mine", "mine", "r2"]
    assert written[0][1]["columns"] == ["x", "y"]
    assert written[1][1] | {"time": 0} == {
        "time": 0, "request": "r1", "correlation": "mine", "model": "best", "columns": ["0", "1"], "rows": [[0.1, 0.9]],
    }  # fmt: skip


def test_a_failing_collector_does_not_fail_the_request(
    written: list[tuple[str, dict[str, Any]]], caplog: pytest.LogCaptureFixture
) -> None:
    ModelDataCollector("best", designation="inputs").collect(5)
    ModelDataCollector("best", designation="inputs").collect([object()])
    assert written == []
    assert "inputs of best were not collected: int cannot be collected" in caplog.text
    assert "object has no JSON form" in caplog.text


def test_many_rows_are_cut_with_a_mark(
    written: list[tuple[str, dict[str, Any]]], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        Collector(name="x").collect(pd.DataFrame({"a": range(1000)}))
    assert caplog.text.count("of 1000 rows are kept; the setting collect_body_size") == 1
    record = written[0][1]
    assert record["rows_size"] == 1000
    assert 0 < len(record["rows"]) < 1000
    assert len(orjson.dumps(record)) <= 1100


def test_outside_a_service_nothing_is_written_and_it_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("jupyter_deploy.serving.shims.collector.SINK", Sink())
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert not Collector(name="x").collect(FRAME).is_success()  # type: ignore[attr-defined]
    assert caplog.text.count("this script does not run in a service") == 1


def test_tables_of_what_scripts_hold() -> None:
    assert table_of([1, 2]) == (["0", "1"], [[1, 2]])
    assert table_of(np.array([1, 2]), ["prediction"]) == (["prediction"], [[1], [2]])
    assert table_of(np.array([1, 2]), ["a", "b"]) == (["a", "b"], [[1, 2]])
    assert table_of([[1], [2]], ["a"]) == (["a"], [[1], [2]])
    assert table_of(np.array([[1, 2]]), ["a"]) == (["0", "1"], [[1, 2]])
    assert table_of(pd.DataFrame({1: ["x"]})) == (["1"], [["x"]])
    with pytest.raises(TypeError, match="give a DataFrame, an array or a list"):
        table_of("text")
