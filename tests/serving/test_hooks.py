"""What may be a hook, and what of it is shown."""

from __future__ import annotations

import sys
import time

import pytest

from jupyter_deploy.errors import UsageProblem
from jupyter_deploy.serving import Hooks, change_document, checked_hook, masked_hook
from tests.receiver import receiving


@pytest.mark.parametrize(
    ("hook", "shown"),
    [
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/"),
        ("https://user:secret@example.org/changes", "https://***@example.org/changes"),
        ("https://example.org/changes?key=secret#secret", "https://example.org/changes?***"),
        ("https://hooks.example.org/services/T0/secretsecretsecretsecret", "https://hooks.example.org/services/T0/***"),
        (f"{sys.executable} notify.py --key secret", f"{sys.executable} …"),
        (sys.executable, sys.executable),
    ],
)
def test_what_is_shown_of_a_hook(hook: str, shown: str) -> None:
    assert masked_hook(checked_hook(hook)) == shown


@pytest.mark.parametrize(
    ("hook", "problem"),
    [
        ("http://", "no host"),
        ("https://secret@:80/", "no host"),
        ("http://host:secret/", "no host"),
        ("ftp://user:secret@host/", "cannot be sent by ftp"),
        ("echo 'secret", "No closing quotation"),
        ("", "empty"),
        ("there-is-no-such-program secret", "no program 'there-is-no-such-program'"),
    ],
)
def test_what_can_be_no_hook_is_refused_without_its_secrets(hook: str, problem: str) -> None:
    with pytest.raises(UsageProblem, match=problem) as refused:
        checked_hook(hook)
    assert "secret" not in refused.value.text()


def test_documents_come_in_order_while_nobody_waits() -> None:
    hooks, said = Hooks(daemon=True), list[str]()
    with receiving() as receiver:
        receiver.statuses = [500, 500, 500]
        started = time.monotonic()
        for number in range(5):
            document = change_document("churn", None, "Healthy", str(number), url="", generation=1, bundle="")
            hooks.tell([receiver.url], document, said.append)
        assert time.monotonic() - started < 0.2
        hooks.wait(20)
        # The first one was tried three times, and given up.
        assert [one["reason"] for one in receiver.documents] == ["0", "0", "0", "1", "2", "3", "4"]
    assert said == [f"a change could not be told to {receiver.url}: it answered 500"]
