"""What is new among the faces escapes what it shows, and shows no secret."""

from __future__ import annotations

import pytest

from jupyter_deploy.display import html, text
from jupyter_deploy.environments.environment import Environment
from jupyter_deploy.packages import Package
from jupyter_deploy.services import Stats

EVIL = "<script>alert(1)</script>"


@pytest.mark.parametrize(
    "value",
    [
        Environment("own", requirements=(EVIL,), base_image=EVIL, variables={"KEY": "geheim"}, notices=(EVIL,)),
        Package(EVIL, EVIL, True, (EVIL,), (EVIL,), 10.0, (EVIL,)),
    ],
)
def test_faces_escape_and_keep_secrets(value: object) -> None:
    assert EVIL in text(value)
    assert "<script>" not in html(value)
    assert "&lt;script&gt;" in html(value)
    assert "geheim" not in text(value) + html(value) + repr(value)


def test_an_environment_says_whether_it_is_registered() -> None:
    assert text(Environment("own")).startswith("Environment own, not registered")
    assert text(Environment("own", version=3)).startswith("Environment own:3")


def test_stats() -> None:
    shown = text(Stats(12.5, 1_500_000, 3_000_000, 4, 10, 20))
    for part in ("12.5 % of one", "1.5 MB of 3.0 MB", "10 B in, 20 B out"):
        assert part in shown
