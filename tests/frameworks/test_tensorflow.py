"""SavedModel and Keras models without a script; ``.ci/tensorflow`` runs this where TensorFlow is installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from jupyter_deploy.frameworks import framework_of
from jupyter_deploy.frameworks.files import look
from jupyter_deploy.sdk import v1, v2
from jupyter_deploy.serving.modes import BadInput
from jupyter_deploy.serving.nocode import ServedModel
from jupyter_deploy.store import TreeWriter
from jupyter_deploy.workspace import Workspace

tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed here: .ci/tensorflow runs this")


def loaded(folder: Path, framework: str) -> ServedModel:
    found = ServedModel(framework)
    found.load(str(folder))
    return found


def answer(model: ServedModel, body: Any) -> Any:
    found = model.answers([json.dumps(body)])[0]
    if isinstance(found, BaseException):
        raise found
    return found


class Sums(tf.Module):  # type: ignore[misc]
    """``y = x[0] + x[1]``."""

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])  # type: ignore[untyped-decorator]
    def __call__(self, x: Any) -> dict[str, Any]:
        return {"y": tf.reduce_sum(x, 1, keepdims=True)}


def test_row_2_55_a_saved_model(tmp_path: Path) -> None:
    model = Sums()
    tf.saved_model.save(model, tmp_path / "outputs", signatures=model.__call__)
    found = look(tmp_path / "outputs")
    assert (found.framework, found.written) == ("TensorFlow", {"tensorflow": tf.__version__})
    served = loaded(tmp_path, "TensorFlow")
    assert answer(served, {"data": [[1, 2], [3, 4]]}).tolist() == [[3.0], [7.0]]
    assert answer(served, {"instances": [[1, 2]]})["predictions"].tolist() == [[3.0]]
    many = served.answers([json.dumps({"data": [[n, 0]]}) for n in range(3)])
    assert [one.tolist() for one in many] == [[[0.0]], [[1.0]], [[2.0]]]
    with pytest.raises(BadInput, match=r"x has the shape \[1, 3\], but the model takes \[any, 2\]") as caught:
        answer(served, {"data": [[1, 2, 3]]})
    assert '{"data": [[0.0, 0.0]]}' in caught.value.message


def test_row_2_55_a_registered_saved_model_answers_over_http(workspace: Workspace, tmp_path: Path) -> None:
    made = Sums()
    tf.saved_model.save(made, tmp_path / "flowers" / "1", signatures=made.__call__)
    ws = v1.Workspace.create("ws", show_output=False)
    model = v1.Model.register(
        workspace=ws,
        model_name="flowers",
        model_path=str(tmp_path / "flowers"),
        model_framework=v1.Model.Framework.TENSORFLOW,
        model_framework_version=tf.__version__,
        description="Flowers model",
    )
    service = v1.Model.deploy(ws, "tensorflow-web-service", [model])
    service.wait_for_deployment(show_output=True)
    body = json.dumps({"data": [[1, 2], [3, 4]]})
    assert service.run(body) == [[3.0], [7.0]]
    headers = {"Content-Type": "application/json"}
    answer = requests.post(service.scoring_uri, body, headers=headers, timeout=60)
    assert (answer.status_code, answer.json()) == (200, [[3.0], [7.0]])
    refused = requests.post(service.scoring_uri, '{"data": [[1]]}', headers=headers, timeout=60)
    assert refused.status_code == 400
    assert "the model takes [any, 2]" in refused.json()["message"]
    service.delete()


def test_a_keras_model(tmp_path: Path) -> None:
    import keras

    model = keras.Sequential([keras.Input((2,), name="features"), keras.layers.Dense(1)])
    framework = framework_of(model)
    (tmp_path / "object").mkdir()
    entry = framework.save(model, TreeWriter(tmp_path / "object").open).entry
    assert (framework.NAME, look(tmp_path / "object" / entry).framework) == ("TfKeras", "TfKeras")
    expected = model.predict_on_batch(np.ones((3, 2)))
    served = loaded(tmp_path / "object", "TfKeras")
    np.testing.assert_allclose(answer(served, {"data": [[1, 1]] * 3}), expected)
    model.export(tmp_path / "exported" / "1", verbose=False)
    np.testing.assert_allclose(answer(loaded(tmp_path / "exported", "TensorFlow"), {"data": [[1, 1]] * 3}), expected)


# The documents' script with the two lines that it lacks. Keras 3 reads a file, and no SavedModel.
SCORE = """import json
import os
import numpy as np
import tensorflow as tf

def init():
    global model
    model = tf.keras.models.load_model(os.path.join(os.getenv("AZUREML_MODEL_DIR"), "INPUT_model"PLACE))

def run(raw_data):
    data = np.array(json.loads(raw_data)["data"])
    return json.dumps(model.predict(data).tolist())
"""


def test_row_3_6_the_documents_keras_script_behind_an_endpoint(workspace: Workspace, tmp_path: Path) -> None:
    made = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(1)])
    expected = made.predict(np.ones((3, 2)), verbose=0)
    made.export(tmp_path / "saved" / "INPUT_model", verbose=False)
    (tmp_path / "file" / "INPUT_model").mkdir(parents=True)
    made.save(tmp_path / "file" / "INPUT_model" / "model.keras")
    client = v2.MLClient(None, "subscription", "group", "ws")
    endpoint = v2.ManagedOnlineEndpoint(name="keras-endpt", auth_mode="key")
    client.online_endpoints.begin_create_or_update(endpoint).result()

    def deploy(name: str, place: str) -> None:
        (tmp_path / "score.py").write_text(SCORE.replace("PLACE", place))
        blue = v2.ManagedOnlineDeployment(
            name="blue",
            endpoint_name="keras-endpt",
            model=v2.Model(path=str(tmp_path / name / "INPUT_model"), name="example"),
            code_configuration=v2.CodeConfiguration(code=str(tmp_path), scoring_script="score.py"),
            instance_type="Standard_DS3_v2",
            instance_count=1,
        )
        client.begin_create_or_update(blue).result()

    try:
        if int(tf.keras.__version__.split(".")[0]) >= 3:
            with pytest.raises(v2.HttpResponseError, match="Keras 3 reads no SavedModel"):
                deploy("saved", "")
            deploy("file", ', "model.keras"')
        else:
            deploy("saved", "")
        found = client.online_endpoints.get("keras-endpt")
        found.traffic = {"blue": 100}
        client.begin_create_or_update(found).result()
        key = client.online_endpoints.get_keys("keras-endpt").primary_key
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        body = json.dumps({"data": [[1, 1]] * 3})
        answer = requests.post(str(found.scoring_uri), body, headers=headers, timeout=60)
        # What run() returns is a text, so a client reads it twice.
        np.testing.assert_allclose(json.loads(answer.json()), expected, rtol=1e-5)
    finally:
        client.online_endpoints.begin_delete("keras-endpt").result()
