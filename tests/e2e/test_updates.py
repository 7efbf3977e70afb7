"""Row 2.52 of the table: what a service runs is replaced at its URL, and no client sees a failure."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from jupyter_deploy.workspace import Workspace

SCRIPT = """
import os

def init():
    global kind
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "kind.txt")) as file:
        kind = file.read()

def run(data):
    return ["first", kind]
"""


@contextmanager
def clients(url: str) -> Iterator[tuple[list[list[str]], list[str]]]:
    """Four clients that ask all the time: what they were answered, and what went wrong."""
    stop, answers, problems = threading.Event(), [], []

    def ask() -> None:
        while not stop.is_set():
            try:
                # A connection each, since a new one is what a client may be refused.
                answer = requests.post(url, data="1", timeout=30)
                answer.raise_for_status()
                answers.append(answer.json())
            except requests.RequestException as error:
                problems.append(str(error))
                time.sleep(0.02)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield answers, problems
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_row_2_52_other_models_and_scripts_lose_no_request(workspace: Workspace, tmp_path: Path) -> None:
    for kind in ("old", "new"):
        (tmp_path / "kind.txt").write_text(kind)
        workspace.register("kind", tmp_path / "kind.txt")
    script = tmp_path / "score.py"
    script.write_text(SCRIPT)
    other = tmp_path / "other.py"
    other.write_text(SCRIPT.replace("first", "second"))
    service = workspace.deploy("kinds", script=script, models=["kind:1"])
    url = service.scoring_uri
    with clients(url) as (answers, problems):
        for given in ({"models": ["kind:2"]}, {"script": other}, {"models": ["kind:1"], "script": script}):
            deployed = workspace.deploy("kinds", **given)  # type: ignore[arg-type]
            assert deployed.change is not None
            assert deployed.change.action == "reloaded"
            seen = len(answers)
            while len(answers) < seen + 8:
                time.sleep(0.01)
    assert problems == []
    assert service.scoring_uri == url
    kinds = list(dict.fromkeys(map(tuple, answers)))
    assert kinds == [("first", "old"), ("first", "new"), ("second", "new")]
    assert answers[-1] == ["first", "old"]


def test_another_environment_keeps_the_url_and_loses_no_request(workspace: Workspace, tmp_path: Path) -> None:
    script = tmp_path / "score.py"
    script.write_text("import os\n\ndef run(data):\n    return [os.environ.get('COLOUR', 'none')]\n")
    service = workspace.deploy("colours", script=script)
    url, told = service.scoring_uri, []
    with clients(url) as (answers, problems):
        workspace.deploy("colours", variables={"COLOUR": "red"}, progress=told.append)
        seen = len(answers)
        while len(answers) < seen + 8:
            time.sleep(0.01)
    assert service.scoring_uri == url
    assert not any("refused until then" in text for text in told)
    # The next server takes the socket and its connections over: none is refused.
    assert problems == []
    assert {answer[0] for answer in answers} == {"none", "red"}
