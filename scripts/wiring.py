"""Puts the parts together for one tenant: the stack's folder, the Terraform that runs it, and a signed-in session."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.environment import find_terraform, read_sign_in, sink_environment, terraform_environment
from steward.config.model import Tenant
from steward.errors import ConfigError
from steward.graph.credentials import open_credential
from steward.graph.patience import Patience
from steward.graph.session import GraphSession, open_session
from steward.graph.sign_in_methods import SignInMethod
from steward.lifecycle.lines import Line, Observer
from steward.scratch import open_scratch
from steward.sinks.registry import Means, open_sink
from steward.sinks.sink import Sink
from steward.terraform import READ_SECONDS, Workspace

# Whoever takes a role away does not wait long for what can be done without.
_URGENT = Patience(answer_seconds=30.0, put_off_seconds=60.0)
_URGENT_READ_SECONDS = 20.0


@dataclass(frozen=True)
class Wired:
    """What a program works with."""

    session: GraphSession
    workspace: Workspace
    sink: Sink | None


@asynccontextmanager
async def wire(
    tenant: Tenant,
    stack: Path | None = None,
    *,
    needs_stack: bool,
    is_urgent: bool = False,
    is_look: bool = False,
    observe: Observer = lambda _: None,
) -> AsyncIterator[Wired]:
    """Sign in, and yield the session with the stack's workspace.

    With `needs_stack` the stack has been synthesized, is initialised and is the tenant's, else `ConfigError`; without
    it, a missing Terraform or stack shows only when something asks for it. `is_look` leaves a state as it is that a
    killed write has emptied. `observe` is told of every longer wait.
    """
    folder = stack or Path("cdktf.out") / "stacks" / tenant.name
    program = find_terraform() if needs_stack else _terraform_if_any()
    with open_workspace(tenant, folder, program, is_urgent=is_urgent, is_look=is_look, observe=observe) as workspace:
        if needs_stack:
            workspace.require_stack_of(tenant)
            await workspace.ensure_initialized()
        credential = open_credential(tenant.tenant.cloud, tenant.tenant.id, read_sign_in())
        async with sign_in(tenant, is_urgent=is_urgent, observe=observe) as session:
            yield Wired(session, workspace, open_sink(tenant, Means(credential, sink_environment())))


@contextmanager
def open_workspace(
    tenant: Tenant,
    folder: Path,
    program: str | None = None,
    *,
    is_urgent: bool,
    is_look: bool = False,
    observe: Observer,
) -> Iterator[Workspace]:
    """Yield the workspace of a stack's folder; nothing is started before something asks for it."""
    # A plan keeps the state's values in clear, so it lives in a folder of its own that goes with the program.
    with open_scratch() as scratch:
        workspace = Workspace(
            folder=folder,
            program=program or _terraform_if_any(),
            environment=terraform_environment(tenant.tenant.cloud),
            scratch=scratch,
            leaves_disk_alone=is_look,
            read_seconds=_URGENT_READ_SECONDS if is_urgent else READ_SECONDS,
            announce=lambda text: observe(Line("terraform", "waiting", text)),
        )
        try:
            workspace.require_stack_of(tenant)
        except ConfigError as error:
            workspace = replace(workspace, distrust=f"{error.what}: {error.why}")
        yield workspace


@asynccontextmanager
async def sign_in(
    tenant: Tenant,
    *,
    is_urgent: bool,
    observe: Observer,
    method: SignInMethod | None = None,
    scopes: Sequence[str] = (),
) -> AsyncIterator[GraphSession]:
    """Sign in to the tenant and yield the session; raises `ConfigError` when the sign-in is another tenant's.

    Without a method it is the one that the environment names; `scopes` are what a person is to consent to.
    """
    cloud = tenant.tenant.cloud
    patience = _URGENT if is_urgent else Patience()

    def announce(text: str) -> None:
        observe(Line("graph", "waiting", text))

    credential = open_credential(cloud, tenant.tenant.id, method or read_sign_in(), announce=announce)
    async with open_session(cloud, credential, patience=patience, announce=announce, scopes=scopes) as session:
        if session.caller.tenant_id and session.caller.tenant_id != tenant.tenant.id:
            raise ConfigError(
                f"the sign-in is for tenant {session.caller.tenant_id}",
                why=f"{tenant.file} is about tenant {tenant.tenant.id}",
                next_move="sign in to that tenant, or name its own file",
            )
        yield session


def _terraform_if_any() -> str:
    try:
        return find_terraform()
    except ConfigError:
        return "terraform"
