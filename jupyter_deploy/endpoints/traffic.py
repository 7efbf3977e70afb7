"""How an endpoint's traffic is shared: whole percentages whose sum is 0 or 100, and a mirror. Arithmetic only."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from ..errors import UsageProblem, nearest

# The header with which a request names the deployment that must answer it, and with which an answer names it.
HEADER = "azureml-model-deployment"
# The header that a copy of a request carries, so that a script with side effects can tell.
MIRRORED = "azureml-mirrored"
MOST_MIRRORED = 50
_WHOLE = 100
_PAIR = re.compile(r"\s*([^\s=,]+)\s*=\s*([^\s=,]+?)%?\s*")


def read_shares(text: str) -> dict[str, int]:
    """Read ``"blue=90 green=10"``, with blanks or commas between the pairs.

    Raises
    ------
    UsageProblem
        For anything else.
    """
    found: dict[str, int] = {}
    for word in filter(None, re.split(r"[\s,]+", text.strip())):
        pair = _PAIR.fullmatch(word)
        if pair is None or not re.fullmatch(r"\d+", pair[2]):
            raise UsageProblem(f"{word!r} is not a deployment and its share.", hint='For example "blue=90 green=10".')
        if pair[1] in found:
            raise UsageProblem(f"{pair[1]} is given twice.", hint='For example "blue=90 green=10".')
        found[pair[1]] = int(pair[2])
    return found


def shown_shares(shares: Mapping[str, int]) -> str:
    """Write shares as :func:`read_shares` reads them."""
    return " ".join(f"{name}={share}" for name, share in shares.items())


def checked_traffic(given: Mapping[str, object], ready: Collection[str], known: Collection[str]) -> dict[str, int]:
    """Check shares as Azure ML does, and return those above zero.

    Parameters
    ----------
    given : mapping
        Percentages by deployment; deployments that are left out get none.
    ready : collection of str
        The deployments that can answer.
    known : collection of str
        All deployments of the endpoint.

    Raises
    ------
    UsageProblem
        For a share that is no whole number from 0 to 100, a sum other than 0 and 100, or a deployment that there is not
        or that cannot answer.
    """
    shares = {_known(name, known): _share(name, share, _WHOLE) for name, share in given.items()}
    total = sum(shares.values())
    if total not in {0, _WHOLE}:
        listed = " + ".join(f"{name} {share}" for name, share in shares.items())
        raise UsageProblem(
            f"The traffic must add up to 0 or 100 %, not to {total} % ({listed}).", hint=_example(shares, known)
        )
    for name, share in shares.items():
        if share and name not in ready:
            raise UsageProblem(
                f"Deployment {name} cannot get {share} % of the traffic: it is not ready.",
                hint="A deployment gets traffic once it is Healthy.",
            )
    return {name: share for name, share in shares.items() if share}


def checked_mirror(
    given: Mapping[str, object], traffic: Mapping[str, int], ready: Collection[str], known: Collection[str]
) -> dict[str, int]:
    """Check the share of requests that is copied to one deployment; returns it, or nothing.

    Raises
    ------
    UsageProblem
        For more than one deployment, more than 50 %, or a deployment with traffic, that there is not, or that cannot
        answer.
    """
    shares = {_known(name, known): _share(name, share, MOST_MIRRORED, "mirrored") for name, share in given.items()}
    shares = {name: share for name, share in shares.items() if share}
    if len(shares) > 1:
        raise UsageProblem(
            f"Requests are mirrored to one deployment, not to {len(shares)} ({', '.join(shares)}).",
            hint=f'For example "{next(iter(shares))}=10".',
        )
    for name in shares:
        if traffic.get(name):
            raise UsageProblem(
                f"Deployment {name} has {traffic[name]} % of the traffic, so requests are not mirrored to it as well.",
                hint="A mirror is for a deployment without traffic.",
            )
        if name not in ready:
            raise UsageProblem(
                f"Requests cannot be mirrored to deployment {name}: it is not ready.",
                hint="A deployment gets traffic once it is Healthy.",
            )
    return shares


def balanced(shares: Mapping[str, int], moved: str, share: int) -> dict[str, int]:
    """Move one share, and let the others keep their proportions so that the sum stays 100.

    Where the others have nothing, the first of them takes what is left; alone, a deployment has 100 or 0.

    Parameters
    ----------
    shares : mapping
        All deployments.
    moved : str
        The one that gets ``share``.
    """
    others = [name for name in shares if name != moved]
    share = max(0, min(_WHOLE, share))
    if not others:
        return {moved: _WHOLE if share else 0}
    left, had = _WHOLE - share, sum(shares[name] for name in others)
    exact = {name: left * shares[name] / had if had else left * (name == others[0]) for name in others}
    found = {name: int(value) for name, value in exact.items()}
    # The largest remainders get what rounding has left, so that no share is off by more than one.
    for name in sorted(others, key=lambda one: found[one] - exact[one])[: left - sum(found.values())]:
        found[name] += 1
    return {name: share if name == moved else found[name] for name in shares}


def _known(name: str, known: Collection[str]) -> str:
    if name in known:
        return name
    close = nearest(name, known)
    there = f"There are: {', '.join(sorted(known))}." if known else "It has no deployments yet."
    raise UsageProblem(
        f"The endpoint has no deployment {name!r}.", hint=f"Did you mean {close!r}? {there}" if close else there
    )


def _share(name: str, share: object, most: int, what: str = "the traffic's") -> int:
    if isinstance(share, float) and share.is_integer():
        share = int(share)
    if isinstance(share, bool) or not isinstance(share, int):
        raise UsageProblem(f"The share of {name} must be a whole number of percent, not {share!r}.")
    if 0 <= share <= most:
        return share
    raise UsageProblem(
        f"The share of {name} must be from 0 to {most} %, not {share}.",
        hint="" if most == _WHOLE else "At most half of the requests are mirrored.",
    )


def _example(shares: Mapping[str, int], known: Collection[str]) -> str:
    names = list(shares) or sorted(known)
    if len(names) == 1:
        return f'For example "{names[0]}=100".'
    return f'For example "{names[0]}=90 {names[1]}=10".'
