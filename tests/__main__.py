"""All tests: ``python -m tests``. Side by side what only waits, then alone what measures or owns the machine.

Words behind it go to pytest in both runs, as in ``python -m tests --maxfail=1``.
"""

from __future__ import annotations

import subprocess
import sys
import time

_PYTEST = [sys.executable, "-m", "pytest"]
# Two cores, and tests that wait for processes half of their time.
_SIDE_BY_SIDE = ["-m", "not alone", "-n", "3", "--dist", "loadfile"]
_ALONE = ["-m", "alone"]
_NO_TESTS = 5


def main(words: list[str]) -> int:
    """Run both parts, whatever becomes of the first.

    Returns
    -------
    int
        0 where all of them passed.
    """
    codes = []
    for part in (_SIDE_BY_SIDE, _ALONE):
        started = time.monotonic()
        codes.append(subprocess.run([*_PYTEST, *part, *words], check=False).returncode)
        sys.stdout.write(f"-- pytest {' '.join(part)}: code {codes[-1]} after {time.monotonic() - started:.0f} s\n")
        sys.stdout.flush()
    return max(code for code in (*codes, 0) if code != _NO_TESTS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
