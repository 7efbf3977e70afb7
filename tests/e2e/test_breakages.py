"""What breaks in old scripts and models: provoked for real in a real service, and answered with one sentence.

Where the library is not installed, the script raises that library's very words.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from jupyter_deploy.errors import InvokeProblem, ReloadFailed, StartFailed
from jupyter_deploy.workspace import Service, Workspace

RUN = "\n\ndef run(data):\n    return data\n"
RIGHT = 'Try os.path.join(os.environ["AZUREML_MODEL_DIR"], "kit", "parts", "weights.bin").'
KERAS = (
    "File format not supported: filepath=/m/1. Keras 3 only supports V3 `.keras` files and legacy H5 format files "
    "(`.h5` extension). Note that the legacy SavedModel format is not supported by `load_model()` in Keras 3."
)
TORCH = "Weights only load failed. This file can still be loaded, to do so you have two options, do those steps only if"
TORCHSCRIPT = "Cannot use ``weights_only=True`` with TorchScript archives passed to ``torch.load``. In PyTorch 2.6, we"
CUDA = "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False."


class Case(NamedTuple):
    """What a script does, and a piece of the answer: the table's own words, and what stands for ``\\1`` in them."""

    source: str
    words: str
    first: str = ""
    sent: str = "[1]"

    @property
    def answer(self) -> str:
        return self.words.replace(r"\1", self.first).replace("{service}", "old")


LOADING = {
    "sklearn.externals": Case("from sklearn.externals import joblib", "write `import joblib`"),
    "sklearn.externals.joblib": Case("import sklearn.externals.joblib", "write `import joblib`"),
    "np.float": Case("import numpy as np\nhalf = np.float(0.5)", r"NumPy has dropped np.\1: write \1 alone", "float"),
    "np.object": Case("import numpy as np\nnp.zeros(2, np.object)", r"NumPy has dropped np.\1", "object"),
    "np.asscalar": Case("import numpy as np\nnp.asscalar(np.zeros(1))", "write a.item()"),
    "a renamed module": Case(
        "import pickle\npickle.loads(b'csklearn.linear_model.ridge\\nRidge\\n.')",
        r"another version of scikit-learn, which had \1: register it again",
        "sklearn.linear_model.ridge",
    ),
    "a renamed class": Case(
        "import pickle\npickle.loads(b'csklearn.tree\\nOldTree\\n.')",
        r"saved with another version of \1: register",
        "sklearn.tree",
    ),
    "a tree of another version": Case(
        "raise ValueError('node array from the pickle has an incompatible dtype:\\n- expected: {}')",
        "another version of scikit-learn",
    ),
    "a class of the notebook": Case(
        "import pickle\npickle.loads(b'c__main__\\nMine\\n.')", "register it from the notebook, which ships that too"
    ),
    "Keras 3 and SavedModel": Case(f"raise ValueError({KERAS!r})", "save the model as .keras"),
    "torch weights_only": Case(
        f"import pickle\nraise pickle.UnpicklingError({TORCH!r})", "torch.load(path, weights_only=False)"
    ),
    "torch.load of TorchScript": Case(f"raise RuntimeError({TORCHSCRIPT!r})", "torch.jit.load(path)"),
    "torch without a GPU": Case(f"raise RuntimeError({CUDA!r})", 'map_location="cpu"'),
    "AutoML": Case("import azureml.train.automl", "or save the fitted model itself"),
    "a package that is not there": Case(
        "import surely_not_installed", "Nothing that is installed has a module surely_not_installed"
    ),
    "inference_schema": Case(
        "raise ModuleNotFoundError(\"No module named 'inference_schema'\", name='inference_schema')",
        "jupyter-model-deploy[schema]",
    ),
    "no import os": Case("exec('')\nos.environ", r"Write `import \1` at the top", "os"),
    "no import numpy": Case("exec('')\nnp.zeros(1)", "Write `import numpy as np` at the top"),
    "no import pandas": Case("exec('')\npd.DataFrame()", "Write `import pandas as pd` at the top"),
    "no such model": Case(
        "from azureml.core.model import Model\nModel.get_model_path('other')",
        r"deploy {service} --model \1",
        "other",
    ),
    # About paths: not in the table.
    "a wrong join": Case("import os\nopen(os.path.join(os.environ['AZUREML_MODEL_DIR'], 'kit', 'weights.bin'))", RIGHT),
    "a misspelt file": Case("import os\nopen(os.path.join(os.environ['AZUREML_MODEL_DIR'], 'weight.bin'))", RIGHT),
    "the folder itself": Case("import os\nopen(os.environ['AZUREML_MODEL_DIR'])", RIGHT),
    "another file": Case(
        "open('labels.txt')",
        "Correct the script and deploy it again (jupyter model deploy old); jupyter",
    ),
    "a variable that is not set": Case(
        "import os\nos.path.join(os.getenv('AZUREML_MODEL'), 'x')", "AZUREML_MODEL_DIR names the model's folder"
    ),
}

