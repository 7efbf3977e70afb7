"""A run that ends before its last row goes on behind it, and one whose service goes away waits for it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from jupyter_deploy.cli import main
from jupyter_deploy.deploying.changing import Busy
from jupyter_deploy.errors import DeployError, ServiceDown, UsageProblem
from jupyter_deploy.scoring import Scored
from jupyter_deploy.workspace import Service, Workspace
from tests.e2e.conftest import until
from tests.servers import process_of

from .conftest import LINES, write_csv

ROWS = 300
# Requests that may be on their way, or wait for an older one, when a run is killed.
IN_FLIGHT = 5 * 8


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Rows that note their numbers in a file when they are scored, 5 ms each."""
    seen = str(tmp_path / "seen")
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps({"n": number, "seen": seen}) + "\n" for number in range(ROWS)))
    return path


def predictions(out: Path) -> list[object]:
    return [json.loads(line)["prediction"] for line in out.read_text().splitlines()]


def started(source: Path, out: Path) -> subprocess.Popen[str]:
    """A run in a process of its own, once it has noted a few rows."""
    words = [sys.executable, "-m", "jupyter_deploy.cli", "score", str(source), "--service", "lines", "--out", str(out)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    until(lambda: process.poll() is not None or _lines(journal_of(out)) > 60, 30)
    assert process.poll() is None, process.communicate()[0]
    return process


def journal_of(out: Path) -> Path:
    return out.with_name(f"{out.name}.partial.jsonl")


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_a_killed_run_goes_on_with_the_same_command(lines: Service, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("of an earlier run\n")
    process = started(source, out)
    with pytest.raises(Busy, match="Another scoring is writing"):
        lines.score(source, out)
    process.kill()
    process.communicate()
    done = _lines(journal_of(out)) - 1
    assert 0 < done < ROWS
    assert out.read_text() == "of an earlier run\n"
    # As a crash of the machine leaves it.
    with journal_of(out).open("ab") as file:
        file.write(b'{"value": 12')
    # What would make other answers is refused by its name, and nothing is lost by that.
    for options, message in (({"only": True}, "--only changed"), ({"prediction": "p"}, "--prediction changed")):
        with pytest.raises(UsageProblem, match=message) as error:
            lines.score(source, out, **options)
        assert "--fresh" in error.value.hint
    found = lines.score(source, out, concurrency=4)
    assert (found.resumed, found.done, found.failed) == (done, ROWS, 0)
    assert predictions(out) == list(range(ROWS))
    times = Counter(map(int, (tmp_path / "seen").read_text().split()))
    assert sorted(times) == list(range(ROWS))
    twice = [number for number, count in times.items() if count > 1]
    assert all(done <= number < done + IN_FLIGHT for number in twice)
    assert not journal_of(out).exists()


def test_ctrl_c_keeps_what_was_done_and_tells_the_command(
    lines: Service, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out 1.jsonl"
    process = started(source, out)
    process.send_signal(signal.SIGINT)
    said = process.communicate()[0]
    assert process.returncode == 130, said
    assert f"of {ROWS} rows, interrupted" in said
    command = said.partition("This goes on: ")[2].splitlines()[0]
    assert command == shlex.join(["jupyter", "model", "score", str(source), "--service", "lines", "--out", str(out)])
    # Another input is not the rest of this one.
    text = source.read_text()
    source.write_text(text.replace('"n": 7,', '"n": 70,'))
    assert main(shlex.split(command)[2:]) == 2
    assert "the input's content changed" in capsys.readouterr().err
    source.write_text(text)
    assert main(shlex.split(command)[2:]) == 0
    assert "resumed" in capsys.readouterr().out
    assert predictions(out) == list(range(ROWS))


def scored_while(lines: Service, source: Path, out: Path, act: Callable[[], object]) -> Scored:
    """Score, and do something once in the middle of it."""
    told: list[str] = []

    def progress(text: str) -> None:
        if getattr(text, "stage", "") == "score":
            if not told:
                act()
            told.append(text)

    found = lines.score(source, out, progress=progress)
    assert all(" of 300 rows, " in text and text.endswith(" left") for text in told)
    assert predictions(out) == list(range(ROWS))
    return found


def test_a_service_that_is_killed_or_changed_meanwhile(
    shared: Workspace, lines: Service, source: Path, tmp_path: Path
) -> None:
    def kill() -> None:
        root = psutil.Process(process_of(lines).pid)
        for process in (root, *root.children(recursive=True)):
            os.kill(process.pid, signal.SIGKILL)

    assert scored_while(lines, source, tmp_path / "out.jsonl", kill).notes == ()

    def change() -> None:
        shared.score_script("lines", LINES + "\n# changed\n")

    found = scored_while(lines, source, tmp_path / "out.jsonl", change)
    assert ["the service was changed meanwhile" in note for note in found.notes] == [True]


def test_a_service_that_stays_away(lines: Service, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    with pytest.raises(DeployError) as error:
        stops: list[str] = []

        def stop(text: str) -> None:
            if getattr(text, "stage", "") == "score" and not stops:
                stops.append(text)
                lines.stop()

        lines.score(source, out, progress=stop, patience=0.3)
    assert isinstance(error.value, ServiceDown)
    assert "are done and kept; this goes on: jupyter model score" in error.value.hint
    with pytest.raises(ServiceDown):
        lines.score(source, out)
    lines.start()
    assert lines.score(source, out).resumed > 0
    assert predictions(out) == list(range(ROWS))


def test_only_a_few_blocks_are_read_ahead(table: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept in memory does not grow with the file."""
    from jupyter_deploy.scoring import Lanes

    read, ahead = [0], [0]
    whole = Lanes.outcomes

    def watched(self: Lanes, blocks: object) -> object:
        def counted() -> object:
            for block in blocks:  # type: ignore[attr-defined]
                read[0] += 1
                yield block

        for place, found in enumerate(whole(self, counted()), 1):  # type: ignore[arg-type]
            ahead[0] = max(ahead[0], read[0] - place)
            yield found

    monkeypatch.setattr(Lanes, "outcomes", watched)
    table.score(write_csv(tmp_path / "in.csv", [1] * 500), tmp_path / "out.csv", rows=5, concurrency=2)
    assert read == [100]
    assert 0 < ahead[0] <= 8
