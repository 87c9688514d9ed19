"""Runs the real Terraform in its place on PATH, notes what was asked of it, and at one moment lets the machine die.

`WATCHED_TERRAFORM` names a folder with `order.json`: the real program, whether to record, and at which phase, which
time and which moment the death comes. `phases.jsonl` beside it gets a line for each phase. Started with -I -S, it
costs a Terraform command some hundredths of a second.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

BEFORE, AFTER, ALONE = "before", "after", "alone"
_TOLD = frozenset({"version", "apply_start", "apply_complete"})
_SAYING = ("-target=", "-var=phase=")


def phase_of(arguments: list[str]) -> str:
    """Name what a command line asks for: its words, what it targets and the phase it turns to, without paths."""
    words = [Path(each).name for each in arguments if not each.startswith("-")]
    return " ".join(words + [each.partition("=")[2] for each in arguments if each.startswith(_SAYING)])


def main(arguments: list[str]) -> int:
    """Run Terraform with the arguments, and return its exit code."""
    folder = Path(os.environ["WATCHED_TERRAFORM"])
    order: dict[str, Any] = json.loads((folder / "order.json").read_text())
    phase = phase_of(arguments)
    seen = folder / "phases.jsonl"
    earlier = [json.loads(line) for line in seen.read_text().splitlines()] if seen.exists() else []
    nth = sum(each["phase"] == phase and "told" not in each for each in earlier) + 1
    with seen.open("a") as file:
        file.write(json.dumps({"phase": phase, "nth": nth}) + "\n")
    is_meant = (order.get("phase"), order.get("nth")) == (phase, nth)
    if not is_meant and not order.get("record"):
        os.execv(order["terraform"], [order["terraform"], *arguments])  # noqa: S606  # the real one, in our place
    moment = order["moment"] if is_meant else None
    if moment == BEFORE:
        _die()
    with subprocess.Popen([order["terraform"], *arguments], stdout=subprocess.PIPE) as process:
        told = _follow(process, moment)
    if moment == AFTER:
        _die()
    if order.get("record"):
        with seen.open("a") as file:
            file.write(json.dumps({"phase": phase, "nth": nth, "told": told}) + "\n")
    return process.returncode


def _follow(process: subprocess.Popen[bytes], moment: str | None) -> list[str]:
    """Pass on what Terraform says, and return its moments; die at the one that is meant."""
    told: list[str] = []
    for line in process.stdout or ():
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
        kind = _kind(line)
        if kind in _TOLD:
            told.append(f"{kind} {sum(each.startswith(kind) for each in told) + 1}")
            if moment == told[-1]:
                _die()
            if moment == f"{ALONE} at {told[-1]}":
                # Our program dies alone, and Terraform, whom nobody listens to any more, goes on.
                os.kill(os.getppid(), signal.SIGKILL)
    return told


def _kind(line: bytes) -> str:
    try:
        return str(json.loads(line)["type"])
    except (ValueError, KeyError, TypeError):
        return ""


def _die() -> NoReturn:
    os.kill(os.getppid(), signal.SIGKILL)
    os.killpg(0, signal.SIGKILL)  # Terraform, its provider and this process: all in the session that was made for it
    raise AssertionError("unreachable")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
