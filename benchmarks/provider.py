"""What the rehearsal provider costs: its start, its memory, and what a Terraform command takes with and without one.

Out: a ``Cost`` a process, by name. Each is held against a bare start of Python with the library that the provider
serves with, in the same run. Processor time is measured, which a busy machine changes little.
"""

from __future__ import annotations

import compileall
import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.processes import ROOT, Cost, run
from sandbox.provider.attached import VARIABLE, attached_provider
from sandbox.provider.mirror import write_mirror
from sandbox.provider.serve import MAGIC_COOKIE
from scripts.environment import child_environment, find_on_path

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
_MIB = 1024 * 1024


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

        def start(variables: Mapping[str, str], *command: str) -> Cost:
            return run(command, environment={**environment, **variables}, folder=folder, to_its_first_line=True)

        def validate(variables: Mapping[str, str]) -> Cost:
            command = (terraform, "validate", "-json")
            return run(command, environment={**environment, **variables}, folder=folder, out=subprocess.DEVNULL)

        initialise = (terraform, "init", "-input=false")
        run(initialise, environment=environment, folder=folder, out=subprocess.DEVNULL)
        with attached_provider(environment) as attached:
            ways: dict[str, Callable[[], Cost]] = {
                BARE: lambda: start({}, sys.executable, "-c", _BARE),
                START: lambda: start(dict([MAGIC_COOKIE]), str(executable)),
                STARTED: lambda: validate({}),
                ATTACHED: lambda: validate({VARIABLE: attached}),
            }
            costs = [{name: way() for name, way in ways.items()} for _ in range(rounds + 1)][1:]
    return {name: _median([each[name] for each in costs]) for name in ways}


def render(costs: Mapping[str, Cost]) -> str:
    """Write the costs and their ratios to the bare start's as a table."""
    lines = ["| process | processor time | of a bare start's | memory |", "|---|---|---|---|"]
    for name, cost in costs.items():
        ratio = cost.computing / costs[BARE].computing
        lines.append(f"| {name} | {cost.computing:.2f} s | {ratio:.1f}x | {cost.memory / _MIB:.0f} MB |")
    return "\n".join(lines)


def _median(costs: Sequence[Cost]) -> Cost:
    memory = statistics.median(each.memory for each in costs)
    return Cost(statistics.median(each.computing for each in costs), int(memory))
