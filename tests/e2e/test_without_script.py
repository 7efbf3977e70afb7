"""Models that are served without a script: deployed by their name, asked with what they were trained on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import requests

from jupyter_deploy.errors import InvokeProblem, NotFound, UsageProblem
from jupyter_deploy.workspace import Workspace

TABLE = pd.DataFrame({"age": [20.0, 30.0, 60.0, 70.0], "visits": [1.0, 2.0, 8.0, 9.0]})


@pytest.fixture
def table_classifier() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression().fit(TABLE, [0, 0, 1, 1])


def test_a_registered_model_answers_by_itself(workspace: Workspace, table_classifier: Any) -> None:
    workspace.register("churn", table_classifier)
    service = workspace.deploy("churn")
    assert service.change is not None
    assert any("without a script" in note for note in service.change.notes)
    expected = table_classifier.predict_proba(TABLE)
    np.testing.assert_allclose(service.invoke(TABLE), expected)
    np.testing.assert_allclose(service.invoke({"data": TABLE.to_numpy().tolist()}), expected)
    assert service.invoke({"data": [[70, 9]], "method": "predict"}) == [1]
    np.testing.assert_allclose(service.invoke({"age": 20.0, "visits": 1.0}), expected[:1])
    with pytest.raises(InvokeProblem, match=r"row 0 has 1 value, but the model takes 2 \(age, visits\)"):
        service.invoke([[1.0]])
    document = requests.get(service.scoring_uri.replace("/score", "/swagger.json"), timeout=10).json()
    assert document["definitions"]["ServiceInput"]["example"] == {"data": [{"age": 0.0, "visits": 0.0}]}
    model = requests.get(service.scoring_uri.replace("/score", "/v2/models/churn/versions/1"), timeout=10).json()
    assert [one["name"] for one in model["outputs"]] == ["predict", "predict_proba"]
    assert 'ServedModel("ScikitLearn")' in service.script.source

    assert workspace.deploy("churn").change.action == "unchanged"  # type: ignore[union-attr]
    changes = workspace.score_script("churn", "def run(data):\n    return 'mine'\n").changes
    assert [change.action for change in changes] == ["reloaded"], "a script of the service's name wins"
    assert service.invoke(TABLE) == "mine"


def test_any_one_model_can_be_named(workspace: Workspace, table_classifier: Any) -> None:
    workspace.register("Churn_Model", table_classifier)
    assert workspace.deploy("risk", models=["Churn_Model"]).record.models == ("Churn_Model:1",)
    assert workspace.deploy("Churn_Model").record.models == ("Churn_Model:1",)
    workspace.register("other", table_classifier)
    with pytest.raises(UsageProblem, match=r"2 models: Churn_Model:1, other:1\. Only one") as caught:
        workspace.deploy("both", models=["Churn_Model", "other"])
    assert "jupyter model deploy both --model Churn_Model" in caught.value.hint
    with pytest.raises(NotFound, match="No script named 'nothing'"):
        workspace.deploy("nothing")
