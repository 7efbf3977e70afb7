"""What a rollout makes of the records that two versions have written: real files, as servers write them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pytest

from jupyter_deploy.deploying.observing import Observer
from jupyter_deploy.deploying.rolling import _plain
from jupyter_deploy.endpoints import Plan, columns_of
from jupyter_deploy.errors import UsageProblem
from jupyter_deploy.routing import PoolNumbers
from jupyter_deploy.serving.collection import REQUESTS, Writer, forget, records
from jupyter_deploy.verbs.rollout import read_rows

PLAN = Plan(max_p95=0.2, min_sample=10)
NONE = PoolNumbers()


class Files:
    """The collected files of an old and a new version, and an observer of them."""

    def __init__(self, root: Path, reference: dict[str, list[Any]] | None = None) -> None:
        self.now = time.time()
        self.root = root
        self._writers = {side: Writer(root / side, 1 << 20, print) for side in ("old", "new")}
        bundles = {"old": "o", "new": "n"}
        self.observer = Observer(PLAN, lambda side: [root / side], bundles, self.now, reference or {})
        self.observer.begin(self.now, NONE, mirrors=True)

    def write(self, side: str, name: str, output: str = "1", **more: Any) -> None:
        record = {"time": self.now + 0.001, "id": name, "status": 200, "us": 1000, "run_us": 900, "input": "7"}
        line = {**record, "output": output, "bundle": side[0], **more}
        writer = self._writers[side]
        writer.put(REQUESTS, orjson.dumps(line) + b"\n", 1)
        until = time.monotonic() + 5
        while not writer.has_written(writer.taken):
            assert time.monotonic() < until
            time.sleep(0.001)

    def seen(self, later: float = 0.5, numbers: PoolNumbers = NONE) -> Any:
        self.observer.read(self.now + later)
        return self.observer.observed(self.now + later, numbers)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_answers_are_joined_by_the_requests_id(files: Files) -> None:
    for number in range(10):
        files.write("old", f"r{number}")
        files.write("new", f"r{number}", "1.0" if number < 8 else "2")
    files.write("new", "only-new")
    # The same id for another request, and a request of before.
    files.write("old", "r-again", input="8")
    files.write("new", "r-again", input="9")
    files.write("new", "r-early", time=files.now - 5)
    found = files.seen()
    assert (found.new.requests, found.old.requests) == (12, 11)
    assert (found.compared, found.different, found.agreement) == (10, 2, 0.8)
    assert found.examples == ("r8", "r9")
    assert found.new.p95 == 0.001
    assert files.seen() == found


def test_what_another_bundle_collected_does_not_count(files: Files) -> None:
    files.write("new", "r1", bundle="another")
    assert files.seen().new.requests == 0


def test_a_failure_that_both_have_is_held_against_neither(files: Files) -> None:
    files.write("new", "both", status=500)
    assert files.seen().new.errors == 0
    assert files.seen().doubtful == 1
    files.write("old", "both", status=500)
    assert files.seen(1.5).new.errors == files.seen(1.5).old.errors == 0
    files.write("new", "alone", status=500)
    files.write("old", "alone")
    files.write("new", "refused", status=400)
    files.write("old", "refused")
    files.write("old", "late")
    files.write("new", "late", status=503)
    assert files.seen(1.5).new.errors == 3
    # Nobody knows what the old version answered to this one.
    files.write("new", "unknown", status=500)
    assert files.seen(1.6).doubtful == 0
    assert files.seen(1.6).new.errors == 4
    assert files.seen().recent.errors == 4
    assert files.seen().compared == 0


def test_slow_is_what_the_other_version_is_not(files: Files) -> None:
    for name, old, new in (("a", 1000, 900_000), ("b", 900_000, 900_000), ("c", 900_000, 1000)):
        files.write("old", name, us=old)
        files.write("new", name, us=new)
    found = files.seen(3.0)
    assert (found.new.slow, found.old.slow) == (1, 1)


def test_what_was_not_kept_whole_is_compared_as_far_as_it_goes(files: Files) -> None:
    for name, old, new in (("a", "1", "1"), ("b", "1", "2")):
        files.write("old", name, old, output_size=9)
        files.write("new", name, new, output_size=9)
    for side in ("old", "new"):
        files.write(side, "bytes", {"base64": "AAE="})  # type: ignore[arg-type]
    found = files.seen()
    assert (found.compared, found.different, found.incomparable) == (2, 1, 1)


def test_a_step_counts_its_own_requests_and_sends_the_captured_ones_again(files: Files) -> None:
    files.write("old", "r1", time=files.now - 60)
    files.write("old", "r2")
    files.write("new", "r2")
    files.seen()
    later = files.now + 10
    files.observer.begin(later, NONE, mirrors=False)
    assert files.seen(11).new.requests == 0
    sent = [files.observer.next_captured("old") for _ in range(3)]
    assert [one and one["id"] for one in sent] == ["r2", "r1", None]
    files.write("new", "r1", "5", time=later + 1)
    found = files.seen(12)
    assert (found.new.requests, found.compared, found.different) == (1, 1, 1)


def test_the_router_tells_of_failures_that_nobody_collected(files: Files) -> None:
    files.seen(0.1)
    files.seen(0.2, PoolNumbers(mirrored=12, mirror_failed=12))
    found = files.seen(0.4, PoolNumbers(mirrored=12, mirror_failed=12))
    assert (found.new.requests, found.new.errors) == (12, 12)
    # A router that was started again counts from 0.
    files.seen(0.6, NONE)
    assert files.seen(0.8, NONE).new.errors == 0


def test_a_version_that_never_answers_is_slow(files: Files) -> None:
    files.seen(0.1, PoolNumbers(active=0))
    files.seen(0.2, PoolNumbers(active=12))
    assert files.seen(1.0, PoolNumbers(active=12)).new.slow == 0
    found = files.seen(1.6, PoolNumbers(active=14))
    assert (found.new.requests, found.new.slow) == (12, 12)


def test_records_are_forgotten_while_a_server_writes_them(files: Files) -> None:
    files.write("old", "before", time=files.now - 5)
    files.write("old", "r1")
    forget(files.root / "old", REQUESTS, files.now)
    files.write("old", "r2")
    assert [one["id"] for one in records(files.root / "old", REQUESTS)] == ["before", "r2"]
    assert files.seen().old.requests == 1
    forget(files.root / "old", REQUESTS, files.now + 60)
    assert len(list(records(files.root / "old", REQUESTS))) == 2


def test_inputs_are_compared_with_a_sample_or_with_those_of_before(tmp_path: Path) -> None:
    given = Files(tmp_path, reference={"0": [1.0, 2.0], "1": ["a"]})
    given.write("new", "r1", input='[[1, "a"], [2, "a"]]')
    assert given.seen(3.0).drift == 0
    given.write("new", "r2", input='[[1, "b"], [2, "b"]]')
    assert given.seen(6.0).drift == 0.5
    other = Files(tmp_path / "other")
    other.write("old", "r0", time=other.now - 60, input="[[5]]")
    other.write("new", "r1", input="[[6]]")
    assert other.seen(3.0).drift == 1


def test_a_training_sample_may_be_a_frame_an_array_or_a_file(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": range(200), "y": ["a"] * 200})
    assert columns_of(_plain(frame), 2000) == {"x": list(range(200)), "y": ["a"] * 200}
    assert columns_of(_plain(frame[["x"]].to_numpy()), 2000) == {"0": list(range(200))}
    frame.to_csv(tmp_path / "sample.csv", index=False)
    assert columns_of(read_rows(str(tmp_path / "sample.csv")), 2000)["x"] == list(range(200))
    (tmp_path / "sample.json").write_text("[[1], [2]]")
    assert read_rows(str(tmp_path / "sample.json")) == [[1], [2]]
    (tmp_path / "sample.json").write_text("[[1]")
    for wrong in ("sample.json", "missing.csv"):
        with pytest.raises(UsageProblem, match="cannot be read as rows"):
            read_rows(str(tmp_path / wrong))