RUNNING = {
    "json.loads twice": Case("json.loads(json.loads(data))", "leave json.loads out"),
    "not JSON": Case("json.loads(data)", "look at what is sent", sent="nope"),
    "json.dumps of an array": Case(
        "json.dumps({'a': np.zeros(2)})", r"does not know \1: give it x.tolist()", "ndarray"
    ),
    "json.dumps of a number": Case("json.dumps(np.float32(1))", r"json.dumps does not know \1", "float32"),
    "a list instead of an object": Case("json.loads(data)['data']", 'send {"data": …}'),
    "an object without data": Case("json.loads(data)['data']", r'send {"\1": …}', "data", sent='{"rows": []}'),
    "one row instead of rows": Case("LinearRegression().fit([[1]], [1]).predict(json.loads(data))", "a list of lists"),
    "a model that is not fitted": Case("LinearRegression().predict([[1]])", "Fit it before it is used"),
    "out of memory": Case("[0] * (1 << 58)", "asks for more memory than there is"),
}
AGAIN = "Correct the script and run its cell again"


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with a model that is a folder."""
    folder = tmp_path_factory.mktemp("old")
    (folder / "kit" / "parts").mkdir(parents=True)
    (folder / "kit" / "parts" / "weights.bin").write_text("w")
    workspace = Workspace(folder / "home")
    workspace.register("kit", str(folder / "kit"))
    (folder / "score.py").write_text(RUN)
    service = workspace.deploy("old", script=folder / "score.py", models=["kit"], target="process")
    yield service
    service.delete()


@pytest.mark.parametrize("name", LOADING)
def test_breakages_of_loading(old: Service, tmp_path: Path, name: str) -> None:
    path = tmp_path / "score.py"
    path.write_text(LOADING[name].source + RUN)
    with pytest.raises(ReloadFailed) as caught:
        old.reload(script=path)
    assert LOADING[name].answer in caught.value.hint, caught.value.text()
    assert "\n" not in caught.value.hint


@pytest.mark.parametrize("name", RUNNING)
def test_breakages_of_running(old: Service, tmp_path: Path, name: str) -> None:
    case, path = RUNNING[name], tmp_path / "score.py"
    imports = "import json\nimport numpy as np\nfrom sklearn.linear_model import LinearRegression\n"
    path.write_text(f"{imports}\ndef run(data):\n    return {case.source}\n")
    old.reload(script=path)
    with pytest.raises(InvokeProblem) as caught:
        old.invoke(case.sent)
    assert case.answer in caught.value.hint, caught.value.text()
    assert caught.value.message.endswith("score.py line 6")
    assert f"    return {case.source}" in caught.value.details


def test_a_service_without_a_model_is_given_one(workspace: Workspace) -> None:
    read = "import os\n\ndef init():\n    open({})\n\ndef run(data):\n    return data\n"
    for name, place, hint in (
        (
            "bare",
            "os.environ['AZUREML_MODEL_DIR'] + '/model.pkl'",
            "The service has no model: jupyter model deploy bare --model NAME.",
        ),
        (
            "odd",
            "'/nowhere/model.pkl'",
            f"{AGAIN}; jupyter model logs odd shows more.",
        ),
    ):
        workspace.score_script(name, read.format(place))
        with pytest.raises(StartFailed) as caught:
            workspace.deploy(name, target="process")
        assert caught.value.hint == hint


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python knows only the line before 3.11")
def test_a_caret_shows_the_place_in_the_cells_line(workspace: Workspace) -> None:
    line = "    return json.loads(data)['a'] + json.loads(data)['b']"
    workspace.score_script("caret", f"import json\n\ndef run(data):\n{line}\n")
    service = workspace.deploy("caret", target="process")
    with pytest.raises(InvokeProblem) as caught:
        service.invoke({"a": 1})
    place = line.index("json.loads(data)['b']")
    assert caught.value.details.splitlines()[1:4] == [
        "  %%score_script caret, line 5, in run",
        line,
        " " * place + "~~~~~~~~~~~~~~~~^^^^^",
    ]


def test_a_crash_shows_the_logs_end(workspace: Workspace) -> None:
    source = "import os\n\ndef run(data):\n    print('the last words')\n    os._exit(3)\n"
    workspace.score_script("crash", source)
    service = workspace.deploy("crash", target="process")
    with pytest.raises(InvokeProblem, match="exited with code 3") as caught:
        service.invoke([1])
    assert "the last words" in caught.value.details
    workspace.score_script("early", source.replace("def run(data)", "def init()") + RUN)
    with pytest.raises(StartFailed, match="exited with code 3") as failed:
        workspace.deploy("early", target="process")
    assert "the last words" in failed.value.details
    assert failed.value.hint.endswith("logs early shows its last words.")
