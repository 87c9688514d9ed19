"""The control endpoints under `/_sandbox/`: what a test or a script does that no client of Microsoft could.

They change the tenant as a whole, look inside it, and play the people around it: somebody in the portal,
somebody who tries a password, somebody who enrols a second factor. They ask for no token and are not in the
journal.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from starlette.routing import Route

from sandbox.clock import Clock, from_stamp
from sandbox.directory import population
from sandbox.directory.passes import PassError, require_usable
from sandbox.errors import GraphError
from sandbox.graph import Graph, router
from sandbox.key_vault import endpoints as key_vault
from sandbox.reading import UnreadableError, read
from sandbox.seed import Seed, SeedError
from sandbox.sign_in import dialogue, endpoints, enrolment
from sandbox.state import export
from sandbox.tenant import Tenant, Tenants
from sandbox.trouble.faults import Fault
from sandbox.trouble.lag import LagRule
from sandbox.trouble.selection import require_known
from sandbox.trouble.throttling import Meter, Throttling

Reply = tuple[int, Any]


@dataclasses.dataclass(frozen=True)
class Control:
    """What the control endpoints work on."""

    tenants: Tenants
    tenant: Tenant
    graph: Graph


def reset(control: Control, _body: Mapping[str, Any]) -> Reply:
    """Bring the tenant back to its seed."""
    control.tenant.reset()
    return HTTPStatus.NO_CONTENT, None


def reseed(control: Control, body: Mapping[str, Any]) -> Reply:
    """Replace the tenant by the one that a seed describes."""
    seed = Seed.from_value(body)
    require_rows(seed.lag)
    control.tenants.require_free(seed, apart_from=control.tenant)
    control.tenant.reseed(seed)
    return list_identities(control, {})


def read_journal(control: Control, _body: Mapping[str, Any]) -> Reply:
    """List the requests since the last clearing, secrets masked."""
    return HTTPStatus.OK, control.tenant.journal.entries()


def clear_journal(control: Control, _body: Mapping[str, Any]) -> Reply:
    """Forget the requests so far."""
    control.tenant.journal.clear()
    return HTTPStatus.NO_CONTENT, None


def read_snapshot(control: Control, _body: Mapping[str, Any]) -> Reply:
    """Show the directory, secrets as hashes, without what belongs to sign-ins under way."""
    return HTTPStatus.OK, export.visible_values(control.tenant.directory)


def try_password(control: Control, body: Mapping[str, Any]) -> Reply:
    """Say whether a password is a user's, and whether the account is open."""
    user = control.tenant.directory.find_user(_text(body, "userPrincipalName"))
    if user is None:
        return HTTPStatus.OK, {"valid": False, "enabled": False}
    valid = control.tenant.directory.password_hashes[user["id"]].matches(_text(body, "password"))
    return HTTPStatus.OK, {"valid": valid, "enabled": bool(user["accountEnabled"])}


def try_pass(control: Control, body: Mapping[str, Any]) -> Reply:
    """Say whether a Temporary Access Pass is a user's and could be used now; trying does not use it up."""
    user = control.tenant.directory.find_user(_text(body, "userPrincipalName"))
    if user is None:
        return HTTPStatus.OK, {"valid": False, "enabled": False}
    try:
        require_usable(control.tenant.directory, user, _text(body, "temporaryAccessPass"))
    except PassError:
        return HTTPStatus.OK, {"valid": False, "enabled": bool(user["accountEnabled"])}
    return HTTPStatus.OK, {"valid": True, "enabled": bool(user["accountEnabled"])}


def act(control: Control, body: Mapping[str, Any]) -> Reply:
    """Do a Graph request as somebody in the portal, without permission checks; the answer is Graph's."""
    outcome = control.graph.act(_text(body, "method"), _text(body, "path"), body.get("body"))
    return outcome.answer.status, outcome.answer.body


def grant(control: Control, body: Mapping[str, Any]) -> Reply:
    """Give a seeded identity a permission; its next token shows it."""
    population.grant_permission(control.tenant.directory, _identity(control, body).object_id, _text(body, "permission"))
    return HTTPStatus.NO_CONTENT, None


