"""What the tests of deployed services share: a script, a model and its configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_deploy.sdk.v1 import InferenceConfig, Model, Workspace

SCORE = """\
import json
import os

import joblib
import numpy as np


def init():
    global model
    model = joblib.load(os.path.join(os.getenv("AZUREML_MODEL_DIR"), "model.pkl"))
    print("init ran")


def run(raw_data):
    data = np.array(json.loads(raw_data)["data"])
    return model.predict(data).tolist()
"""
BODY = '{"data": [[0.0, 1.0], [1.0, 0.0]]}'


def registered(ws: Workspace, outputs: Path, name: str = "classification_model") -> Model:
    """Register the trained model."""
    return Model.register(ws, str(outputs / "model.pkl"), name)


def inference(folder: Path, text: str = SCORE, **options: Any) -> InferenceConfig:
    """Write ``score.py`` and describe it."""
    (folder / "score.py").write_text(text)
    return InferenceConfig(entry_script="score.py", **options)
