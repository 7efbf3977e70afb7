"""Pollers of SDK v2, and what is said when nobody asks."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from jupyter_deploy.errors import NotFound
from jupyter_deploy.sdk.v2 import LROPoller, ManagedOnlineEndpoint, ResourceNotFoundError


def test_a_poller_is_the_work_and_its_result() -> None:
    go_on, called = threading.Event(), list[Any]()
    result = ManagedOnlineEndpoint(name="churn")

    def work(_: Any) -> ManagedOnlineEndpoint:
        go_on.wait(20)
        return result

    poller = LROPoller("endpoint churn", work)
    poller.add_done_callback(called.append)
    assert (poller.done(), poller.status()) == (False, "InProgress")
    poller.wait(0.01)
    assert str(poller) == repr(poller) == "<endpoint churn: InProgress>"
    go_on.set()
    assert poller.name == "churn"
    assert poller.result(20) is result
    poller.description = "said of the result"
    assert result.description == "said of the result"
    assert (poller.done(), poller.status(), str(poller)) == (True, "Succeeded", str(result))
    poller.add_done_callback(called.append)
    assert called == [poller, poller]
    with pytest.raises(AttributeError, match="Did you mean 'traffic'"):
        _ = poller.trafic


def test_a_failure_is_raised_as_azures_by_result_and_wait() -> None:
    def work(_: Any) -> None:
        raise NotFound("No model.", hint="Register one.")

    poller = LROPoller("deployment blue", work)
    for ask in (poller.result, poller.wait):
        with pytest.raises(ResourceNotFoundError, match="No model"):
            ask()
    assert poller.status() == "Failed"


UNHEARD = """
from jupyter_deploy.sdk.v2 import LROPoller
def fail(_):
    raise ValueError("broken")
poller = LROPoller("deployment blue", fail)
"""
IN_CELLS = """
from IPython.core.interactiveshell import InteractiveShell
ip = InteractiveShell.instance()
ip.run_cell({first!r})
ip.run_cell({second!r})
print("over")
"""


def said(code: str) -> str:
    """Run a program; returns what it writes to both streams."""
    done = subprocess.run(
        [sys.executable, "-u", "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout


@pytest.mark.parametrize(
    ("code", "times"),
    [
        (UNHEARD, 1),
        (UNHEARD + "\ntry:\n    poller.result()\nexcept ValueError:\n    pass\n", 0),
        (IN_CELLS.format(first=UNHEARD + "\npoller._ended.wait(20)", second="1"), 1),
    ],
)
def test_a_failure_that_nobody_asks_for_is_said_once(code: str, times: int) -> None:
    assert said(code).count("deployment blue failed: ValueError: broken") == times


TWICE = """
from jupyter_deploy.sdk.v2.telling import TELLER
TELLER.at_the_end(lambda: "first", "shop")
TELLER.at_the_end(lambda: "second", "shop")
TELLER.at_the_end(lambda: "other")
"""


def test_of_one_thing_one_line_is_said() -> None:
    assert said(TWICE) == "first\nother\n"


def known() -> ManagedOnlineEndpoint:
    """An endpoint that the workspace has."""
    endpoint = ManagedOnlineEndpoint(name="churn")
    endpoint.traffic.applied({"blue": 100, "green": 0})
    endpoint.mirror_traffic.applied({})
    return endpoint


CHANGES: list[Callable[[ManagedOnlineEndpoint], Any]] = [
    lambda endpoint: endpoint.traffic.__setitem__("blue", 90),
    lambda endpoint: endpoint.traffic.update(blue=90, green=10),
    lambda endpoint: endpoint.mirror_traffic.__setitem__("green", 10),
    lambda endpoint: endpoint.traffic.pop("blue", None),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_traffic_alone_says_which_call_applies_it(
    change: Callable[[ManagedOnlineEndpoint], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_deploy.sdk.v2.telling._shell", lambda: None)
    endpoint = known()
    with pytest.warns(UserWarning, match=r"begin_create_or_update\(endpoint\)"):
        change(endpoint)
    # Once.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        change(endpoint)


def test_an_endpoint_that_is_not_there_yet_has_nothing_to_be_told_and_rules_that_are_not_named_are_known() -> None:
    endpoint = ManagedOnlineEndpoint(name="churn")
    assert not endpoint.traffic.named  # type: ignore[attr-defined]
    endpoint.traffic["blue"] = 100
    assert endpoint.traffic.named  # type: ignore[attr-defined]
    assert not known().traffic.named  # type: ignore[attr-defined]


TRAFFIC = """
from jupyter_deploy.sdk.v2 import ManagedOnlineEndpoint
endpoint = ManagedOnlineEndpoint(name="churn")
endpoint.traffic.applied({"blue": 100})
endpoint.traffic["blue"] = 90
"""


@pytest.mark.parametrize(
    ("line", "times"), [("", 1), ("endpoint.traffic = {'blue': 90}", 1), ("endpoint.traffic = {'blue': 100}", 0)]
)
def test_a_program_that_assigns_traffic_is_told_at_its_end_if_it_never_applies_it(line: str, times: int) -> None:
    told = said(TRAFFIC.rsplit("\n", 2)[0] + f"\n{line}\n" if line else TRAFFIC)
    assert told.count("To apply it: ml_client.online_endpoints") == times


@pytest.mark.parametrize(("more", "times"), [("", 1), ("\nendpoint.traffic.applied({'blue': 90})", 0)])
def test_in_a_notebook_the_hint_comes_behind_a_cell_that_does_not_apply_the_change(more: str, times: int) -> None:
    told = said(IN_CELLS.format(first=TRAFFIC + more, second="2"))
    assert told.count("To apply it: ml_client.online_endpoints") == times
    assert told.index("over") > told.find("To apply it")