def withdraw(control: Control, body: Mapping[str, Any]) -> Reply:
    """Take a permission from a seeded identity; its next token lacks it."""
    population.withdraw_permission(
        control.tenant.directory, _identity(control, body).object_id, _text(body, "permission")
    )
    return HTTPStatus.NO_CONTENT, None


def issue_user_token(control: Control, body: Mapping[str, Any]) -> Reply:
    """Issue a Graph token with which an identity's application acts for a user, without anybody signing in."""
    directory = control.tenant.directory
    application = directory.applications[_identity(control, body).application_object_id]
    user = directory.require_user(_text(body, "userPrincipalName"))
    scopes, methods_used = body.get("scopes"), body.get("methods", ["pwd", "mfa"])
    if not isinstance(scopes, list) or not isinstance(methods_used, list):
        raise SeedError("The control request needs 'scopes' as a list, and 'methods' where it names them.")
    issued = control.tenant.authority.issue_for_user(
        directory,
        application,
        user,
        scopes=map(str, scopes),
        methods=map(str, methods_used),
        base_url=control.tenant.base_url,
        continuous=bool(body.get("continuous")),
    )
    return HTTPStatus.OK, {"accessToken": issued.token}


def read_clock(control: Control, _body: Mapping[str, Any]) -> Reply:
    """Tell the tenant's time, and whether it passes by itself."""
    clock = control.tenant.clock
    return HTTPStatus.OK, {"now": clock.stamp(), "running": clock.is_running}


def advance_clock(control: Control, body: Mapping[str, Any]) -> Reply:
    """Move the tenant's time, for all that ends by itself to end; a reset brings real time back."""
    seconds = body.get("seconds")
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        raise SeedError("The control request needs 'seconds' as a number.")
    return _move_clock(control, lambda clock: clock.advance(timedelta(seconds=seconds)))


def set_clock(control: Control, body: Mapping[str, Any]) -> Reply:
    """Make it a certain moment in the tenant; a reset brings real time back."""
    try:
        moment = from_stamp(_text(body, "now"))
    except ValueError as fault:
        raise SeedError(f"'now' is a moment such as 2026-11-23T08:00:00Z: {fault}.") from fault
    return _move_clock(control, lambda clock: clock.set(moment))


def freeze_clock(control: Control, _body: Mapping[str, Any]) -> Reply:
    """Let the tenant's time stand still, until it is moved or runs again."""
    return _move_clock(control, Clock.freeze)


def run_clock(control: Control, _body: Mapping[str, Any]) -> Reply:
    """Let the tenant's time pass again, from where it stands."""
    return _move_clock(control, Clock.run)


def declare_faults(control: Control, body: Mapping[str, Any]) -> Reply:
    """Prepare faults, all or none, and tell their numbers."""
    values = body.get("faults")
    if not isinstance(values, list):
        raise SeedError("The control request needs 'faults' as a list.")
    faults = [_fault(control, value, f"faults[{index}]") for index, value in enumerate(values)]
    return HTTPStatus.CREATED, {"numbers": [control.tenant.faults.declare(each) for each in faults]}


def list_faults(control: Control, _body: Mapping[str, Any]) -> Reply:
    """List the faults with how many requests they met and befell, and how many they still befall."""
    return HTTPStatus.OK, [each.as_value() for each in control.tenant.faults.declared()]


def clear_faults(control: Control, _body: Mapping[str, Any]) -> Reply:
    """Forget all faults; tokens have again what they state."""
    control.tenant.faults.clear()
    return HTTPStatus.NO_CONTENT, None


def set_lag(control: Control, body: Mapping[str, Any]) -> Reply:
    """Let replicas lag by the `rules` from here on, instead of by those before."""
    values = body.get("rules")
    if not isinstance(values, list):
        raise SeedError("The control request needs 'rules' as a list.")
    rules = [read(LagRule, value, f"rules[{index}]") for index, value in enumerate(values)]
    require_rows(rules)
    control.tenant.lag(rules)
    return HTTPStatus.NO_CONTENT, None


