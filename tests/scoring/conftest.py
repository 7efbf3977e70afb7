"""One workspace with two services for all tests of scoring."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_deploy.workspace import Service, Workspace

# A row says what becomes of it: an age below 0 raises, 999 kills the worker, 888 hangs, 777 becomes a NaN.
TABLE = """import os, time
import pandas as pd
from pathlib import Path
from inference_schema.schema_decorators import input_schema
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType

SAMPLE = pd.DataFrame(
    {"age": [1], "zip": ["00123"], "ok": [True], "born": pd.to_datetime(["2020-01-01"]), "x": [1.5]}
)

@input_schema("data", PandasParameterType(SAMPLE))
def run(data):
    if (data["age"] < 0).any():
        raise ValueError("an age below 0")
    if (data["age"] == 999).any():
        os._exit(1)
    if (data["age"] == 888).any():
        time.sleep(1)
    twice = [float("nan") if age == 777 else age * 2 for age in data["age"].tolist()]
    return [
        {"twice": two, "zip": code, "year": born.year}
        for two, code, born in zip(twice, data["zip"], data["born"])
    ]
"""
# One row a request; each that says so is noted in a file that the row names.
LINES = r"""import json, os, time

def init():
    with open(os.environ["INITS"], "a") as file:
        file.write(f"{os.getpid()} {os.getppid()}\n")

def run(raw_data):
    row = json.loads(raw_data)
    if isinstance(row, dict) and "seen" in row:
        with open(row["seen"], "a") as file:
            file.write(f"{row['n']}\n")
        time.sleep(0.005)
        return row["n"]
    if isinstance(row, dict) and "exit" in row:
        os._exit(row["exit"])
    if isinstance(row, dict) and "sleep" in row:
        time.sleep(row["sleep"])
    if isinstance(row, dict):
        return json.dumps({"sum": sum(row.values())})
    return row
"""


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace with the running services `table` and `lines`."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("scoring")
        patch.setenv("JUPYTER_DEPLOY_HOME", str(folder / "home"))
        workspace = Workspace()
        try:
            for name, cell in (("table", TABLE), ("lines", LINES)):
                workspace.score_script(name, cell)
                # Fewer may wait than are sent at once: every test meets a busy service.
                workspace.deploy(name, settings={"queue_limit": 4}, variables={"INITS": str(folder / "inits")})
            yield workspace
        finally:
            for service in workspace.services.values():
                service.delete()


@pytest.fixture
def table(shared: Workspace) -> Service:
    return shared.services["table"]


@pytest.fixture
def lines(shared: Workspace) -> Service:
    return shared.services["lines"]


def write_csv(path: Path, ages: list[int]) -> Path:
    """A CSV file for the service `table`, with a column that it does not take."""
    rows = [
        f"{place},{age},{place:05d},{age % 2 == 0},2020-01-0{place % 9 + 1},{place}.50"
        for place, age in enumerate(ages)
    ]
    path.write_text("id,age,zip,ok,born,x\n" + "\n".join(rows) + "\n")
    return path
