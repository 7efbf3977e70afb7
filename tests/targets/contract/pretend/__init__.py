"""A target that is far away, as far as it knows: no shared folder, three replicas, a slow network.

It comes as another distribution would: ``installed/`` has what an installer would have written.
"""

from __future__ import annotations

from pathlib import Path

INSTALLED = Path(__file__).parent / "installed"
# The folder that the platform keeps everything in.
VARIABLE = "PRETEND_PLATFORM"
DELAY_SECONDS = 0.02
