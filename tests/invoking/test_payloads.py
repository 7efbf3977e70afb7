"""From values to bodies and content types, with and without a schema."""

from __future__ import annotations

import base64
import datetime as dt
import io
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from jupyter_deploy.errors import InvokeProblem
from jupyter_deploy.invoking import Signature
from jupyter_deploy.invoking.payloads import BINARY, JSON, TEXT, payload_of
from jupyter_deploy.invoking.signatures import may_have_schema, signature_in

FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}, index=[7, 7])


@pytest.mark.parametrize(
    ("value", "body", "kind"),
    [
        ([1, {"a": None}], b'[1,{"a":null}]', JSON),
        (None, b"null", JSON),
        (True, b"true", JSON),
        (2.5, b"2.5", JSON),
        (np.float32(0.5), b"0.5", JSON),
        (np.arange(4).reshape(2, 2), b"[[0,1],[2,3]]", JSON),
        (FRAME, b'[{"a":1,"b":"x"},{"a":2,"b":"y"}]', JSON),
        (FRAME["a"], b"[1,2]", JSON),
        ({"rows": FRAME["a"], "day": dt.date(2026, 1, 2)}, b'{"rows":[1,2],"day":"2026-01-02"}', JSON),
        ("", b"", JSON),
        ("[1]", b"[1]", JSON),
        ('{"a": NaN}', b'{"a": NaN}', JSON),
        ("grüße", "grüße".encode(), TEXT),
        (b"\x00\xff", b"\x00\xff", BINARY),
        (bytearray(b"ab"), b"ab", BINARY),
        (memoryview(b"ab"), b"ab", BINARY),
        (io.BytesIO(b"\x01"), b"\x01", BINARY),
        (io.StringIO("a,b"), b"a,b", TEXT),
    ],
    ids=lambda value: repr(value).partition(" at 0x")[0][:25],
)
def test_a_value_has_a_body_and_a_type(value: Any, body: bytes, kind: str) -> None:
    payload = payload_of(value)
    assert (payload.body, payload.content_type, payload.path) == (body, kind, "")


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.json", b'{"a": 1}', JSON),
        ("a.JSON", b"[1]", JSON),
        ("a.png", b"\x89PNG", "image/png"),
        ("a.jpeg", b"\xff\xd8", "image/jpeg"),
        ("a.webp", b"RIFF", "image/webp"),
        ("a.csv", b"a,b\n1,2\n", "text/csv"),
        ("a.csv.gz", b"\x1f\x8b", BINARY),
        ("a.unknown", b"\x00", BINARY),
        ("a", b"[1]", BINARY),
    ],
)
def test_a_files_ending_tells_its_type(tmp_path: Path, name: str, content: bytes, kind: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    payload = payload_of(path)
    assert (payload.body, payload.content_type, payload.path) == (content, kind, str(path))
    with path.open("rb") as file:
        opened = payload_of(file)
    assert (opened.body, opened.content_type) == (content, kind)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "1", "P", "I;16", "CMYK", "YCbCr", "LA"])
def test_pictures_are_sent_as_png(mode: str) -> None:
    payload = payload_of(Image.new(mode, (3, 2)))
    assert payload.content_type == "image/png"
    with Image.open(io.BytesIO(payload.body)) as opened:
        assert (opened.format, opened.size) == ("PNG", (3, 2))


