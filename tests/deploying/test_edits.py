"""Whether a service still runs what its file or stored cell says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from jupyter_deploy.deploying import script_facts
from jupyter_deploy.services import ServiceSpec


def bundle(folder: Path, **code: bytes) -> Path:
    folder.mkdir()
    names = {name.replace("__", "."): hashlib.sha256(data).hexdigest() for name, data in code.items()}
    (folder / "bundle.json").write_text(json.dumps({"entry": next(iter(names)), "code": names}))
    return folder


def test_a_file_and_its_modules_are_compared_with_what_runs(tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.mkdir()
    (app / "score.py").write_bytes(b"\xef\xbb\xbfimport helper\r\n")
    (app / "helper.py").write_bytes(b"x = 1\r\n")
    made = bundle(tmp_path / "bundle", score__py=b"import helper\n", helper__py=b"x = 1\r\n")
    spec = ServiceSpec("svc", str(app / "score.py"), script_is_file=True)
    facts = script_facts(spec, made, None)
    assert facts == {"script_hash": hashlib.sha256(b"import helper\n").hexdigest()[:12], "edited": []}
    (app / "helper.py").write_text("x = 2")
    assert script_facts(spec, made, None)["edited"] == ["helper.py"]
    (app / "score.py").unlink()
    assert script_facts(spec, made, None)["edited"] == ["score.py", "helper.py"]


def test_a_stored_cell_is_compared_with_what_runs(tmp_path: Path) -> None:
    made = bundle(tmp_path / "bundle", score__py=b"the cell")
    spec = ServiceSpec("svc", "churn")
    assert script_facts(spec, made, "the cell")["edited"] == []
    assert script_facts(spec, made, None)["edited"] == []
    assert script_facts(spec, made, "another")["edited"] == ["the script churn"]


def test_nothing_is_said_about_what_is_not_known(tmp_path: Path) -> None:
    nothing = {"script_hash": "", "edited": []}
    assert script_facts(ServiceSpec("svc", "churn"), tmp_path, "x") == nothing
    assert script_facts(ServiceSpec("svc", "svc", image={"name": "x"}), tmp_path, None) == nothing
