"""Brings plans to the container that they wait in for their approval, and fetches them: `python scripts/plan_store.py`.

`put <file>` is for the job that planned, `fetch <file> --hash <sha256>` for the one that applies, and
`keep-state <file>` for a state that an apply could not write. Who signs in is read from the environment, as everywhere.
"""

import argparse
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.apply import sha256
from scripts.console import Console
from scripts.delivery import plan_folder
from scripts.environment import read_sign_in
from scripts.program import run_program
from steward.config.loader import load_tenant
from steward.config.model import Tenant
from steward.delivery.manifest import read_manifest
from steward.delivery.plan_store import PlanStore
from steward.errors import ConfigError, ExitCode
from steward.graph.credentials import open_credential


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments."""
    parser = argparse.ArgumentParser(description="Brings plans to the container that they wait in, and fetches them.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, told in (
        ("put", "put the tenant's plan there"),
        ("fetch", "fetch the plan with the approved hash"),
        ("keep-state", "keep a state that an apply could not write, if there is one"),
    ):
        each = verbs.add_parser(verb, help=told)
        each.add_argument("tenant", type=Path, help="the tenant file")
        each.add_argument("--store", required=True, help="address of the container of blobs, https://<account>/<name>")
        each.add_argument("--plan", type=Path, help="the plan's folder (default: cdktf.out/plans/<tenant>)")
        if verb == "fetch":
            each.add_argument("--hash", type=sha256, required=True, metavar="SHA256", help="the hash as approved")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and run; the exit code says how it ended."""
    parsed = parse(arguments)
    console = Console()
    return run_program(lambda: _run(parsed, console), console)


def _run(parsed: argparse.Namespace, console: Console) -> ExitCode:
    tenant = load_tenant(parsed.tenant)
    folder = parsed.plan or plan_folder(tenant.name)
    store = PlanStore(
        parsed.store, open_credential(tenant.tenant.cloud, _tenant_id(), read_sign_in()), tenant.tenant.cloud
    )
    match parsed.verb:
        case "put":
            _put(tenant, store, folder, console)
        case "fetch":
            store.fetch(tenant.name, parsed.hash, folder)
            console.result(f"{tenant.name}: fetched {parsed.hash}")
        case _:
            kept = store.keep_state(tenant.name, folder)
            told = f"the state that was not written is kept as {kept}" if kept else "no state is left over"
            console.result(f"{tenant.name}: {told}")
    return ExitCode.WELL


def _put(tenant: Tenant, store: PlanStore, folder: Path, console: Console) -> None:
    manifest = read_manifest(folder)
    if manifest.tenant != tenant.name:
        raise ConfigError(
            f"{folder} holds the plan of {manifest.tenant}",
            why=f"the file is about {tenant.name}",
            next_move="name the folder of this tenant's plan with --plan",
        )
    is_new = store.put(tenant.name, folder, manifest.plan_sha256)
    console.result(f"{tenant.name}: {'put' if is_new else 'already there'}: {manifest.plan_sha256}")


def _tenant_id(variables: "os._Environ[str]" = os.environ) -> str:
    """Return the tenant that the container's subscription trusts, which need not be the tenant file's."""
    found = variables.get("ARM_TENANT_ID")
    if not found:
        raise ConfigError(
            "ARM_TENANT_ID is not set",
            why="the container asks for a sign-in to the tenant of its subscription",
            next_move="set it, with ARM_CLIENT_ID, at the step",
        )
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
