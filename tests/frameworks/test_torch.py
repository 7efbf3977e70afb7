"""PyTorch's models, with the script of the documents and with none; ``.ci/torch`` runs this where PyTorch is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jupyter_deploy.errors import DeployError, ModelProblem
from jupyter_deploy.frameworks import framework_of
from jupyter_deploy.frameworks.files import look
from jupyter_deploy.serving.modes import BadInput
from jupyter_deploy.serving.nocode import ServedModel
from jupyter_deploy.store import TreeWriter
from jupyter_deploy.workspace import Workspace

torch = pytest.importorskip("torch", reason="PyTorch is not installed here: .ci/torch runs this")
pytestmark = pytest.mark.filterwarnings("default")
VERSION = tuple(map(int, torch.__version__.split(".")[:2]))
ONLY_WEIGHTS = (2, 6)  # torch.load reads nothing else by default, from here on
EXPORTS = pytest.mark.skipif(
    not hasattr(getattr(torch, "export", None), "Dim"), reason=f"PyTorch {torch.__version__} has no torch.export"
)
NET = """\
import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 2)

    def forward(self, x):
        return torch.softmax(self.layer(x), 1)
"""
# The script of the documents, with the import that it lacks.
SCORE = """\
import json
import logging
import os

import torch


def init():
    global model
    model_path = os.path.join(os.getenv("AZUREML_MODEL_DIR"), "model.pth")
    model = torch.load(model_path)
    model.eval()
    logging.info("Init complete")


def run(raw_data):
    data = torch.tensor(json.loads(raw_data)["data"])
    with torch.no_grad():
        output = model(data.float())
    return json.dumps(output.tolist())
