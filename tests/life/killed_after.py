"""Runs post_apply in this process, and kills the process the moment a step has been confirmed.

`python killed_after.py <step> <arguments of post_apply>`; nothing is cleaned up, as nothing is when a machine dies.
"""

import os
import signal
import sys

from scripts.post_apply import main
from steward.lifecycle.lines import Line


def _watch(step: str, line: Line) -> None:
    if line.step == step and line.verb in {"confirmed", "blocked"} and not line.subject:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:], watch=lambda line: _watch(sys.argv[1], line)))