def cyclic() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (object(), "as JSON: builtins.object has no JSON form"),
        ({"data": [1, 2, 3, {"when": object()}]}, "data[3].when: builtins.object has no JSON form"),
        ([(1, {"a b": open})], "[0][1]['a b']: builtins.builtin_function_or_method has no JSON form"),
        ({"x": {"y": b"ab"}}, "x.y: bytes have no JSON form: decode them"),
        ({"x": {(1, 2): 3}}, "x: builtins.tuple cannot be the key"),
        (pd.DataFrame({"when": [1, object()]}), "[1].when: builtins.object"),
        (np.array([1, object()]), "[1]: builtins.object"),
        ((number for number in [1]), "builtins.generator has no JSON form"),
        (cyclic(), "it contains itself, or is nested too deeply"),
        (1 + 2j, "builtins.complex has no JSON form"),
        ("\ud800", "half a character"),
        (Path("nowhere.png"), "nowhere.png cannot be read: No such file"),
        (Path("/"), "cannot be read: Is a directory"),
        (Image.new("F", (1, 1)), "The image cannot be sent as PNG"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "several columns called 'a'"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value[:20],
)
def test_what_cannot_be_sent_is_named_with_its_place(value: Any, message: str) -> None:
    with warnings.catch_warnings(), pytest.raises(InvokeProblem) as caught:
        warnings.simplefilter("ignore")
        payload_of(value)
    assert message in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"{'a': 1}", "is not JSON"), (b"\xff[1]", "is not UTF-8"), (b"[" * 100_000, "nested too deeply")],
)
def test_a_json_file_is_checked(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "body.json"
    path.write_bytes(content)
    with pytest.raises(InvokeProblem, match=message):
        payload_of(path)


def test_a_closed_file_is_told() -> None:
    file = io.BytesIO(b"x")
    file.close()
    with pytest.raises(InvokeProblem, match="closed file"):
        payload_of(file)


def sole(**schema: Any) -> Signature:
    return Signature({"data": schema})


ANY = sole(type="array")
TEXTS = sole(type="string")
BYTES = sole(type="string", format="byte")
TABLE = sole(format="pandas.DataFrame:records", items={"properties": {"a": {}, "b": {}}})
TWO = Signature({"x": {"format": "numpy.ndarray"}, "n": {}})


@pytest.mark.parametrize(
    ("signature", "value", "body"),
    [
        (ANY, [1], {"data": [1]}),
        (ANY, None, {"data": None}),
        (ANY, {"data": [1]}, {"data": [1]}),
        (ANY, {"other": 1}, {"data": {"other": 1}}),
        (ANY, FRAME["a"], {"data": [1, 2]}),
        (ANY, "[1]", {"data": [1]}),
        (ANY, b"[1]", {"data": [1]}),
        (ANY, b'{"data": [1]}', {"data": [1]}),
        (ANY, "words", {"data": "words"}),
        (TEXTS, "words", {"data": "words"}),
        (TEXTS, "[1]", {"data": "[1]"}),
        (TEXTS, '"quoted"', {"data": "quoted"}),
        (TEXTS, '{"data": "words"}', {"data": "words"}),
        (BYTES, b"\x00\xff", {"data": base64.b64encode(b"\x00\xff").decode()}),
        (BYTES, {"data": b"\x00"}, {"data": "AA=="}),
        (TWO, {"x": FRAME, "n": 2}, {"x": [[1, "x"], [2, "y"]], "n": 2}),
        (TWO, [1], {"x": [1]}),
        (TWO, "[1]", {"x": [1]}),
        (TWO, "words", {"x": "words"}),
        (Signature({"text": {"type": "string"}, "n": {}}), "[1]", {"text": "[1]"}),
        (Signature({"image": {"format": "byte"}, "n": {}}), b"\x00\xff", {"image": "AP8="}),
        (TWO, FRAME, {"x": [[1, "x"], [2, "y"]]}),
        (TWO, {"y": 1}, {"y": 1}),
        (TABLE, FRAME["a"], {"data": [{"a": 1}, {"a": 2}]}),
        (TABLE, FRAME.iloc[1], {"data": [{"a": 2, "b": "y"}]}),
        (TABLE, FRAME["a"].set_axis(["a", "b"]), {"data": [{"a": 1, "b": 2}]}),
        (TABLE, FRAME["b"].set_axis(["p", "q"]), {"data": [{"b": "x"}, {"b": "y"}]}),
        (
            sole(format="pandas.DataFrame:split"),
            FRAME.iloc[0],
            {"data": {"columns": ["a", "b"], "index": [0], "data": [[1, "x"]]}},
        ),
        (sole(format="pandas.DataFrame:values"), FRAME["b"], {"data": [["x"], ["y"]]}),
        (TWO, '{"x": [1]}', {"x": [1]}),
        (sole(format="numpy.ndarray"), FRAME, {"data": [[1, "x"], [2, "y"]]}),
    ],
)
def test_a_schema_gets_its_parameter_by_name(signature: Signature, value: Any, body: Any) -> None:
    payload = payload_of(value, signature)
    assert json.loads(payload.body) == body
    assert payload.content_type == JSON


@pytest.mark.parametrize("orient", ["split", "records", "index", "columns", "values", "table"])
def test_a_frame_has_the_orient_of_the_schema(orient: str) -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, None], "t": pd.to_datetime(["2026-01-02", "2026-01-03"])})
    frame.index = pd.Index([5, 5])
    payload = payload_of(frame, sole(format=f"pandas.DataFrame:{orient}"))
    text = json.dumps(json.loads(payload.body)["data"])
    again = pd.read_json(io.StringIO(text), orient=orient, dtype=False)  # type: ignore[call-overload]
    assert again.shape == frame.shape
    assert again.iloc[:, 0].tolist() == [1, 2]
    assert again.iloc[:, 1].isna().tolist() == [False, True]
    assert list(again.index) == [0, 1]


def test_a_picture_for_bytes_is_base64_and_for_anything_else_itself(tmp_path: Path) -> None:
    image = Image.new("RGB", (2, 2))
    data = json.loads(payload_of(image, BYTES).body)["data"]
    assert base64.b64decode(data).startswith(b"\x89PNG")
    assert payload_of(image, ANY).content_type == "image/png"
    path = tmp_path / "body.json"
    path.write_text('{"data": [1]}')
    assert payload_of(path, ANY).path == str(path)
    path.write_text("[1]")
    assert (payload_of(path, ANY).body, payload_of(path, ANY).path) == (b'{"data":[1]}', "")


@pytest.mark.parametrize(
    ("document", "names"),
    [
        ({"definitions": {"ServiceInput": {"properties": {"x": {}}}}}, ["x"]),
        ({"components": {"schemas": {"ServiceInput": {"properties": {"x": {}, "n": {}}}}}}, ["x", "n"]),
        ({"definitions": {"ServiceInput": {"type": "object"}}}, None),
        ({"definitions": {"ServiceInput": {"properties": []}}}, None),
        ({"definitions": []}, None),
        ([], None),
        ("text", None),
        (None, None),
    ],
)
def test_documents_of_any_kind_are_read(document: Any, names: list[str] | None) -> None:
    found = signature_in(document)
    assert (list(found.parameters) if found else None) == names


def test_code_that_may_have_a_schema_is_found_without_looking_into_models(tmp_path: Path) -> None:
    code = tmp_path / "code"
    (code / "inner").mkdir(parents=True)
    models = tmp_path / "models"
    models.mkdir()
    (models / "trap.py").write_text("import inference_schema")
    (code / "azureml-models").symlink_to(models)
    (code / "score.py").write_text("import inner.helper")
    assert not may_have_schema(tmp_path)
    (code / "inner" / "helper.py").write_text("from inference_schema import schema_decorators")
    assert may_have_schema(tmp_path)
    assert not may_have_schema(tmp_path / "nowhere")