def set_throttling(control: Control, body: Mapping[str, Any]) -> Reply:
    """Throttle applications by new limits from here on; what they have spent is forgotten."""
    control.tenant.meter = Meter(read(Throttling, dict(body), "throttling"))
    return HTTPStatus.NO_CONTENT, None


def export_tenant(control: Control, _body: Mapping[str, Any]) -> Reply:
    """Write the tenant down whole, secrets as hashes."""
    return HTTPStatus.OK, export.write_export(control.tenant)


def load_tenant(control: Control, body: Mapping[str, Any]) -> Reply:
    """Replace the tenant by an exported one, and tell its identities."""
    loaded = export.read_export(body, control.tenant)
    require_rows(loaded.seed.lag)
    control.tenants.require_free(loaded.seed, apart_from=control.tenant)
    export.take_over(control.tenant, loaded)
    return list_identities(control, {})


def add_tenant(control: Control, body: Mapping[str, Any]) -> Reply:
    """Serve one more tenant from a seed, and tell its identities."""
    seed = Seed.from_value(body)
    require_rows(seed.lag)
    added = control.tenants.add(seed)
    return HTTPStatus.CREATED, {
        "tenantId": added.directory.tenant_id,
        "identities": {name: dataclasses.asdict(each) for name, each in added.identities.items()},
    }


def remove_tenant(control: Control, _body: Mapping[str, Any]) -> Reply:
    """Serve the tenant no longer; the last one stays."""
    control.tenants.remove(control.tenant)
    return HTTPStatus.NO_CONTENT, None


def list_tenants(control: Control, _body: Mapping[str, Any]) -> Reply:
    """List the served tenants by id and name."""
    listed = [{"tenantId": each.directory.tenant_id, "name": each.directory.tenant_name} for each in control.tenants]
    return HTTPStatus.OK, listed


def list_identities(control: Control, _body: Mapping[str, Any]) -> Reply:
    """Show the seeded identities with what they sign in with."""
    return HTTPStatus.OK, {name: dataclasses.asdict(each) for name, each in control.tenant.identities.items()}


def register_method(control: Control, body: Mapping[str, Any]) -> Reply:
    """Enrol a second factor as the person who holds a Temporary Access Pass."""
    try:
        enrolled = enrolment.enrol(
            control.tenant.directory,
            _text(body, "userPrincipalName"),
            _text(body, "temporaryAccessPass"),
            _text(body, "method"),
        )
    except PassError as refusal:
        return HTTPStatus.FORBIDDEN, {"error": {"code": f"AADSTS{refusal.code}", "message": str(refusal)}}
    return HTTPStatus.CREATED, enrolled


def approve_sign_in(control: Control, body: Mapping[str, Any]) -> Reply:
    """Approve what waits for a person's authenticator app, as the person does on the phone."""
    directory = control.tenant.directory
    user = directory.require_user(_text(body, "userPrincipalName"))
    return HTTPStatus.OK, {"approved": dialogue.approve(directory, user)}


ENDPOINTS: Mapping[tuple[str, str], Callable[[Control, Mapping[str, Any]], Reply]] = {
    ("POST", "reset"): reset,
    ("POST", "seed"): reseed,
    ("GET", "tenants"): list_tenants,
    ("POST", "tenants"): add_tenant,
    ("DELETE", "tenants"): remove_tenant,
    ("GET", "journal"): read_journal,
    ("DELETE", "journal"): clear_journal,
    ("GET", "snapshot"): read_snapshot,
    ("POST", "try-password"): try_password,
    ("POST", "try-pass"): try_pass,
    ("POST", "act"): act,
    ("POST", "grant"): grant,
    ("POST", "withdraw"): withdraw,
    ("GET", "identities"): list_identities,
    ("POST", "user-token"): issue_user_token,
    ("POST", "register-method"): register_method,
    ("POST", "approve-sign-in"): approve_sign_in,
    ("GET", "clock"): read_clock,
    ("POST", "advance-clock"): advance_clock,
    ("POST", "set-clock"): set_clock,
    ("POST", "freeze-clock"): freeze_clock,
    ("POST", "run-clock"): run_clock,
    ("POST", "faults"): declare_faults,
    ("GET", "faults"): list_faults,
    ("DELETE", "faults"): clear_faults,
    ("POST", "lag"): set_lag,
    ("POST", "throttling"): set_throttling,
    ("GET", "export"): export_tenant,
    ("POST", "load"): load_tenant,
}


