"""All tests: ``python -m tests``. Side by side, then alone what measures time or owns the browser.

A few tests that fail are run once more, with nothing beside them, and are named: a machine of two cores is sometimes
too slow for a test that waits for a moment. Many failures, or one that fails again, fail the run. Words behind it go to
pytest, as in ``python -m tests --maxfail=1``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

_PYTEST = [sys.executable, "-m", "pytest"]
# Two cores, and tests that wait for processes half of their time.
_SIDE_BY_SIDE = ["-m", "not alone", "-n", "3", "--dist", "loadfile"]
_ALONE = ["-m", "alone"]
_FAILED, _NO_TESTS = 1, 5
_MOST_AGAIN = 8
_CACHE = Path(__file__).parent.parent / ".pytest_cache" / "v" / "cache" / "lastfailed"


def main(words: list[str]) -> int:
    """Run both parts, whatever becomes of the first.

    Returns
    -------
    int
        0 where all of them passed, at the second try at the latest.
    """
    _CACHE.unlink(missing_ok=True)
    codes = [_run([*part, *words]) for part in (_SIDE_BY_SIDE, _ALONE)]
    worst = max(code for code in (*codes, 0) if code != _NO_TESTS)
    failed = sorted(json.loads(_CACHE.read_text())) if _CACHE.exists() else []
    if worst != _FAILED or not 0 < len(failed) <= _MOST_AGAIN:
        return worst
    sys.stdout.write("-- once more, alone:\n" + "".join(f"--   {name}\n" for name in failed))
    return _run(["--last-failed", "--last-failed-no-failures", "none", *words])


def _run(words: list[str]) -> int:
    started = time.monotonic()
    code = subprocess.run([*_PYTEST, *words], check=False).returncode
    sys.stdout.write(f"-- pytest {' '.join(words)}: code {code} after {time.monotonic() - started:.0f} s\n")
    sys.stdout.flush()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
