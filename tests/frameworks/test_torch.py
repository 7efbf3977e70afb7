"""PyTorch programs without a script, where PyTorch is installed; elsewhere this is skipped, which the summary says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from jupyter_deploy.errors import ModelProblem
from jupyter_deploy.frameworks import framework_of
from jupyter_deploy.frameworks.files import look
from jupyter_deploy.serving.modes import BadInput
from jupyter_deploy.serving.nocode import ServedModel
from jupyter_deploy.store import TreeWriter

torch = pytest.importorskip("torch", reason="PyTorch is not installed here: pip install torch")
pytestmark = pytest.mark.filterwarnings("default")


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


@pytest.mark.parametrize("form", ["TorchScript", "torch.export"])
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


def test_weights_need_a_script(tmp_path: Path) -> None:
    torch.save(Net().state_dict(), tmp_path / "model.pt")
    with pytest.raises(ModelProblem, match=r"model\.pt is a pickled module or its weights") as caught:
        ServedModel("PyTorch").load(str(tmp_path))
    assert "torch.export" in caught.value.hint
