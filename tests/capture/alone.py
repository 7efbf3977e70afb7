"""Scripts in fresh interpreters, without the price of starting one for each.

A process that knows nothing but Azure ML's modules copies itself for every script.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SERVER = """
import importlib.util, json, os, sys, traceback
# One folder holds script after script.
sys.dont_write_bytecode = True
import joblib, numpy
from jupyter_deploy.serving.shims import install
install()

def answers(path, models, values):
    os.environ["AZUREML_MODEL_DIR"] = models
    spec = importlib.util.spec_from_file_location("score", path)
    score = importlib.util.module_from_spec(spec)
    sys.modules["score"] = score
    spec.loader.exec_module(score)
    score.init()
    return [score.run(json.dumps(value)) for value in values]

for line in sys.stdin:
    reading, writing = os.pipe()
    if not os.fork():
        try:
            told = {"answers": answers(*json.loads(line))}
        except BaseException:
            told = {"error": traceback.format_exc()}
        with os.fdopen(writing, "w") as file:
            json.dump(told, file)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        print("\\n" + file.read(), flush=True)
    os.wait()
"""


class Alone:
    """Asks the process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def answers(self, script: str, folder: Path, values: list[Any]) -> list[Any]:
        """What a script answers; its models are below the folder."""
        path = folder / "score.py"
        path.write_text(script)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(path), str(folder / "models"), values]) + "\n")
        self._process.stdin.flush()
        while not (line := self._process.stdout.readline()).strip():
            assert self._process.poll() is None
        told = json.loads(line)
        assert "answers" in told, f"{told['error']}\n{script}"
        answers: list[Any] = told["answers"]
        return answers


@contextmanager
def started(folder: Path) -> Iterator[Alone]:
    """One such process."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": "/usr/bin"},
        cwd=folder,
    ) as process:
        yield Alone(process)
        assert process.stdin is not None
        process.stdin.close()
