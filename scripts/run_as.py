"""Runs a program as one of our identities: `python scripts/run_as.py <identity> <file> -- <program> <argument>...`.

The identity's client id is the tenant file's, and the sign-in the job's own identity token, which the forge gives. Each
step of a pipeline names its identity so; nothing is written, and nothing of it stays for the next step.
"""

import argparse
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.console import Console
from scripts.environment import environment_as
from scripts.program import run_program
from steward.config.loader import load_tenant
from steward.errors import ConfigError, ExitCode
from steward.identities.roster import NAMES


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments; the program's own are left as they are."""
    parser = argparse.ArgumentParser(description="Runs a program as one of our identities, by the job's own token.")
    parser.add_argument("identity", choices=NAMES, help="who signs in")
    parser.add_argument("tenant", type=Path, help="the tenant file")
    parser.add_argument("program", nargs="+", help="what to run, after --")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and become the program; returns only where that fails."""
    parsed = parse(arguments)
    return run_program(lambda: _run(parsed), Console())


def _run(parsed: argparse.Namespace) -> ExitCode:
    tenant = load_tenant(parsed.tenant, is_to_close=parsed.identity == "close")
    client_ids = tenant.identities.client_ids if tenant.identities else {}
    if parsed.identity not in client_ids:
        raise ConfigError(
            f"{parsed.tenant} names no client id of the identity {parsed.identity}",
            why="it was not made yet",
            next_move=f"python scripts/identities.py make {parsed.tenant} {parsed.identity}",
        )
    environment = environment_as(client_ids[parsed.identity], tenant.tenant.id)
    try:
        os.execvpe(parsed.program[0], parsed.program, environment)  # noqa: S606  # no shell, and the caller's own program
    except OSError as error:
        raise ConfigError(
            f"{parsed.program[0]} cannot be run",
            why=error.strerror or str(error),
            next_move="write it after --, as: -- python scripts/plan.py tenants/contoso.yaml",
        ) from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
