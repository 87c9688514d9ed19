"""Puts the parts together for one tenant: the stack's folder, the Terraform that runs it, and a signed-in session."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.environment import find_terraform, read_sign_in, terraform_environment
from steward.config.model import Tenant
from steward.errors import ConfigError
from steward.graph.credentials import open_credential
from steward.graph.session import GraphSession, open_session
from steward.terraform import Workspace


@dataclass(frozen=True)
class Wired:
    """What a program works with."""

    session: GraphSession
    workspace: Workspace


@asynccontextmanager
async def wire(tenant: Tenant, stack: Path | None = None, *, needs_stack: bool) -> AsyncIterator[Wired]:
    """Sign in, and yield the session with the stack's workspace.

    With `needs_stack` the stack has been synthesized, is initialised and is the tenant's, else `ConfigError`; without
    it, a missing Terraform or stack shows only when something asks for it.
    """
    cloud = tenant.tenant.cloud
    # A plan keeps the state's values in clear, so it lives in a folder of its own that goes with the program.
    with TemporaryDirectory(prefix="steward-") as scratch:
        workspace = Workspace(
            folder=stack or Path("cdktf.out") / "stacks" / tenant.name,
            program=find_terraform() if needs_stack else _terraform_if_any(),
            environment=terraform_environment(cloud),
            scratch=Path(scratch),
        )
        if needs_stack:
            workspace.require_stack_of(tenant)
            await workspace.ensure_initialized()
        credential = open_credential(cloud, tenant.tenant.id, read_sign_in())
        async with open_session(cloud, credential) as session:
            if session.caller.tenant_id and session.caller.tenant_id != tenant.tenant.id:
                raise ConfigError(
                    f"the sign-in is for tenant {session.caller.tenant_id}",
                    why=f"{tenant.file} is about tenant {tenant.tenant.id}",
                    next_move="sign in to that tenant, or name its own file",
                )
            yield Wired(session, workspace)


def _terraform_if_any() -> str:
    try:
        return find_terraform()
    except ConfigError:
        return "terraform"
