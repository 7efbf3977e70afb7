"""Hints: each only where its condition is proven, none where it only looks like it."""

# ruff: noqa: E501 - one script a line
from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import NamedTuple

import pytest

from jupyter_deploy.environments import KERNEL, Environment
from jupyter_deploy.services import Server, ServiceRecord, ServiceSpec, failure_hint, known_hint
from jupyter_deploy.serving import Failure
from jupyter_deploy.serving.failures import describe
from jupyter_deploy.serving.hints import PACKAGE, SERVE, worded
from jupyter_deploy.serving.hints.table import BREAKAGES


class Case(NamedTuple):
    """A script, the request that it gets (None: it fails while it is loaded), and the hint's beginning; empty for none."""

    source: str
    hint: str
    sent: str | None = None


def run(body: str, before: str = "import json") -> str:
    return f"{before}\ndef run(data):\n    {body}\n"


MODEL = 'import os\nD = os.environ["AZUREML_MODEL_DIR"]\n'
TORCH = "Weights only load failed. This file can still be loaded"
CASES = {
    "a model's folder is opened as a file": Case(
        "raise IsADirectoryError(21, 'Is a directory', '/home/code/azureml-models/mm/1/d')",
        "The model was registered as a folder: join",
    ),
    "another folder is opened": Case("raise IsADirectoryError(21, 'Is a directory', '/srv/data')", ""),
    "pandas without append": Case(
        run("return pd.DataFrame([1]).append(pd.DataFrame([2]))", "import pandas as pd"),
        "pandas has dropped append(): write pd.concat",
        "1",
    ),
    "pandas without ix": Case(
        run("return pd.DataFrame([1]).ix[0]", "import pandas as pd"), "pandas has dropped .ix: write", "1"
    ),
    # Modules.
    "a module nobody knows": Case(
        "import surely_not_there",
        "Nothing that is installed has a module surely_not_there: install the package that has it, or put surely_not_there.py",
    ),
    "cv2": Case(
        "raise ModuleNotFoundError(\"No module named 'cv2'\", name='cv2')", "%pip install 'opencv-python-headless'"
    ),
    "azure.identity": Case("import azure.identity", "%pip install 'azure-identity'"),
    "from azure.identity": Case("from azure.identity import X", "%pip install 'azure-identity'"),
    "azure.storage.blob": Case("from azure.storage.blob import BlobClient", "%pip install 'azure-storage-blob'"),
    "skimage": Case("import skimage.io", "%pip install 'scikit-image'"),
    "yaml": Case("raise ModuleNotFoundError(\"No module named 'yaml'\", name='yaml')", "%pip install 'PyYAML'"),
    "bs4": Case("raise ModuleNotFoundError(\"No module named 'bs4'\", name='bs4')", "%pip install 'beautifulsoup4'"),
    "dateutil": Case(
        "raise ModuleNotFoundError(\"No module named 'dateutil'\", name='dateutil')", "%pip install 'python-dateutil'"
    ),
    "azure in part": Case(
        "raise ModuleNotFoundError(\"No module named 'azure.storage'\", name='azure.storage')  # from azure.storage.blob import X",
        "%pip install 'azure-storage-blob'",
    ),
    "google.cloud.storage": Case("from google.cloud.storage import Client", "%pip install 'google-cloud-storage'"),
    "an installed package without that module": Case("import sklearn.no_such", "scikit-learn "),
    "a shared library": Case(
        "raise ImportError('libgomp.so.1: cannot open shared object file: No such file or directory')",
        "The system has no libgomp.so.1, which a package needs: install the system's package that has libgomp.so.1.",
    ),
    "a shared library by OSError": Case(
        "raise OSError('libfoo.so.2: cannot open shared object file: No such file')", ""
    ),
    "cv2 without a screen": Case(
        "raise ImportError('libGL.so.1: cannot open shared object file: No such file')  # cv2", "OpenCV wants a screen"
    ),
    "another package without a screen": Case(
        "raise ImportError('libGL.so.1: cannot open shared object file: No such file')", "The system has no libGL.so.1"
    ),
    "joblib of sklearn": Case("from sklearn.externals import joblib", "scikit-learn no longer has its own joblib"),
    "six of sklearn": Case("from sklearn.externals import six", ""),
    "relative": Case("from .util import x", "The script is no part of a package"),
    "monitoring": Case(
        "from azure.ai.monitoring import Collector", "There is azureml.ai.monitoring, and no azure.ai.monitoring"
    ),
    "AutoML": Case("import azureml.train.automl", "Azure's AutoML runs only"),
    "a model of an old scikit-learn": Case(
        "import pickle\npickle.loads(b'csklearn.linear_model.ridge\\nRidge\\n.')",
        "The model was saved with another version of scikit-learn, which had sklearn.linear_model.ridge: register it again",
    ),
    "a cannot-import-name": Case("from json import no_such", ""),
    # Names.
    "os": Case("exec('')\nos.environ", "Write `import os` at the top"),
    "np": Case("np.zeros(1)", "Write `import numpy as np`"),
    "np as a value": Case("print(np)", ""),
    "a name of the notebook": Case("print(test_rows)", ""),
    "a class of a library": Case("XGBClassifier()", ""),
    "a name that is set elsewhere": Case("def later():\n    global time\n    time = 1\ntime.sleep", ""),
    "global is missing in init": Case(
        "def init():\n    model = 1\ndef run(data):\n    return model\n",
        "init() sets model for itself alone: write `global model` in it.",
        "1",
    ),
    "global is missing in run": Case(
        "count = 0\ndef run(data):\n    count += 1\n",
        "run() sets count itself, so it is its own: write `global count`",
        "1",
    ),
    # NumPy.
    "np.float": Case("import numpy as np\nnp.float(1)", "NumPy has dropped np.float: write float alone."),
    "an ABI clash": Case(
        "raise ValueError('numpy.dtype size changed, may indicate binary incompatibility. Expected 96')",
        "A package was compiled for another version of NumPy",
    ),
    "another ABI in a script's own words": Case(
        "raise ValueError('the size changed, may indicate binary incompatibility')", ""
    ),
    "an ABI that an installed package names": Case(
        "import psutil\nexec(\"raise ValueError('numpy.dtype size changed, may indicate binary incompatibility. Expected 96')\", vars(psutil))",
        "psutil ",
    ),
    "a symbol": Case(
        "import psutil\nexec(\"raise ImportError('/a/b.so: undefined symbol: _ZN3c10', name='psutil._x', path='/a/b.so')\", vars(psutil))",
        "psutil ",
    ),
    "an old libstdc++": Case(
        'import psutil\nexec("""raise ImportError("version `GLIBCXX_3.4.32\' not found (required by /a/b.so)", name="psutil._x", path="/a/b.so")""", vars(psutil))',
        "psutil ",
    ),
    "a library of an installed package, by OSError": Case(
        "import psutil\nexec(\"raise OSError('libfoo.so.2: cannot open shared object file: No such file')\", vars(psutil))",
        "The system has no libfoo.so.2, which psutil ",
    ),
    "multiarray": Case(
        "raise ImportError('numpy.core.multiarray failed to import')", "A package was compiled for another"
    ),
    "a BitGenerator": Case(
        "raise ValueError('<class MT19937> is not a known BitGenerator module.')",
        "The model was saved with another version of NumPy",
    ),
    "a tree": Case(
        "raise ValueError('node array from the pickle has an incompatible dtype: x')",
        "The model was saved with another version of scikit-learn",
    ),
    "Keras": Case(
        "raise ValueError('File format not supported: filepath=/m. Keras 3 only supports V3')",
        "Keras 3 reads no SavedModel",
    ),
    "a GPU": Case(
        "raise RuntimeError('Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False.')",
        "The model was saved on a GPU",
    ),
    "memory": Case("[0] * (1 << 58)", "The script asks for more memory than there is"),
    "any incompatible dtype": Case("raise ValueError('incompatible dtype of my own')", ""),
    "torch": Case(f"import pickle\nraise pickle.UnpicklingError({TORCH!r})", "torch.load takes only weights"),
    "torch.load of TorchScript": Case(
        "raise RuntimeError('Cannot use ``weights_only=True`` with TorchScript archives passed to ``torch.load``.')",
        "torch.load does not read TorchScript",
    ),
    "weights alone": Case(
        "import collections\ncollections.OrderedDict().eval()", "The file has a model's weights only"
    ),
    "weights of another type": Case(
        "raise RuntimeError('mat1 and mat2 must have the same dtype, but got Double and Float')",
        "PyTorch's weights and values differ in type",
    ),
    "a pickle that is cut": Case("import pickle\npickle.loads(b'\\x80\\x04')", ""),
    "a class of the notebook": Case(
        "import pickle\npickle.loads(b'c__main__\\nMine\\n.')", "The model refers to Mine of the notebook"
    ),
    "a text with __main__": Case("raise ValueError('something about __main__')", ""),
    "a class that is gone": Case(
        "import pickle\npickle.loads(b'csklearn.tree\\nOldTree\\n.')",
        "The model was saved with another version of sklearn.tree",
    ),
    # The model's folder.
    "a wrong join": Case(
        MODEL + "open(os.path.join(D, 'weights.bin'))",
        'Try os.path.join(os.environ["AZUREML_MODEL_DIR"], "parts", "weights.bin"). AZUREML_MODEL_DIR holds: parts/, weights.bin.',
    ),
    "a misspelt file": Case(MODEL + "open(os.path.join(D, 'wieghts.bin'))", "Try os.path.join("),
    "another file of the model": Case(MODEL + "open(os.path.join(D, 'labels.txt'))", "AZUREML_MODEL_DIR holds"),
    "a model's file by its bare name": Case("open('weights.bin')", "The model has a file of that name: os.path.join("),
    "a file that has nothing to do with it": Case("open('/nowhere/settings.toml')", ""),
    "a relative file": Case("open('settings.toml')", ""),
    "a variable": Case(
        "import os\nos.environ['SURELY_NOT_SET']",
        "The variable SURELY_NOT_SET is not set: jupyter model deploy svc --env SURELY_NOT_SET=VALUE",
    ),
    "a variable by getenv": Case(
        "import os\nos.path.join(os.getenv('AZUREML_MODEL'), 'x')", "The variable AZUREML_MODEL is not set"
    ),
    "None for another reason": Case("import os\nos.path.join(None, 'x')", ""),
    "writing to what is shipped": Case(
        "import errno\nopen('shipped.txt', 'x').close()\nraise OSError(errno.EROFS, 'Read-only file system', '/proc/version')",
        "",
    ),
    "a key of a dictionary": Case("{}['AZUREML_MODEL_DIR']", ""),
    # Requests.
    "not JSON": Case(run("return json.loads(data)"), "The request is text that is not JSON", "nope"),
    "nothing": Case(run("return json.loads(data)"), "The request is nothing", ""),
    "a file that is not JSON": Case(run("return json.loads('{config')"), "", "[1]"),
    "while it is loaded": Case("import json\njson.loads('')", ""),
    "decoded twice": Case(
        run("return json.loads(json.loads(data))"), "It is decoded already: leave json.loads out.", "[1]"
    ),
    "json.loads of None": Case(run("return json.loads(None)"), "", "[1]"),
    "a list for an object": Case(
        run("return json.loads(data)['data']"),
        'The request is a list; the script asks it for "data": send {"data": …}.',
        "[1]",
    ),
    "a list in a name": Case(
        run("rows = json.loads(data); return rows['inputs']"),
        'The request is a list; the script asks it for "inputs"',
        "[[1]]",
    ),
    "a list of its own": Case(run("mine = [5]; return mine['data']"), "", "[1]"),
    "a key": Case(
        run("return json.loads(data)['data']"),
        'The request has no "data"; it has "rows": send {"data": …}.',
        '{"rows": 1}',
    ),
    "any key": Case(run("d = json.loads(data); return d['age']"), 'The request has no "age"', '{"name": "x"}'),
    "a key deeper": Case(
        run("d = json.loads(data); return d['input_data']['columns']"),
        'The request has no "columns" in the part that the script looks at; it has "rows": send {"columns": …}.',
        '{"input_data": {"rows": 1}}',
    ),
    "a key of bytes": Case(run("return json.loads(data)['a']['b']"), 'The request has no "b"', '{"a": {"c": 1}}'),
    "a key of another dictionary": Case(run("config = {}; return config['data']"), "", '{"rows": 1}'),
    "a key of text": Case(run("return {}['data']"), "", "nope"),
    "a column": Case(
        run("return pd.DataFrame(json.loads(data))[['age']]", "import json, pandas as pd"),
        'The request\'s rows have no column "age": send rows such as',
        '[{"height": 1}]',
    ),
    "a column of its own": Case(
        run("return pd.DataFrame({'a': [1]})['b']", "import json, pandas as pd"), "", '[{"b": 1}]'
    ),
    "one row": Case(
        run(
            "return LinearRegression().fit([[1]], [1]).predict(json.loads(data))",
            "import json\nfrom sklearn.linear_model import LinearRegression",
        ),
        "The model expects rows: send a list of lists, for example [[1, 2]].",
        "[1, 2]",
    ),
    "one row of its own making": Case(
        run(
            "return LinearRegression().fit([[1]], [1]).predict(json.loads(data)[0])",
            "import json\nfrom sklearn.linear_model import LinearRegression",
        ),
        "",
        "[[1, 2]]",
    ),
    "dumps of an array": Case(
        run("return json.dumps({'a': np.zeros(2)})", "import json\nimport numpy as np"),
        "json.dumps does not know ndarray: give it x.tolist()",
        "1",
    ),
    "dumps of a frame": Case(
        run("text = json.dumps(pd.DataFrame())", "import json\nimport pandas as pd"),
        'json.dumps does not know DataFrame: give it x.to_dict(orient="records").',
        "1",
    ),
    "dumps of something": Case(run("return json.dumps(object())"), "", "1"),
    "read_json": Case(
        run("return pd.read_json(data)", "import pandas as pd"),
        "pd.read_json() takes the request's text for a file's name: write pd.read_json(io.StringIO(data)).",
        '[{"a": 1}]',
    ),
    "open": Case(run("return open(data)"), "The request's text is taken for a file's name", "[1, 2]"),
    "not fitted": Case(
        run("return LinearRegression().predict([[1]])", "from sklearn.linear_model import LinearRegression"),
        "Fit it before it is used",
        "1",
    ),
    "its own error": Case(run("raise ValueError('age must be positive')"), "", "1"),
    "a division": Case(run("return 1 / 0"), "", "1"),
}


