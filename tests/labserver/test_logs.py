"""Pages of a log: by offset, from both sides, through a rotation."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy.errors import NotFound, UsageProblem
from jupyter_deploy.labserver.logs import of_service, page, whole
from jupyter_deploy.workspace import Workspace

RECORD = "2026-01-02 03:04:05,678 W [12] - app - line {}"


def lines(numbers: range) -> str:
    return "".join(f"{RECORD.format(number)}\n" for number in numbers)


@pytest.fixture
def log(workspace: Workspace) -> Path:
    """The log of a deployment that failed: of such a service there is nothing else."""
    path = workspace.home.log("gone")
    path.write_text(lines(range(10)))
    return path


def numbers(found: dict[str, object]) -> list[int]:
    return [int(str(line["text"]).rpartition(" ")[2]) for line in found["lines"]]  # type: ignore[attr-defined]


def test_from_the_end_and_on(workspace: Workspace, log: Path) -> None:
    last = page(of_service(workspace, "gone"), -1, 3)
    assert numbers(last) == [7, 8, 9]
    assert last["lines"][0] == {"level": "W", "time": "2026-01-02 03:04:05,678", "text": RECORD.format(7)}
    assert (last["offset"], last["more"], last["rotated"]) == (log.stat().st_size, False, False)
    with log.open("a") as file:
        file.write(lines(range(10, 12)) + "half a li")
    more = page(of_service(workspace, "gone"), last["offset"], 100, last["file"])
    assert (numbers(more), more["more"]) == ([10, 11], False)
    with log.open("a") as file:
        file.write("ne 12\n")
    assert numbers(page(of_service(workspace, "gone"), more["offset"], 100, more["file"])) == [12]


def test_from_the_beginning_in_pages_and_back(workspace: Workspace, log: Path) -> None:
    first = page(of_service(workspace, "gone"), 0, 4)
    second = page(of_service(workspace, "gone"), first["offset"], 4)
    third = page(of_service(workspace, "gone"), second["offset"], 4)
    assert [numbers(one) for one in (first, second, third)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert [one["more"] for one in (first, second, third)] == [True, True, False]
    back = page(of_service(workspace, "gone"), -1, 3, before=second["start"])
    assert (numbers(back), back["offset"]) == ([1, 2, 3], second["start"])
    assert numbers(page(of_service(workspace, "gone"), -1, 3, before=back["start"])) == [0]


def test_a_file_that_was_moved_away_is_read_to_its_end(workspace: Workspace, log: Path) -> None:
    seen = page(of_service(workspace, "gone"), -1, 3)
    with log.open("a") as file:
        file.write(lines(range(10, 13)))
    log.rename(log.with_name("gone.log.1"))
    log.write_text(lines(range(13, 15)))
    rest = page(of_service(workspace, "gone"), seen["offset"], 2, seen["file"])
    assert (numbers(rest), rest["more"], rest["rotated"]) == ([10, 11], True, False)
    rest = page(of_service(workspace, "gone"), rest["offset"], 2, rest["file"])
    assert (numbers(rest), rest["more"]) == ([12], True)
    new = page(of_service(workspace, "gone"), rest["offset"], 2, rest["file"])
    assert (numbers(new), new["rotated"]) == ([13, 14], True)
    assert numbers(page(of_service(workspace, "gone"), new["offset"], 2, new["file"])) == []
    assert b"".join(whole(of_service(workspace, "gone"))).decode() == lines(range(15))


def test_a_file_that_was_copied_and_emptied_is_read_to_its_end(workspace: Workspace, log: Path) -> None:
    seen = page(of_service(workspace, "gone"), -1, 3)
    with log.open("a") as file:
        file.write(lines(range(10, 12)))
    log.with_name("gone.log.1").write_bytes(log.read_bytes())
    log.write_text(lines(range(12, 13)))
    rest = page(of_service(workspace, "gone"), seen["offset"], 9, seen["file"])
    assert (numbers(rest), rest["more"]) == ([10, 11], True)
    new = page(of_service(workspace, "gone"), rest["offset"], 9, rest["file"])
    assert (numbers(new), new["rotated"]) == ([12], True)


def test_one_line_without_an_end_does_not_stop_the_log(workspace: Workspace, log: Path) -> None:
    log.write_bytes(b"x" * 3_000_000 + b"\n" + lines(range(1)).encode())
    offset, found = 0, []
    for _ in range(9):
        one = page(of_service(workspace, "gone"), offset, 5)
        found += one["lines"]
        offset = one["offset"]
        if not one["more"]:
            break
    assert found[-1]["text"] == RECORD.format(0)
    assert all(len(line["text"]) < 3000 for line in found)


def test_what_is_no_page(workspace: Workspace, log: Path) -> None:
    for offset, limit in ((-2, 5), (0, 0), (0, 10**6)):
        with pytest.raises(UsageProblem):
            page(of_service(workspace, "gone"), offset, limit)
    with pytest.raises(NotFound):
        page(of_service(workspace, "never"), -1, 5)
    with pytest.raises(NotFound):
        list(whole(of_service(workspace, "never")))
