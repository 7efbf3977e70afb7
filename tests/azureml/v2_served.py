"""One real endpoint with two deployments: a classifier of pictures, and a script that finds its files."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression

from jupyter_deploy.endpoints import Scaling
from jupyter_deploy.sdk.v2 import (
    CodeConfiguration,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    MLClient,
    Model,
    OnlineDeployment,
    OnlineRequestSettings,
    TargetUtilizationScaleSettings,
)
from jupyter_deploy.workspace import Workspace

SCORE = """\
import base64
import io
import json
import os

import joblib
import numpy as np
from azure.ai.ml.entities import Model
from PIL import Image


def list_files(start):
    for root, folders, files in os.walk(start):
        print(os.path.basename(root) + "/", *files)


def init():
    global model
    list_files(os.environ["AZUREML_MODEL_DIR"])
    path = os.path.join(os.getenv("AZUREML_MODEL_DIR"), "INPUT_model")
    print("model path:", path)
    model = joblib.load(os.path.join(path, "model.pkl"))


def run(raw_data):
    data = json.loads(raw_data)["data"]
    image = Image.open(io.BytesIO(base64.b64decode(data))).convert("L").resize((28, 28))
    pixels = np.array(image) / 255.0
    label = model.predict(pixels.reshape(1, 28 * 28))[0]
    return json.dumps(label.tolist())
"""
# The documents' other script: by name, and with get_model_path.
BY_NAME = """\
import json
import os

import joblib
from azureml.core.model import Model


def init():
    global model
    assert os.getcwd() == os.environ["AML_APP_ROOT"]
    with open("offset.json") as file:
        assert json.load(file) == 0
    model = joblib.load(os.path.join(Model.get_model_path("example"), "model.pkl"))
    print("limit:", os.environ.get("LIMIT"))


def run(raw_data):
    return [0]
"""


@dataclass
class Served:
    """An endpoint with a blue and a green deployment, and how long making them took."""

    client: MLClient
    name: str
    folder: Path
    home: Path
    took: dict[str, float]
    seen: dict[str, Any]

    @property
    def blue(self) -> OnlineDeployment:
        return self.client.online_deployments.get("blue", self.name)

    def route(self, **shares: int) -> None:
        endpoint = self.client.online_endpoints.get(self.name)
        endpoint.traffic = shares
        self.client.begin_create_or_update(endpoint).result()


def picture(number: int, size: int = 28) -> str:
    """A picture that the model calls that number: bright where it is 1, dark where it is 0."""
    pixels = np.random.default_rng(number).integers(0, 60, (size, size, 3), dtype=np.uint8) + np.uint8(190 * number)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def timed(took: dict[str, float], what: str, begin: Any) -> Any:
    started = time.perf_counter()
    found = begin()
    took[what] = time.perf_counter() - started
    return found


def serving(folder: Path) -> Iterator[Served]:
    """Make the endpoint, and delete it at the end."""
    (folder / "notebook").mkdir()
    (folder / "model-1" / "onlinescoring").mkdir(parents=True)
    (folder / "model-1" / "onlinescoring" / "score.py").write_text(SCORE)
    (folder / "notebook" / "src" / "number_predictor").mkdir(parents=True)
    (folder / "notebook" / "src" / "number_predictor" / "scoring.py").write_text(BY_NAME)
    (folder / "notebook" / "src" / "number_predictor" / "offset.json").write_text("0")
    (folder / "notebook" / "INPUT_model").mkdir()
    model = LogisticRegression().fit([[0.1] * 784, [0.9] * 784], [0, 1])
    joblib.dump(model, folder / "notebook" / "INPUT_model" / "model.pkl")
    took: dict[str, float] = {}
    seen: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DEPLOY_HOME", str(folder / "home"))
        patch.chdir(folder / "notebook")
        client = MLClient(None, "sub", "group", "ws")
        name = "endpt-" + datetime.now().strftime("%m%d%H%M%f")
        endpoint = ManagedOnlineEndpoint(name=name, description="an example", auth_mode="key", tags={"team": "risk"})
        poller = timed(took, "begin endpoint", lambda: client.online_endpoints.begin_create_or_update(endpoint))
        made = timed(took, "endpoint", poller.result)
        try:
            client.models.create_or_update(Model(name="example", path="INPUT_model", version=1))
            blue = ManagedOnlineDeployment(
                name="blue",
                endpoint_name=name,
                model=client.models.get("example", version=1),  # type: ignore[arg-type]
                code_configuration=CodeConfiguration("../model-1/onlinescoring", "score.py"),
                instance_type="Standard_DS3_v2",
                instance_count=1,
            )
            poller = timed(took, "begin blue", lambda: client.begin_create_or_update(blue))
            seen["at once"] = (poller.done(), poller.status(), client.online_deployments.list(name))
            seen["blue"] = timed(took, "blue", poller.result)
            seen["done"] = (poller.done(), poller.status())
            green = ManagedOnlineDeployment(
                name="green",
                endpoint_name=name,
                model="azureml:example@latest",
                code_configuration=CodeConfiguration(code="./src/number_predictor", scoring_script="scoring.py"),
                instance_type="Standard_D2_v2",
                instance_count=1,
                environment_variables={"LIMIT": 7},
                request_settings=OnlineRequestSettings(request_timeout_ms=90_000),
                scale_settings=TargetUtilizationScaleSettings(min_instances=1, max_instances=3, polling_interval=1),
            )
            with pytest.warns(UserWarning, match="polling_interval of scale_settings: without effect"):
                poller = client.online_deployments.begin_create_or_update(green, local=True)
            # As local=True returns it: the poller is the deployment.
            assert poller.name == "green"
            deployed = Workspace(folder / "home").endpoints[name].deployments["green"]
            assert deployed.record.scaling == Scaling(least=1, most=3)
            seen["green"] = poller
            seen["endpoint"] = made
            yield Served(client, name, folder, folder / "home", took, seen)
        finally:
            # A test that fails may leave one, too.
            for left in client.online_endpoints.list():
                client.online_endpoints.begin_delete(left.name).result()
    assert client.online_endpoints.list() == []