def fail(case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Failure:
    entry = folder / "score.py"
    entry.write_text(case.source)
    (folder / "model" / "parts").mkdir(parents=True)
    (folder / "model" / "parts" / "weights.bin").touch()
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(folder / "model"))
    monkeypatch.chdir(folder)
    names: dict[str, object] = {"__name__": "entry_module", "__file__": str(entry)}
    stage = "load"
    try:
        exec(compile(case.source, str(entry), "exec"), names)
        stage = "run"
        names["run"](case.sent)  # type: ignore[operator]
    except Exception as error:
        body = case.sent.encode() if case.sent is not None else None
        return describe(error, stage, str(entry), "score.py", root=str(folder), body=body)
    raise AssertionError("it did not fail")


def record_of(target: str = "process", environment: str = "") -> ServiceRecord:
    on_kernel = target == "process" and environment in {"", KERNEL}
    server = Server(target, {}, environment=Environment(KERNEL if on_kernel else "inferred"))
    return ServiceRecord(ServiceSpec("svc", "svc", target=target, environment=environment), "", (), server)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", CASES)
def test_a_hint_is_given_where_it_is_certain(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failure = fail(CASES[name], tmp_path, monkeypatch)
    told = known_hint(failure, record_of(), tmp_path)
    assert told.startswith(CASES[name].hint), (told, failure.traceback)
    assert bool(told) == bool(CASES[name].hint), (told, failure.traceback)
    assert "\n" not in told
    assert not any(word in told for word in ("{install", "{give", "{again", "{provide", "{system", "{variable"))


def test_every_line_of_the_table_is_provoked() -> None:
    for one in BREAKAGES:
        if "ModelNotFound" not in one.kind:
            assert any(case.hint and one.hint.startswith(case.hint[:30]) for case in CASES.values()), one


def test_a_hint_names_what_to_change_where_it_is_shown() -> None:
    failure = Failure("load", "ModuleNotFoundError", "x", "score.py", 1, "", "", "{install scikit-image}")
    assert known_hint(failure, record_of(), Path()) == "%pip install 'scikit-image'; then deploy again."
    assert (
        known_hint(failure, record_of(environment=KERNEL), Path()) == "%pip install 'scikit-image'; then deploy again."
    )
    changes = {"docker": "--environment inferred+scikit-image", "/a/requirements.txt": "--environment FILE"}
    for record in (record_of("docker"), record_of(environment="/a/requirements.txt")):
        told = known_hint(failure, record, Path())
        assert told.startswith("The service's environment has no scikit-image")
        assert f"deploy svc {changes[record.spec.environment or record.spec.target]}" in told
        assert "%pip" not in told
    assert worded(failure.hint, PACKAGE) == "Package it again with scikit-image in its environment."
    assert PACKAGE.keys() == SERVE.keys()
    assert worded(failure.hint, SERVE).startswith("Install scikit-image for the Python that serves: pip install")


def test_without_a_hint_nobody_is_blamed_for_a_request() -> None:
    at_run = Failure("run", "ValueError", "x", "score.py", 1, "", "")
    assert (
        failure_hint(at_run, record_of(), Path())
        == "The traceback shows the line that failed; jupyter model logs svc shows more."
    )
    at_load = Failure("load", "ValueError", "x", "score.py", 1, "", "")
    assert failure_hint(at_load, record_of(), Path()).startswith("Correct the script and run its cell again")


def test_what_lies_above_the_scripts_folder_is_shipped_with_source(tmp_path: Path) -> None:
    (tmp_path / "repo" / "service").mkdir(parents=True)
    (tmp_path / "repo" / "common").mkdir()
    (tmp_path / "repo" / "common" / "util.py").touch()
    (tmp_path / "repo" / "settings.json").touch()
    spec = ServiceSpec("svc", str(tmp_path / "repo" / "service" / "score.py"), script_is_file=True)
    record = ServiceRecord(spec, "", ())
    for kind, message in (
        ("ModuleNotFoundError", "No module named 'common'"),
        ("FileNotFoundError", "[Errno 2] No such file or directory: 'settings.json'"),
        ("FileNotFoundError", "[Errno 2] No such file or directory: '../settings.json'"),
    ):
        told = known_hint(Failure("load", kind, message, "score.py", 1, "", ""), record, tmp_path)
        assert f"is not shipped: jupyter model deploy svc --source {tmp_path / 'repo'} ships it." in told
    gone = Failure("load", "ModuleNotFoundError", "No module named 'nowhere_at_all'", "score.py", 1, "", "")
    assert known_hint(gone, record, tmp_path) == ""


def test_what_is_shipped_is_not_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shipped.txt").touch()
    monkeypatch.chdir(tmp_path)
    # For root everything can be written.
    monkeypatch.setattr("os.access", lambda *_: False)
    for name, hint in (("shipped.txt", "What a service ships is never written to"), ("/elsewhere.txt", "")):
        error = PermissionError(errno.EACCES, "Permission denied", name)
        told = describe(error, "run", str(tmp_path / "score.py"), "score.py", root=str(tmp_path)).hint
        assert told.startswith(hint)
        assert bool(told) == bool(hint)


def test_a_broken_object_breaks_no_hint(tmp_path: Path) -> None:
    class Odd(KeyError):
        def __str__(self) -> str:
            raise RuntimeError

    failure = describe(Odd("x"), "run", str(tmp_path / "score.py"), "score.py", body=b"{}")
    assert failure.hint == ""
    assert json.loads(json.dumps(failure.as_dict()))["kind"] == "Odd"
