"""A tenant's stack, synthesized from its file by the program that cdktf runs, and put where Terraform runs it.

`cdktf synth` starts the same program in the same way and writes the same bytes; started by itself it takes in one
tenant's file only, so that no other tenant's fault and no other tenant's stack is in it.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from steward.config.model import Tenant
from steward.delivery.plan_file import STACK
from steward.errors import ConfigError, ExitCode

_OUT = "cdktf.out"
_SHOWN_LINES = 12


def synthesize(tenant: Tenant, program: Sequence[str], environment: Mapping[str, str], scratch: Path) -> bytes:
    """Return what the tenant's file synthesizes to; `program` is the CDK for Terraform program with the file named.

    Raises `ConfigError` with the program's own words when it fails.
    """
    out = scratch / _OUT
    try:
        finished = subprocess.run(
            list(program),
            env={**environment, "CDKTF_OUTDIR": str(out)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if finished.returncode == 0:
            return (out / "stacks" / tenant.name / STACK).read_bytes()
        words = "\n        ".join(finished.stderr.strip().splitlines()[-_SHOWN_LINES:])
        why = words or f"exit code {finished.returncode}"
        is_told = finished.returncode == ExitCode.BAD_INPUT
    except OSError as error:
        why, is_told = f"{error.filename or program[0]}: {error.strerror}", False
    raise ConfigError(
        f"the stack of {tenant.name} could not be synthesized",
        why=why,
        next_move="mend what it names, then run it again"
        if is_told
        else "run make set-up, and put .venv/bin and .toolchain/bin on PATH: the program needs Node.js",
    )


def put_in_place(stack: bytes, folder: Path) -> None:
    """Write a synthesized stack into the folder where Terraform runs it, if another one stands there."""
    file = folder / STACK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if file.is_file() and file.read_bytes() == stack:
            return
        fresh = folder / f".{STACK}.{os.getpid()}"
        fresh.write_bytes(stack)
        fresh.replace(file)
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be written",
            why=error.strerror or str(error),
            next_move="make the folder writable, or name another one with --stack",
        ) from None
