"""One rule: a cell with init() is Azure's contract; any other gets the value. The card says which, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy.capture import Notebook, capture
from jupyter_deploy.registry import Model
from jupyter_deploy.scripts import Script, run_input

DECODED = "run() gets the request's JSON, decoded"
TEXT = "run() gets the request's text"
BATCH = "run_batch() gets the texts of all requests that wait"
RAW = "run() gets the whole request (@rawhttp)"
CHECKED = " from the request's JSON, converted and checked"


def nothing_saved(name: str, value: object) -> Model:
    raise AssertionError(name)


def contract(cell: str, folder: Path, **variables: object) -> str:
    return capture("mini", cell, folder, Notebook(variables=variables), nothing_saved).contract.split("\n")[0]


BY_HAND = [
    "import json\ndef run(data):\n    return sum(json.loads(data))",
    "import json as j\ndef run(payload):\n    return j.loads(payload)['x']",
    "from json import loads as decode\ndef run(data):\n    return decode(data)",
    "def run(data):\n    from json import loads\n    return loads(data)",
    "import orjson\ndef run(data):\n    return orjson.loads(data)",
    "import ujson\ndef run(data):\n    return ujson.loads(data)",
    "import simplejson\ndef run(data):\n    return simplejson.loads(data)",
    "import io, json\ndef run(data):\n    return json.load(io.StringIO(data))",
    "import io\nimport pandas as pd\ndef run(data):\n    return pd.read_json(io.StringIO(data))",
    "from io import StringIO\nimport csv\ndef run(data):\n    held = StringIO(data)\n    return list(csv.reader(held))",
    "import pandas as pd\ndef run(data):\n    return len(pd.read_json(data))",
    "import yaml\ndef run(data):\n    return yaml.safe_load(data)",
    "import ast\ndef run(data):\n    return ast.literal_eval(data)",
    "import json\ndef read(text):\n    return json.loads(text)\n\ndef run(data):\n    return read(data)",
    "import json\ndef read(text):\n    return json.loads(text)\n\ndef run(data):\n    return read(text=data)",
    "import json\nread = json.loads\ndef run(data):\n    return read(data)",
    "import functools, json\nread = functools.partial(json.loads)\ndef run(data):\n    return read(data)",
    "import json\ndef run(data):\n    text = data\n    return json.loads(text)",
    "import json\ndef run(data):\n    data = json.loads(data)\n    return data['x']",
    "import json\ndef run(data):\n    if isinstance(data, str):\n        data = json.loads(data)\n    return data",
    "import json\ndef run(data, limit=3):\n    return json.loads(data)[:limit]",
    "import json\ndef run(data):\n    try:\n        return json.loads(data)\n    except ValueError:\n        return",
    "import json\ndef run(data):\n    return json.JSONDecoder().decode(data)",
    "import json\ndef run(data):\n    return (lambda text: json.loads(text))(data)",
    "import json\nrun = lambda data: json.loads(data)",
    "def run(data):\n    return data.strip()",
    "def run(data):\n    return data.split(',')",
    "def run(data):\n    return len(data.encode())",
    "import json\nif True:\n    def run(data):\n        return json.loads(data)",
    "import json\nasync def run(data):\n    return json.loads(data)",
]
LOOKS_LIKE_IT = [
    "def run(data):\n    return str(data)",
    "def run(data):\n    return len(data)",
    "def run(data):\n    return data",
    "def run(data):\n    return 1",
    "def run(data):\n    return [text.strip() for text in data]",
    "def run(data):\n    return data['text'].split(',')",
    "def run(data):\n    return data.get('x')",
    "def run(data):\n    return data.index(1)",
    "def run(data):\n    return f'{data}'",
    "import json\ndef run(data):\n    return json.loads(data['payload'])",
    "import json\ndef run(data):\n    return json.dumps(data)",
    "import json\ndef run(data):\n    text = json.dumps(data)\n    return json.loads(text)",
    "import pickle\ndef run(data):\n    return pickle.loads(data)",
    "class Store:\n    loads = len\n\nstore = Store()\ndef run(data):\n    return store.loads(data)",
    "def loads(rows):\n    return len(rows)\n\ndef run(data):\n    return loads(data)",
    "import json\ndef other(data):\n    return json.loads(data)\n\ndef run(data):\n    return data",
    "def run(data):\n    return data.strip() if isinstance(data, str) else data",
    "run = lambda data: data",
    "if True:\n    def run(data):\n        return data",
    "def timed(f):\n    return f\n\n@timed\ndef run(data):\n    return data",
    "def run(data, threshold=0.5):\n    return data",
    "from typing import Any\ndef run(data: Any):\n    return data",
    "def run(anything, request_headers):\n    return anything",
    "async def run(data):\n    return data",
    "def run(data):\n    yield from data",
]
SAID = {
    "def init():\n    pass\n\ndef run(data):\n    return data": f"{TEXT} (the cell has init())",
    "from elsewhere import init\ndef run(data):\n    return data": f"{TEXT} (the cell has init())",
    "def init():\n    pass\n\ndef run(data: dict):\n    return data": f"{TEXT} (the cell has init())",
    "def run(raw_data):\n    return raw_data": f"{TEXT} (it is called raw_data)",
    "def run(raw_data, request_headers):\n    return raw_data": f"{TEXT} (it is called raw_data)",
    "def run(text: str):\n    return text": f"{TEXT} (text is hinted as str)",
    "def run(text: 'str'):\n    return text": f"{TEXT} (text is hinted as str)",
    "from elsewhere import predict as run": f"{TEXT} (it is not written in the cell)",
    "def run_batch(texts):\n    return texts": BATCH,
    "def run_batch(texts):\n    return texts\n\ndef run(text):\n    return text": BATCH,
    "from azureml.contrib.services.aml_request import rawhttp as raw\n@raw\ndef run(request):\n    return 1": RAW,
    "def run(text: str, top: int = 3):\n    return text[:top]": "run() gets text, top" + CHECKED,
    "def run(x: 'int | None' = None):\n    return x": "run() gets x" + CHECKED,
    "def run(x: bytes):\n    return len(x)": "run() gets x" + CHECKED,
}


@pytest.mark.parametrize("cell", BY_HAND)
def test_what_is_decoded_by_hand_is_the_text(tmp_path: Path, cell: str) -> None:
    assert contract(cell, tmp_path).startswith(f"{TEXT} (it is decoded by hand: ")


@pytest.mark.parametrize("cell", LOOKS_LIKE_IT)
def test_what_only_looks_like_it_is_decoded(tmp_path: Path, cell: str) -> None:
    assert contract(cell, tmp_path) == DECODED


@pytest.mark.parametrize("cell", SAID)
def test_the_card_says_what_run_gets_and_why(tmp_path: Path, cell: str) -> None:
    assert contract(cell, tmp_path) == SAID[cell]


def test_what_the_body_uses_of_the_notebook_changes_nothing(tmp_path: Path) -> None:
    cells = ["return data", "return [data, 1]", "return [data, K]", "return str(data) + str(K)", "return K"]
    for body in cells:
        assert contract(f"def run(data):\n    {body}", tmp_path, K=2) == DECODED


DECORATED = """from inference_schema.schema_decorators import input_schema as takes
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType as Plain

