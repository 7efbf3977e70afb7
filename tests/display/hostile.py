"""For each class that has a face, values that are full of text which acts instead of being read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pprint import pformat
from typing import Any, NamedTuple

from jupyter_deploy import scoring
from jupyter_deploy.deploying import Package
from jupyter_deploy.display import plain, scripts, services
from jupyter_deploy.environments import Environment
from jupyter_deploy.errors import InvokeProblem
from jupyter_deploy.invoking import Answer, Binary, FailedRow, LatencyReport, Snippet
from jupyter_deploy.invoking.load import Trouble
from jupyter_deploy.registry import Model
from jupyter_deploy.scoring import Scored
from jupyter_deploy.scripts import Script
from jupyter_deploy.services import Change, Leftover, Stats
from jupyter_deploy.verbs import Done, Listing, LogText, Overview
from jupyter_deploy.workspace import Collected, CollectedRows, Latencies, Profile, Replayed, Trial, Written
from jupyter_deploy.workspace import profile as failing
from jupyter_deploy.workspace.collected import CollectedRequest
from jupyter_deploy.workspace.replayed import Outcome

PIECES = [
    "<script>alert(1)</script>",
    "</pre><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' style='x",
    "`",
    "javascript:alert(1)",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "</td></table>",
    "&lt;",
    "&#60;b&#62;",
    "&",
    "<a href=javascript:alert(1)>",
    "<?php",
    "</code",
    "<b",
    "expression(alert(1))",
    "url(http://x)",
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;http://x\x07",
    "\x00",
    "\x08",
    "\r",
    "\u202e",
    "\u2066",
    "\ud800",
    "é",
    "日本",
    "\u2028",
    "{{x}}",
    "${x}",
    "\\",
    "%s",
    "a" * 300,
    " ",
    "\t",
    "=",
    ">",
    '"',
    "'",
]
WHEN = datetime(2026, 1, 2, tzinfo=UTC)


def facts(evil: str) -> dict[str, Any]:
    recent = {"seconds": 60.0, "requests": 6, "errors": 2, "requests_per_second": 0.1, "p50_ms": 1.25, "p95_ms": 1250.0}
    return {
        "name": evil,
        "state": evil,
        "reason": evil,
        "scoring_uri": f"javascript:{evil}",
        "script": evil,
        "image": evil,
        "models": [evil],
        "target": evil,
        "environment": Environment("own", requirements=(f"x=={evil}",)).as_dict(),
        "pid": 1,
        "container": evil,
        "workers": [1, 2],
        "generation": 3,
        "restarts": 1,
        "requests": 1234,
        "recent": recent,
        "mode": "plain",
        "uptime_seconds": 7500.0,
        "bundle": "b",
        "log": evil,
        "change": None,
    }


def seen(evil: str) -> services.Seen:
    return services.Seen(
        evil, evil, facts(evil), evil, (evil, evil), Change("s", "created", (evil,), 1200.0, 1, (evil,))
    )


def model(evil: str) -> Model:
    return Model(
        name=evil,
        version=1,
        framework=evil,
        framework_version=evil,
        digest=evil,
        entry=f"{evil}.joblib",
        size=10,
        tags={evil: evil},
        properties={evil: evil},
        description=evil,
        run_id=evil,
        created=WHEN,
        requirements=(evil,),
        modules=(evil,),
        notices=(evil,),
    )


class Hostile(NamedTuple):
    """A value of a text, and how the page shows the text.

    Parameters
    ----------
    make : callable
        Given the text, returns what the class's face draws from: the value, or what it found when it looked at it.
    shows : callable
        Given the text, returns what has to stand in the page.
    """

    make: Callable[[str], Any]
    shows: Callable[[str], str] = plain.readable


def numbers(_: str) -> str:
    return "12.5"


def quoted(text: str) -> str:
    return pformat(text, width=110, compact=True)


def nothing(_: str) -> str:
    return ""


def report(evil: str) -> LatencyReport:
    times = tuple(number / 1000 for number in range(1, 30))
    return LatencyReport(evil, 31, 2, 1.5, times, times, (Trouble(evil, 2, evil, evil),), True)


def profile(evil: str) -> Profile:
    row = FailedRow(3, evil, evil, evil, evil)
    told: dict[str, Any] = {"latency": Latencies.of([0.1]), "bars": ((0.1, 0.1, 1),), "max_memory": 1 << 20}
    return Profile(evil, "Succeeded", WHEN, evil, evil, 1.0, 1 << 30, errors=(row,), notes=(evil,), failed=1, **told)


def failed_profile(evil: str) -> Profile:
    return Profile(evil, "Failed", WHEN, evil, evil, trouble=failing.Trouble(evil, evil, evil, evil), log=evil)


def scored(evil: str) -> Scored:
    row = scoring.FailedRow(3, evil, 500)
    return Scored(evil, evil, evil, 3, 3, 1, 1, 0.1, 1, 2, evil, evil, (row,), notes=(evil,))


def interrupted(evil: str) -> Scored:
    return Scored(evil, evil, evil, 3, 2, 0, 0, 0.1, 1, 2, interrupted=True, again=evil)


def overview(evil: str) -> Overview:
    own = Environment(evil, requirements=(evil,), version=1)
    return Overview(evil, (facts(evil),), (model(evil),), (evil,), (own,), 2)


def environments(evil: str) -> Listing:
    return Listing("environments", [Environment(evil, requirements=(evil,))])


def request(evil: str) -> CollectedRequest:
    now = datetime.fromtimestamp(1).astimezone()
    return CollectedRequest(evil, now, 500, 0.1, 0.1, evil, evil, evil, evil, (evil,), evil, 1)


def rows(evil: str) -> CollectedRows:
    own = {"time": datetime.fromtimestamp(1).astimezone(), "request": evil, "correlation": evil, "model": evil}
    return CollectedRows(evil, (evil,), ({**own, evil: evil},), shows_bodies=True)


def replayed(evil: str) -> Replayed:
    both = Outcome(evil, 200, evil, 0.1), Outcome(evil, 500, None, 0.1, evil, evil)
    return Replayed(evil, evil, evil, *both, (evil,))


# By the class's name; each at least once. What is not text cannot be hostile: of those, the numbers.
def endpoint_deployment(evil: str) -> dict[str, Any]:
    """What a deployment of an endpoint tells of itself."""
    texts = dict.fromkeys(("name", "endpoint", "state", "reason", "script", "image", "target", "description"), evil)
    lists: dict[str, Any] = {"instances": [evil], "models": [evil], "tags": {evil: evil}, "environment": {}}
    numbers = {"traffic": 60, "mirror": 0, "wanted": 2, "created": 1.0, "limits": {"timeout_ms": 1}}
    return {
        **texts,
        **lists,
        **numbers,
        "change": {"notes": [evil]},
        "numbers": {"requests": 3, "failed": 1, "p95_ms": 2.0},
    }


def endpoint(evil: str) -> dict[str, Any]:
    """What an endpoint tells of itself."""
    texts = dict.fromkeys(("name", "state", "reason", "scoring_uri", "auth", "description", "rollout"), evil)
    other = {"traffic": {evil: 60}, "mirror": {evil: 10}, "tags": {evil: evil}, "properties": {evil: evil}}
    return {**texts, **other, "created": 1.0, "deployments": [endpoint_deployment(evil)]}


def rollout(evil: str) -> dict[str, Any]:
    """What a rollout tells of itself."""
    texts = dict.fromkeys(("endpoint", "new", "old", "state", "reason"), evil)
    one = {"requests": 12, "rate": 1.0, "errors": 1, "slow": 0, "p50": 0.1, "p95": None}
    gaps = {"agreement": 0.5, "compared": 3, "examples": [evil], "distance": 0.5, "drift": 0.1}
    event = {"time": 1.0, "event": evil, "state": evil, "share": 10, "reason": evil}
    numbers = {"share": 10, "mirrors": 0, "step": 1, "left": 2.0, "plan": {"steps": [10, 100]}}
    return {**texts, **numbers, "seen": {"new": one, "old": one, **gaps}, "history": [event]}


HOSTILE: dict[str, dict[str, Hostile]] = {
    "Model": {"": Hostile(model)},
    "Script": {
        "stored": Hostile(lambda evil: scripts.Seen(Written(Script(evil, f"# {evil}\n{evil}", evil)))),
        "moved on": Hostile(lambda evil: scripts.Seen(Written(Script(evil, evil, evil, notices=(evil,))), (evil,))),
    },
    "Written": {
        "reloaded": Hostile(
            lambda evil: Written(
                Script(evil, evil, evil), changes=(Change(evil, evil, (evil,), 1.0, 2, (evil,)),), moved=(evil,)
            )
        ),
        "tried": Hostile(lambda evil: Written(Script(evil, evil, evil), trial=Trial(evil, evil, 0.1, 0.2, evil))),
        "draft": Hostile(lambda evil: Written(Script(evil, evil, evil), draft=True)),
    },
    "Trial": {"": Hostile(lambda evil: Trial(evil, evil, 0.1, 0.2, evil))},
    "Collected": {
        "": Hostile(lambda evil: Collected(evil, (request(evil),), shows_bodies=True)),
        "without bodies": Hostile(lambda evil: Collected(evil, (request(evil),))),
        "empty": Hostile(lambda evil: Collected(evil, ())),
    },
    "CollectedRows": {"": Hostile(rows), "empty": Hostile(lambda evil: CollectedRows(evil, (evil,), ()))},
    "Replayed": {"": Hostile(replayed)},
    "Service": {"": Hostile(seen), "deleted": Hostile(lambda evil: services.Seen(evil, evil, reason=evil))},
    "Endpoint": {"": Hostile(endpoint), "deleted": Hostile(lambda evil: {**endpoint(evil), "state": "deleted"})},
    "EndpointDeployment": {"": Hostile(endpoint_deployment)},
    "EndpointRollout": {
        "": Hostile(rollout),
        "deleted": Hostile(
            lambda evil: {"state": evil, "reason": evil, "history": [], "new": "", "old": ""}, plain.readable
        ),
    },
    "LiveEndpoints": {"": Hostile(lambda evil: Listing("endpoints", [endpoint(evil)]))},
    "Stats": {"": Hostile(lambda _: Stats(12.5, 1_500_000, 3_000_000, 4, 10, 20), numbers)},
    "Environment": {
        "": Hostile(lambda evil: Environment(evil, requirements=(evil,), base_image=evil, notices=(evil,)))
    },
    "Package": {"": Hostile(lambda evil: Package(evil, evil, True, (evil,), (evil,), 10.0, (evil,)))},
    "Answer": {
        "": Hostile(lambda evil: Answer(evil, 200, 0.1, 0.1, evil, evil, 1), quoted),
        "bytes": Hostile(lambda evil: Answer(Binary.of(b"x", evil), 200, 0.1, None, evil, evil, 1)),
    },
    "Binary": {
        "": Hostile(lambda evil: Binary.of(b"x", evil)),
        "picture": Hostile(lambda evil: Binary.of(evil.encode(errors="replace"), "image/svg+xml"), nothing),
    },
    "LatencyReport": {"": Hostile(report)},
    "Scored": {"": Hostile(scored), "interrupted": Hostile(interrupted)},
    "Profile": {"": Hostile(profile), "failed": Hostile(failed_profile)},
    "Snippet": {"": Hostile(Snippet)},
    "Listing": {
        "models": Hostile(lambda evil: Listing("models", [model(evil)])),
        "services": Hostile(lambda evil: Listing("services", [facts(evil)])),
        "scripts": Hostile(lambda evil: Listing("scripts", [Script(evil, evil, evil)])),
        "environments": Hostile(environments),
        "endpoints": Hostile(lambda evil: Listing("endpoints", [endpoint(evil)])),
        "deployments": Hostile(lambda evil: Listing("deployments", [endpoint_deployment(evil)])),
        "leftovers": Hostile(lambda evil: Listing("leftovers", [Leftover(evil, evil, 1, evil)])),
    },
    "LogText": {"": Hostile(LogText)},
    "Done": {"": Hostile(lambda evil: Done(evil, {"x": evil}))},
    "Overview": {"": Hostile(overview), "empty": Hostile(Overview)},
    "Workspace": {"": Hostile(overview)},
    "LiveServices": {"": Hostile(lambda evil: Listing("services", [facts(evil)]))},
    "Models": {"": Hostile(lambda evil: Listing("models", [model(evil)]))},
    "Scripts": {"": Hostile(lambda evil: Listing("scripts", [Script(evil, evil, evil)]))},
    "Environments": {"": Hostile(environments)},
    "DeployError": {"": Hostile(lambda evil: InvokeProblem(evil, details=evil, hint=evil))},
}
# Those whose faces look first: what they see then.
LIVE = {
    "Script": scripts.Seen,
    "Service": services.Seen,
    "Workspace": Overview,
    "LiveServices": Listing,
    "Endpoint": dict,
    "EndpointDeployment": dict,
    "EndpointRollout": dict,
    "LiveEndpoints": Listing,
    "Models": Listing,
    "Scripts": Listing,
    "Environments": Listing,
}
# Programs and logs are text as it is: a program that is copied must not change, a terminal shows a log's colours.
AS_IT_IS = ("Snippet", "LogText")
