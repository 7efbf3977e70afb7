"""Hints below the errors of a notebook's own cells: only where they are certain."""

# ruff: noqa: E501 - one cell a line

from __future__ import annotations

import pytest

from jupyter_deploy.magics.advice import hint_for

CASES = {
    "import json\nanswer = [1]\njson.loads(answer)": "It is decoded already, a list: leave json.loads out.",
    "import json\njson.loads(None)": "",
    "import json, numpy as np\njson.dumps(np.zeros(2))": "json.dumps does not know ndarray: give it x.tolist().",
    "import json, numpy as np\nprint().run(json.dumps({'data': np.zeros(2)}))": "json.dumps does not know ndarray: give it "
    "x.tolist(); %invoke and Service.invoke take it as it is, without json.dumps.",
    "import json, numpy as np\njson.dumps(np.int64(1))": "json.dumps does not know int64: give it x.item().",
    "import json\njson.dumps(object())": "",
    "raise TypeError('Object of type ndarray is not JSON serializable')": "",
    "request.post('x')": "The module's name is requests: requests.post(…).",
    "from urllib import request\nrequest.post('x')": "The module's name is requests: requests.post(…).",
    "print(request)": "",
    "class A: pass\nA().get": "",
}


@pytest.mark.parametrize("cell", CASES)
def test_a_cell_is_advised_where_it_is_certain(cell: str) -> None:
    with pytest.raises((TypeError, NameError, AttributeError)) as caught:
        exec(cell.replace("print().run", "str"), {})
    assert hint_for(caught.value, cell) == CASES[cell]
