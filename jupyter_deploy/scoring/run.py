"""A scoring from its beginning to its end: read, send, write down, publish."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import DeployError, InvokeProblem, UsageProblem
from ..invoking import Signature
from ..progress import Step
from .asking import Outcome
from .journal import Journal
from .kinds import Kind
from .lanes import Engine
from .options import Asked
from .plan import Plan, plan_of, written_kinds
from .result import FailedRow, Scored
from .sinks import FAILED_ENDING, publish, write_failures
from .sources import Row, Scan, Source

_TELL_SECONDS = 0.1
# Where the first so many rows all fail, the request is wrong, not the rows.
_ALL_FAIL = 100


@dataclass(frozen=True)
class Job:
    """One input for one service."""

    service: str
    source: Source
    output: Path
    form: str  # of the output
    asked: Asked
    bundle: str  # the digest of what the service runs
    concurrency: int
    again: str  # the command that goes on
    notes: tuple[str, ...]
    now_runs: Callable[[], str] = field(repr=False)  # returns the digest of what the service runs now


class Run:
    """Scores one input; ``progress`` gets the steps of the work."""

    def __init__(self, job: Job, signature: Signature | None, progress: Callable[[str], None]) -> None:
        self._job, self._progress = job, progress
        self._started = self._told = time.monotonic()
        source, asked = job.source, job.asked
        self.scan: Scan = source.scan(lambda rows: self._say(f"reading {job.source.name}: {rows:,} rows"))
        if not self.scan.rows:
            raise UsageProblem(f"{source.name} has no rows.", hint="Nothing was sent.")
        self.plan: Plan
        self.plan, self._kinds, self._notes = plan_of(asked, self.scan, signature)
        taken = not asked.only and asked.prediction in (self.scan.columns or ())
        if taken:
            raise UsageProblem(
                f"The input has a column {asked.prediction!r} already.",
                hint="Give the predictions another name: --prediction NAME. Nothing was sent.",
            )

    def _about(self) -> dict[str, Any]:
        job, asked = self._job, self._job.asked
        return {
            "digest": self.scan.digest,
            "service": job.service,
            "bundle": job.bundle,
            "rows": self.plan.size,
            "columns": self.plan.columns,
            "kinds": dict(self._kinds),
            "form": self.plan.form,
            "key": self.plan.key,
            "prediction": asked.prediction,
            "only": asked.only,
        }

    def run(self, engine: Callable[[Plan], Engine]) -> Scored:
        """Score all rows that are not done yet, and publish the output.

        Raises
        ------
        InvokeProblem
            If more rows failed than may, or the first ones all failed; what was done is kept.
        """
        job = self._job
        journal = Journal(job.output, self._about(), job.asked.fresh)
        self._started = time.monotonic()
        try:
            try:
                if journal.done < self.scan.rows:
                    self._score(engine, journal)
            except KeyboardInterrupt:
                return self._result(journal, interrupted=True)
            except DeployError as error:
                journal.close()
                self._keep(journal, error)
                raise
            journal.close()
            if journal.done != self.scan.rows:
                raise UsageProblem(f"{job.source.name} was changed while it was scored.", hint="Add --fresh.")
            self._say("writing the output", force=True)
            kinds: dict[str, Kind] = written_kinds(self.scan, self._kinds)
            arguments = (job.output, job.form, job.source, self.scan, kinds, journal)
            publish(*arguments, job.asked.prediction, job.asked.only)
            found = self._result(journal)
            journal.remove()
            return found
        finally:
            journal.close()

    def _score(self, engine: Callable[[Plan], Engine], journal: Journal) -> None:
        rows = self._job.source.rows(self._kinds, journal.done)
        # The clock of the rate starts with the first request.
        with engine(self.plan) as lanes:
            self._started = time.monotonic()
            for block, outcomes in lanes.outcomes(_blocks(rows, lanes.size)):
                journal.add(block, outcomes)
                self._tell(journal)
                self._check(journal, outcomes)

    def _check(self, journal: Journal, outcomes: list[Outcome]) -> None:
        most = self._job.asked.max_failures
        if most is None:
            # Of an input this short, all reasons are worth having.
            enough = journal.failed == journal.done >= _ALL_FAIL and journal.done < self.scan.rows
            problem = f"the first {journal.done:,} rows all failed"
        else:
            enough = journal.failed > most
            problem = f"{journal.failed:,} of {journal.done:,} rows failed, and at most {most:,} may"
        if enough:
            row, failed = journal.first_failed[0]
            raise InvokeProblem(
                f"{self._job.service}: {problem}; row {row:,}: {failed.message}",
                problem=f"{problem}; row {row:,}: {failed.message}",
                hint=f"The failed rows are in {_failed_name(self._job.output)}. --max-failures N lets more fail.",
            )

    def _keep(self, journal: Journal, error: DeployError) -> None:
        """Write the failed rows for who looks for the reason, and say how it goes on."""
        write_failures(self._job.output, journal)
        if journal.done:
            kept = f"{journal.done:,} of {self.scan.rows:,} rows are done and kept; this goes on: {self._job.again}"
            error.hint = f"{error.hint} {kept}".strip()

    def _tell(self, journal: Journal) -> None:
        now = time.monotonic()
        if now - self._told < _TELL_SECONDS:
            return
        self._told = now
        done, rows = journal.done, self.scan.rows
        rate = (done - journal.resumed) / max(now - self._started, 1e-9)
        failed = f", {journal.failed:,} failed" if journal.failed else ""
        left = f", {_duration((rows - done) / rate)} left" if rate else ""
        words = f"{done:,} of {rows:,} rows, {rate:,.0f}/s{left}{failed}"
        self._progress(Step(words, stage="score", fraction=done / rows))

    def _say(self, words: str, *, force: bool = False) -> None:
        now = time.monotonic()
        if force or now - self._told > _TELL_SECONDS:
            self._told = now
            self._progress(Step(words, stage="read" if not force else "write"))

    def _result(self, journal: Journal, *, interrupted: bool = False) -> Scored:
        journal.close()
        job, seconds = self._job, time.monotonic() - self._started
        failures = write_failures(job.output, journal)
        notes = [*self._notes, *job.notes]
        if job.now_runs() != job.bundle:
            notes.append("the service was changed meanwhile: later rows may have been scored by other code or models")
        return Scored(
            job.service,
            job.source.name,
            str(job.output),
            self.scan.rows,
            journal.done,
            journal.failed,
            journal.resumed,
            seconds,
            self.plan.size,
            job.concurrency,
            job.asked.engine,
            str(failures) if failures else "",
            tuple(FailedRow(row, one.message, one.status) for row, one in journal.first_failed),
            interrupted,
            tuple(notes),
            job.again if interrupted else "",
        )


def _blocks(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    while block := list(itertools.islice(rows, size)):
        yield block


def _failed_name(output: Path) -> str:
    return f"{output}{FAILED_ENDING}"


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {whole % 60} s"