# What does not look at the directory, or puts another in its place, is done even where the directory is not in order.
_APART = frozenset(
    {
        add_tenant,
        clear_faults,
        clear_journal,
        list_faults,
        list_identities,
        list_tenants,
        load_tenant,
        read_journal,
        remove_tenant,
        reseed,
        reset,
    }
)


@dataclasses.dataclass(frozen=True)
class Asked:
    """A control request; without a tenant's id or domain it is for the first one."""

    method: str
    name: str
    tenant: str | None
    body: Any


def answer(tenants: Tenants, asked: Asked) -> Reply:
    """Answer a control request, refusing by name what is not one."""
    endpoint = ENDPOINTS.get((asked.method, asked.name))
    if endpoint is None:
        known = ", ".join(sorted(f"{verb} {path}" for verb, path in ENDPOINTS))
        message = f"There is no control endpoint {asked.method} {asked.name}; known are {known}."
        return _refusal(HTTPStatus.NOT_FOUND, message)
    tenant = tenants.first if asked.tenant is None else tenants.find(asked.tenant)
    if tenant is None:
        return _refusal(HTTPStatus.NOT_FOUND, f"No tenant here is called {asked.tenant!r}.")
    body = {} if asked.body is None else asked.body
    if not isinstance(body, dict):
        return _refusal(HTTPStatus.BAD_REQUEST, "A control request's body is a JSON object, or nothing.")
    if endpoint not in _APART:
        tenant.let_time_pass()
    try:
        return endpoint(Control(tenants, tenant, Graph(tenant)), body)
    except (SeedError, UnreadableError) as fault:
        return _refusal(HTTPStatus.BAD_REQUEST, str(fault))
    except GraphError as refusal:
        return _refusal(refusal.status, refusal.message)


def require_rows(rules: Iterable[LagRule]) -> None:
    """Refuse with SeedError lag rules about rows that the table of routes does not have."""
    for rule in rules:
        _require_row(rule.route, [each.key for _, each in router().routes()])


def _move_clock(control: Control, move: Callable[[Clock], None]) -> Reply:
    try:
        move(control.tenant.clock)
    except (OverflowError, ValueError) as fault:
        raise SeedError(f"The clock cannot be moved so: {fault}.") from fault
    control.tenant.let_time_pass()
    return read_clock(control, {})


def _fault(control: Control, value: object, place: str) -> Fault:
    fault = read(Fault, value, place)
    if fault.route is not None:
        graph = [each.key for _, each in router().routes()]
        _require_row(fault.route, [*graph, *_rows_beside_graph(control.tenants)])
    if fault.withdraw:
        identity = _identity(control, {"identity": fault.withdraw.identity})
        population.require_held(control.tenant.directory, identity.object_id, fault.withdraw.permission)
    return fault


def _rows_beside_graph(tenants: Tenants) -> list[str]:
    beside = (*endpoints.routes(tenants), *key_vault.routes(tenants))
    routes = [each for each in beside if isinstance(each, Route)]
    return [f"{method} {each.path}" for each in routes for method in each.methods or ()]


def _require_row(pattern: str, rows: Iterable[str]) -> None:
    try:
        require_known(pattern, rows)
    except ValueError as fault:
        raise SeedError(f"{fault}.") from fault


def _identity(control: Control, body: Mapping[str, Any]) -> population.IdentityCredential:
    name = _text(body, "identity")
    if name not in control.tenant.identities:
        raise SeedError(f"There is no identity {name!r}; known are {', '.join(sorted(control.tenant.identities))}.")
    return control.tenant.identities[name]


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise SeedError(f"The control request needs {name!r} as text.")
    return value


def _refusal(status: int, message: str) -> Reply:
    return status, {"error": {"code": "SandboxControl", "message": message}}
