"""What a service in a container collects outlives the container."""

from __future__ import annotations

from jupyter_deploy.workspace import Workspace
from tests.e2e.conftest import until

from ..servers import container_of

CELL = """import json

def run(data):
    return 2 * json.loads(data)
"""


def test_data_is_collected_across_reloads_and_containers(workspace: Workspace) -> None:
    workspace.score_script("double", CELL)
    service = workspace.deploy("double", target="docker", settings={"collect": "requests"})
    service.invoke(1)
    workspace.score_script("double", CELL.replace("2 *", "3 *"))
    service.invoke(2)
    before = container_of(service).name
    # Another variable needs another container.
    workspace.deploy("double", variables={"COLOUR": "red"})
    assert container_of(service).name != before
    service.invoke(3)
    until(lambda: len(service.collections.requests()) == 3)
    frame = service.collected()
    assert frame["input"].tolist() == [1, 2, 3]
    assert frame["output"].tolist() == [2, 6, 9]
    assert frame["bundle"].tolist()[-1] == service.record.bundle
    again = service.replay(frame["id"][0])
    assert again.differences == ("answer: 2 → 3",)
    folder = service.collections.folder
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    service.delete()
    assert not folder.exists()
