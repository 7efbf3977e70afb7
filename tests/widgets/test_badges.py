"""Live badges look as the static ones do."""

from __future__ import annotations

import json
import re

import pytest

from jupyter_deploy.display import TONES
from jupyter_deploy.widgets import InvokeForm, LogView, MetricsChart, ModelBrowser, ServiceCard


@pytest.mark.parametrize("widget", [ServiceCard, LogView, InvokeForm, MetricsChart, ModelBrowser])
def test_a_widget_has_the_colours_and_signs_of_the_static_badges(widget: type[ServiceCard]) -> None:
    rules = dict(re.findall(r'\.jpd-badge\[data-state="(\w+)"\] \{ background: (#\w+)', str(widget._css)))
    assert rules == {state: tone.ground for state, tone in TONES.items()}
    signs = re.match(r"const SIGNS = (\{.*\});\n", str(widget._esm))
    assert signs
    assert json.loads(signs[1]) == {state: tone.sign for state, tone in TONES.items()}