{}
def run(data):
    return data
"""


@pytest.mark.parametrize(
    "decorators",
    [
        '@takes("data", Plain([1.5]))',
        '@takes(param_name="data", param_type=Plain([1.5]))',
        'described = takes("data", Plain([1.5]))\n\n@described',
        'def described(f):\n    return takes("data", Plain([1.5]))(f)\n\n@described',
    ],
)
@pytest.mark.parametrize("before", ["", "def init():\n    pass\n\n"])
def test_decorators_are_the_contracts_own(tmp_path: Path, decorators: str, before: str) -> None:
    script = capture("mini", before + DECORATED.format(decorators), tmp_path, Notebook(), nothing_saved)
    assert script.contract.split("\n")[0] in {
        "run() gets data from the request's JSON, converted and checked",
        "run() gets what its decorators say",
    }
    assert "_run = run" not in script.source


OLD = '''import json

K = 2


def init():
    """Nothing to load."""


# %%score_script old
def run(x):
    return K * x


_run = run


def run(x):
    """Hand the value in the request's JSON to the cell's run()."""
    try:
        value = json.loads(x)
    except ValueError as error:
        return AMLResponse({"message": f"The request is not JSON: {error}"}, 400, json_str=True)
    return _run(value)
'''


def test_a_stored_script_keeps_what_it_had() -> None:
    assert run_input(OLD).sentence == DECODED
    plain = Script("old", "# %%score_script old\ndef run(data):\n    return str(data)\n", "/")
    assert plain.contract == TEXT


@pytest.mark.parametrize(
    ("body", "returns"),
    [
        ("print(data)", False),
        ("print(data)\n    return", False),
        ("def inner():\n        return 1\n    inner()", False),
        ("return data", True),
        ("if data:\n        return 1", True),
        ("yield data", True),
        ("raise NotImplementedError", True),
        ("return None", True),
    ],
)
def test_a_run_without_a_return_is_told(body: str, returns: bool) -> None:
    assert run_input(f"def run(data):\n    {body}\n").returns is returns
