"""Rollouts without a person at hand: ``python -m tests.benchmarks.rollouts`` (200 of them take ten minutes).

Several endpoints at once, each with clients that check every answer; on one of them only one request a second comes.
Every second version is faulty in one of four ways. ``--rollouts 16 --endpoints 2 --thin 4`` takes four minutes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from jupyter_deploy.workspace import Endpoint, Workspace

from .section import machine, mark, write_section

OLD = "import json, os, time\n\ndef init():\n    pass\n\ndef run(data):\n    return [2 * json.loads(data)]\n"
FAULTY = {
    "wrong": OLD.replace("2 * json.loads(data)", "2 * json.loads(data) + 1"),
    "failing": OLD.replace("    return", "    raise ValueError('no')\n    return"),
    "slow": OLD.replace("    return", "    time.sleep(0.7)\n    return"),
    "crashing": OLD.replace("    return", "    os._exit(3)\n    return"),
}
KINDS = [kind for faulty in FAULTY for kind in ("good", faulty)]
MOST_SECONDS = 5.0
SAMPLE = 20


class Clients:
    """Clients of one endpoint; what they were answered wrongly."""

    def __init__(self, endpoint: Endpoint, count: int, pause: float) -> None:
        self._endpoint, self._pause = endpoint, pause
        self._over = threading.Event()
        self.requests, self.failed, self.wrong = 0, 0, 0
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(count)]
        for thread in self._threads:
            thread.start()

    def _run(self, number: int) -> None:
        key = {"Authorization": f"Bearer {self._endpoint.get_keys().primary}"}
        with requests.Session() as session:
            while not self._over.wait(self._pause):
                number += 100
                try:
                    answer = session.post(self._endpoint.scoring_uri, data=str(number), headers=key, timeout=60)
                    self.failed += answer.status_code != 200
                    self.wrong += answer.status_code == 200 and answer.json() != [2 * number]
                except requests.RequestException:
                    self.failed += 1
                self.requests += 1

    def close(self) -> None:
        """End them."""
        self._over.set()
        for thread in self._threads:
            thread.join()


class Sample:
    """When the router had answers of a new version for the whole sample that is judged."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint, self._before = endpoint, self._answers(endpoint)
        self._over = threading.Event()
        # Of the last look before it was full: what is measured from then is never too short.
        self.full = time.time()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @staticmethod
    def _answers(endpoint: Endpoint) -> int:
        seen = endpoint.numbers().get("green")
        return seen.requests + seen.mirrored if seen else 0

    def _run(self) -> None:
        while not self._over.wait(0.2):
            looked = time.time()
            if self._answers(self._endpoint) - self._before >= SAMPLE:
                return
            self.full = looked

    def close(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()


def one_after_the_other(
    endpoint: Endpoint, folder: Path, count: int, plan: dict[str, object]
) -> list[dict[str, object]]:
    """Roll versions out, and return what became of each."""
    found: list[dict[str, object]] = []
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        script = folder / f"{endpoint.name}.py"
        script.write_text(FAULTY.get(kind, f"{OLD}# Version {number}.\n"))
        endpoint.route("blue=100")
        endpoint.deploy("green", script=script)
        sample = Sample(endpoint)
        rollout = endpoint.rollout("green", **plan, promote=True).wait(600)
        sample.close()
        times = {event["event"]: event["time"] for event in rollout.history}
        # A version that crashes is given up before its sample is full.
        took = max(0.0, times["roll back"] - sample.full) if "roll back" in times else None
        shared = max(event["share"] for event in rollout.history if event["event"] != "promote")
        found.append({"kind": kind, "state": rollout.state, "reason": rollout.reason, "took": took, "share": shared})
        print(endpoint.name, json.dumps(found[-1]), flush=True)
    return found


def measure(options: argparse.Namespace) -> list[str]:
    """Run all, and write the table's lines."""
    plan = {"steps": "20,50,100", "every": "0.5s", "max_p95": "500ms", "min_agreement": "99%", "min_sample": SAMPLE}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workspace = Workspace(folder / "home")
        (folder / "old.py").write_text(OLD)
        names = [*(f"busy-{number}" for number in range(options.endpoints)), "thin"]
        made: dict[str, Endpoint] = {}
        clients: dict[str, Clients] = {}
        try:
            for each in names:
                made[each] = workspace.endpoints.create(each)
                made[each].deploy("blue", script=folder / "old.py", settings={"collect": "requests"})
                made[each].route("blue=100")
                busy = each != "thin"
                count = max(1, options.clients // options.endpoints) if busy else 1
                clients[each] = Clients(made[each], count, options.pause if busy else 1.0)
            counts = [
                *(len(range(at, options.rollouts, options.endpoints)) for at in range(options.endpoints)),
                options.thin,
            ]
            with ThreadPoolExecutor(len(names)) as pool:
                results = list(
                    pool.map(lambda each, count: one_after_the_other(made[each], folder, count, plan), names, counts)
                )
            for one in clients.values():
                one.close()
            return lines(results, clients)
        finally:
            for one in clients.values():
                one.close()
            for endpoint in made.values():
                endpoint.delete()


def lines(results: list[list[dict[str, object]]], clients: dict[str, Clients]) -> list[str]:
    """Write the table."""
    every = [one for some in results for one in some]
    good = [one for one in every if one["kind"] == "good"]
    faulty = [one for one in every if one["kind"] != "good"]
    back = [one for one in faulty if one["state"] == "rolled back"]
    times = [float(str(one["took"])) for one in back]
    count, failed = (sum(getattr(one, key) for one in clients.values()) for key in ("requests", "failed"))
    wrong = sum(one.wrong for one in clients.values())
    kinds = Counter(str(one["kind"]) for one in faulty)
    promoted = sum(one["state"] == "promoted" for one in good)
    late = max(times, default=0.0)
    live = sum(one["share"] != 0 for one in faulty)
    told = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
    return [
        f"{len(every)} rollouts at {len(clients)} endpoints at once, {len(results[-1])} of them at one request a "
        f"second; {len(faulty)} faulty: {told}.",
        "",
        "| what | measured | wanted | met |",
        "|---|---|---|---|",
        f"| requests of clients that failed | {failed} of {count:,} | 0 | {mark(not failed)} |",
        f"| wrong answers that clients got | {wrong} | 0 | {mark(not wrong)} |",
        f"| faulty versions rolled back | {len(back)} of {len(faulty)} | all | {mark(len(back) == len(faulty))} |",
        f"| faulty versions that answered a client | {live} | 0 | {mark(not live)} |",
        f"| from a full sample of {SAMPLE} answers until it is rolled back | median {statistics.median(times):.1f} s, "
        f"at most {late:.1f} s | ≤ {MOST_SECONDS:g} s | {mark(late <= MOST_SECONDS)} |",
        f"| good versions that arrived | {promoted} of {len(good)} | all | {mark(promoted == len(good))} |",
    ]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rollouts", type=int, default=190)
    parser.add_argument("--thin", type=int, default=10, help="of them beside, at one request a second")
    parser.add_argument("--endpoints", type=int, default=8)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--pause", type=float, default=0.05, help="seconds between two requests of a client")
    options = parser.parse_args()
    found = measure(options)
    print("\n".join(found), flush=True)
    clients = f"{options.clients} clients, {options.pause * 1000:g} ms between two requests of each."
    write_section("rollouts", [*found, "", f"{machine()} {clients}"])


if __name__ == "__main__":
    main()
