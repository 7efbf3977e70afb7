"""What several tests of the runtime convert."""

from __future__ import annotations

from typing import Any

import pytest

from tests.serving.parameters import PROVIDERS


@pytest.fixture(params=list(PROVIDERS))
def kinds(request: pytest.FixtureRequest) -> Any:
    """Parameter types by their module: inference-schema's own, and those that stand in for them."""
    return PROVIDERS[request.param]