"""


class Net(torch.nn.Module):  # type: ignore[misc]
    """Three numbers to two probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply it."""
        return torch.softmax(self.layer(x), 1)


def saved(model: object, folder: Path) -> ServedModel:
    framework = framework_of(model)
    entry = framework.save(model, TreeWriter(folder).open).entry
    assert look(folder / entry).framework == framework.NAME == "PyTorch"
    found = ServedModel("PyTorch")
    found.load(str(folder))
    return found


@pytest.mark.parametrize("form", ["TorchScript", pytest.param("torch.export", marks=EXPORTS)])
def test_a_program(tmp_path: Path, form: str) -> None:
    net = Net().eval()
    example = torch.zeros(2, 3)
    program = (
        torch.jit.script(net)
        if form == "TorchScript"
        else torch.export.export(net, (example,), dynamic_shapes={"x": {0: torch.export.Dim("rows")}})
    )
    served = saved(program, tmp_path)
    expected = net(torch.ones(4, 3)).detach().numpy()
    found = served.answers([json.dumps({"data": [[1, 1, 1]] * 2})] * 2)
    np.testing.assert_allclose(np.concatenate(found), expected, rtol=1e-5)
    bad = served.answers([json.dumps({"data": [[1, 1]]})])[0]
    assert isinstance(bad, BadInput)
    assert ("1x2 and 3x2" if form == "TorchScript" else "3") in bad.message
    assert json.loads(bad.message.rpartition("Send for example ")[2]) == {"data": [[0.0, 0.0, 0.0]]}


class Pictures(torch.nn.Module):  # type: ignore[misc]
    """Pictures of one size to ten numbers."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.convolution = torch.nn.Conv2d(1, 2, 3)
        self.layer = torch.nn.Linear(2 * (side - 2) ** 2, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply it."""
        return self.layer(self.convolution(x).flatten(1))


class Sequences(torch.nn.Module):  # type: ignore[misc]
    """Sequences of rows to rows."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.GRU(5, 4, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply it."""
        found, _ = self.layer(x)
        return found[:, -1, :]


class Sum(torch.nn.Module):  # type: ignore[misc]
    """Two inputs of any size, and no weights."""

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Apply it."""
        return x + y


@pytest.mark.parametrize(
    ("net", "shape"),
    [
        (Net(), (1, 3)),
        (torch.nn.Sequential(torch.nn.BatchNorm1d(7), torch.nn.Linear(7, 1)), (1, 7)),
        (Pictures(28), (1, 1, 28, 28)),
        (Pictures(13), None),
        (Sequences(), (1, 1, 5)),
        (torch.nn.Embedding(9, 2), (1, 2)),
        (Sum(), (1, 1)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, torch.nn.Module) else "",
)
def test_the_example_is_one_that_the_program_takes_or_there_is_none(
    tmp_path: Path, net: torch.nn.Module, shape: tuple[int, ...] | None
) -> None:
    served = saved(torch.jit.script(net.eval()), tmp_path)
    example = served.schemas()["input"].get("example")
    bad = served.answers([json.dumps({"data": [["text"]]})])[0]
    assert isinstance(bad, BadInput)
    if shape is None:
        assert example is None
        assert "Send for example" not in bad.message
        return
    values = example["data"] if not isinstance(net, Sum) else example["data"]["x"]
    assert np.shape(values) == shape
    assert isinstance(served.answers([json.dumps(example)])[0], np.ndarray)


def test_weights_need_a_script(tmp_path: Path) -> None:
    torch.save(Net().state_dict(), tmp_path / "model.pt")
    with pytest.raises(ModelProblem, match=r"model\.pt is a pickled module or its weights") as caught:
        ServedModel("PyTorch").load(str(tmp_path))
    assert "torch.export" in caught.value.hint


class Layers(torch.nn.Module):  # type: ignore[misc]
    """Sequences of which each step comes first, as PyTorch's own layers have them."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.GRU(5, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply it."""
        found, _ = self.layer(x)
        return found


@pytest.mark.parametrize("form", ["TorchScript", pytest.param("torch.export", marks=EXPORTS)])
@pytest.mark.parametrize("net", [Layers(), Net()], ids=["steps", "rows"])
def test_requests_are_joined_only_where_rows_are_answered_apart(
    tmp_path: Path, net: torch.nn.Module, form: str
) -> None:
    net, shape = net.eval(), (3, 1, 5) if isinstance(net, Layers) else (3, 3)
    steps = {"x": {0: torch.export.Dim("steps")}} if form != "TorchScript" else {}
    made = torch.jit.script(net) if not steps else torch.export.export(net, (torch.ones(shape),), dynamic_shapes=steps)
    served = saved(made, tmp_path)
    values = [np.random.default_rng(seed).normal(size=shape).astype("float32") for seed in range(3)]
    found = served.answers([json.dumps({"data": value.tolist()}) for value in values])
    for value, answer in zip(values, found, strict=True):
        np.testing.assert_allclose(answer, net(torch.from_numpy(value)).detach().numpy(), rtol=1e-4, atol=1e-6)
    assert served._joins is isinstance(net, Net)


def test_whole_numbers_are_what_the_program_takes(tmp_path: Path) -> None:
    class Both(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.places, self.weights = torch.nn.Embedding(9, 2), torch.nn.Linear(2, 2)

        def forward(self, values: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
            return self.weights(values) + self.places(places)

    net = Both().eval()
    served = saved(torch.jit.script(net), tmp_path)
    expected = net(torch.tensor([[1.0, 2.0]]), torch.tensor([7])).detach().numpy()
    for values in ([[1, 2]], [[1.0, 2.0]]):
        found = served.answers([json.dumps({"data": {"values": values, "places": [7]}})])[0]
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    for body in ({"values": [1, 2, 3], "places": [7]}, {"values": [[1, 2]], "places": [0.5]}):
        assert isinstance(served.answers([json.dumps({"data": body})])[0], BadInput)


def test_a_row_without_its_list_is_the_clients_fault(tmp_path: Path) -> None:
    found = saved(torch.jit.script(Net().eval()), tmp_path).answers(['{"data": [1, 2, 3]}'])[0]
    assert isinstance(found, BadInput)
    assert "Dimension out of range" in found.message


def refused(workspace: Workspace, score: Path) -> str:
    """The hint with which a script is not served."""
    with pytest.raises(DeployError) as caught:
        workspace.deploy("net", script=score, models=["net"], target="process")
    return str(caught.value.hint)


def answered(workspace: Workspace, score: Path) -> Any:
    """What a script's service answers to two rows."""
    service = workspace.deploy("net", script=score, models=["net"], target="process")
    return np.array(json.loads(service.invoke(json.dumps({"data": [[1, 1, 1]] * 2}))))


def test_row_3_7_the_script_of_the_documents_with_a_program(workspace: Workspace, tmp_path: Path) -> None:
    net, score = Net().eval(), tmp_path / "score.py"
    torch.jit.save(torch.jit.script(net), tmp_path / "model.pth")
    workspace.register("net", str(tmp_path / "model.pth"))
    expected = net(torch.ones(2, 3)).detach().numpy()
    score.write_text(SCORE)
    if VERSION >= ONLY_WEIGHTS:
        assert "torch.load does not read TorchScript: torch.jit.load(path)." in refused(workspace, score)
    else:
        np.testing.assert_allclose(answered(workspace, score), expected, rtol=1e-5)
    score.write_text(SCORE.replace("torch.load(", "torch.jit.load("))
    np.testing.assert_allclose(answered(workspace, score), expected, rtol=1e-5)


def test_row_3_7_the_script_of_the_documents_with_a_pickled_module(workspace: Workspace, tmp_path: Path) -> None:
    score = tmp_path / "source" / "score.py"
    score.parent.mkdir()
    (score.parent / "net.py").write_text(NET)
    # As a training script does: the class is in a module that travels with the entry script.
    make = "import torch, net; torch.manual_seed(0); torch.save(net.Net(), '../model.pth')"
    subprocess.run([sys.executable, "-c", make], cwd=score.parent, check=True)
    workspace.register("net", str(tmp_path / "model.pth"))
    score.write_text(SCORE)
    if VERSION >= ONLY_WEIGHTS:
        assert "torch.load(path, weights_only=False), if you trust the file" in refused(workspace, score)
        score.write_text(SCORE.replace("torch.load(model_path)", "torch.load(model_path, weights_only=False)"))
    found = answered(workspace, score)
    assert found.shape == (2, 2)
    np.testing.assert_allclose(found.sum(1), 1, rtol=1e-5)


def test_row_3_7_weights_alone_and_values_of_another_type(workspace: Workspace, tmp_path: Path) -> None:
    score = tmp_path / "score.py"
    torch.save(Net().state_dict(), tmp_path / "model.pth")
    workspace.register("net", str(tmp_path / "model.pth"))
    score.write_text(SCORE)
    assert "model.load_state_dict(torch.load(path))" in refused(workspace, score)
    score.write_text(
        NET
        + SCORE.replace(
            "model = torch.load(model_path)", "model = Net()\n    model.load_state_dict(torch.load(model_path))"
        ).replace("data.float()", "data.double()")
    )
    service = workspace.deploy("net", script=score, models=["net"], target="process")
    with pytest.raises(DeployError) as caught:
        service.invoke(json.dumps({"data": [[1, 1, 1]]}))
    assert "torch.tensor(data).float()" in str(caught.value.hint)
