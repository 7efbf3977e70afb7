"""What stands before a view in a saved notebook: a summary, and the face that a page draws live from its server."""

from __future__ import annotations

from jupyter_deploy.display import MIME
from jupyter_deploy.widgets.browser import ModelBrowser
from jupyter_deploy.widgets.card import ServiceCard
from jupyter_deploy.workspace import Workspace


def test_a_summary_has_the_face_of_what_its_view_shows(workspace: Workspace) -> None:
    browser = ModelBrowser(workspace, captured=True)
    layers = browser._still("ab12cd34", "models", "<b>models</b>")
    assert layers[MIME.format("listing")] == {"kind": "models", "asked": {"captured": True}, "behind_a_view": True}
    assert 'data-jpd="ab12cd34"' in layers["text/html"]


def test_a_summary_without_a_view_hides_nothing(workspace: Workspace) -> None:
    workspace.score_script("facing", "def run(data):\n    return data\n")
    service = workspace.deploy("facing", wait=False)
    layers = ServiceCard(service)._still("", "facing", "<b>facing</b>")
    assert layers[MIME.format("service")] == {"name": "facing", "state": "", "behind_a_view": False}
    assert layers["text/html"] == "<b>facing</b>"
    service.delete()
