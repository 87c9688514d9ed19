"""What the rehearsal provider costs: its start, its memory, and what a Terraform command takes with and without one.

Out: a ``Cost`` a process, by name. Each is held against a bare start of Python with the library that the provider
serves with, in the same run. Processor time is measured, which a busy machine changes little.
"""

from __future__ import annotations

import compileall
import json
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sandbox.provider.attached import VARIABLE, attached_provider
from sandbox.provider.mirror import write_mirror
from sandbox.provider.serve import MAGIC_COOKIE
from scripts.environment import child_environment, find_on_path

ROOT: Final = Path(__file__).resolve().parents[1]
BARE: Final = "Python that loads gRPC"
START: Final = "the provider until its handshake"
STARTED: Final = "`terraform validate`, which starts it twice"
ATTACHED: Final = "`terraform validate`, the provider attached"

# Says a line as the provider does, and waits.
_BARE = "import grpc, sys; print(1, flush=True); sys.stdin.read()"
_USER = {"user_principal_name": "a@contoso.example", "display_name": "A", "password": "Kelp-9-lantern"}
_CONFIGURATION = {
    "terraform": {"required_providers": {"azuread": {"source": "hashicorp/azuread"}}},
    "resource": {"azuread_user": {"a": _USER}},
}


@dataclass(frozen=True)
class Cost:
    """Processor seconds, children's included, and for a process that serves its memory in megabytes."""

    seconds: float
    megabytes: float | None = None


def measure(*, rounds: int) -> dict[str, Cost]:
    """Run every process so many times, in turns, and return the medians."""
    compileall.compile_dir(ROOT / "sandbox", quiet=1)  # which an interpreter may have been told not to do by itself
    terraform = find_on_path("terraform")
    if terraform is None:
        raise FileNotFoundError("terraform is not on PATH; `make set-up` brings it")
    with TemporaryDirectory(prefix="provider-cost-") as scratch:
        folder = Path(scratch)
        configuration = write_mirror(folder / "mirror", python=Path(sys.executable), source_root=ROOT)
        environment = {**child_environment(ROOT), "TF_CLI_CONFIG_FILE": str(configuration)}
        executable = next((folder / "mirror").rglob("terraform-provider-azuread_*"))
        (folder / "main.tf.json").write_text(json.dumps(_CONFIGURATION), encoding="utf-8")
        _run([terraform, "init", "-input=false"], environment, folder)
        with attached_provider(environment) as attached:
            validate = [terraform, "validate", "-json"]
            ways: dict[str, Callable[[], Cost]] = {
                BARE: lambda: _serving([sys.executable, "-c", _BARE], environment),
                START: lambda: _serving([str(executable)], {**environment, MAGIC_COOKIE[0]: MAGIC_COOKIE[1]}),
                STARTED: lambda: _run(validate, environment, folder),
                ATTACHED: lambda: _run(validate, {**environment, VARIABLE: attached}, folder),
            }
            costs = [{name: way() for name, way in ways.items()} for _ in range(rounds + 1)][1:]
    return {name: _median([each[name] for each in costs]) for name in ways}


def render(costs: Mapping[str, Cost]) -> str:
    """Write the costs and their ratios to the bare start's as a table."""
    lines = ["| process | processor time | of a bare start's | memory |", "|---|---|---|---|"]
    for name, cost in costs.items():
        ratio = cost.seconds / costs[BARE].seconds
        memory = "" if cost.megabytes is None else f"{cost.megabytes:.0f} MB"
        lines.append(f"| {name} | {cost.seconds:.2f} s | {ratio:.1f}x | {memory} |")
    return "\n".join(lines)


def _median(costs: Sequence[Cost]) -> Cost:
    memory = [each.megabytes for each in costs if each.megabytes is not None]
    return Cost(statistics.median(each.seconds for each in costs), statistics.median(memory) if memory else None)


def _serving(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Start a process, and end it when it has said its first line."""
    process = subprocess.Popen(
        list(command), env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None  # noqa: S101  it was asked for
    process.stdout.readline()
    status = Path(f"/proc/{process.pid}/status")
    held = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="utf-8")) if status.exists() else None
    process.kill()
    return Cost(_used(process), int(held.group(1)) / 1024 if held else None)


def _run(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> Cost:
    """Run a process to its end."""
    process = subprocess.Popen(list(command), env=dict(environment), cwd=folder, stdout=subprocess.DEVNULL)
    seconds = _used(process)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(seconds)


def _used(process: subprocess.Popen[Any]) -> float:
    """Wait for a process, and return the processor time that it and its children took."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()
    return used.ru_utime + used.ru_stime
