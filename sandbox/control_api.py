"""The control endpoints under `/_sandbox/`: what a test or a script does that no client of Microsoft could.

They change the tenant as a whole, look inside it, and play the people around it: somebody in the portal,
somebody who tries a password, somebody who enrols a second factor. They ask for no token and are not in the
journal.
"""

import dataclasses
from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from sandbox.directory import methods, population
from sandbox.directory.methods import EnrolmentError
from sandbox.directory.store import Directory
from sandbox.errors import GraphError
from sandbox.graph import Graph
from sandbox.seed import Seed, SeedError
from sandbox.tenant import Tenant, Tenants

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
    control.tenant.reseed(Seed.from_value(body))
    return list_identities(control, {})


def read_journal(control: Control, _body: Mapping[str, Any]) -> Reply:
    """List the requests since the last clearing, secrets masked."""
    return HTTPStatus.OK, control.tenant.journal.entries()


def clear_journal(control: Control, _body: Mapping[str, Any]) -> Reply:
    """Forget the requests so far."""
    control.tenant.journal.clear()
    return HTTPStatus.NO_CONTENT, None


def read_snapshot(control: Control, _body: Mapping[str, Any]) -> Reply:
    """Show the whole directory, secrets as hashes."""
    return HTTPStatus.OK, snapshot(control.tenant.directory)


def try_password(control: Control, body: Mapping[str, Any]) -> Reply:
    """Say whether a password is a user's, and whether the account is open."""
    user = control.tenant.directory.find_user(_text(body, "userPrincipalName"))
    if user is None:
        return HTTPStatus.OK, {"valid": False, "enabled": False}
    valid = control.tenant.directory.password_hashes[user["id"]].matches(_text(body, "password"))
    return HTTPStatus.OK, {"valid": valid, "enabled": bool(user["accountEnabled"])}


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


def advance_clock(control: Control, body: Mapping[str, Any]) -> Reply:
    """Move the tenant's time, for tokens and passes to end; a reset brings real time back."""
    seconds = body.get("seconds")
    if not isinstance(seconds, int):
        raise SeedError("The control request needs 'seconds' as a whole number.")
    control.tenant.clock.advance(timedelta(seconds=seconds))
    return HTTPStatus.OK, {"now": control.tenant.clock.stamp()}


def add_tenant(control: Control, body: Mapping[str, Any]) -> Reply:
    """Serve one more tenant from a seed, and tell its identities."""
    added = control.tenants.add(Seed.from_value(body))
    return HTTPStatus.CREATED, {
        "tenantId": added.directory.tenant_id,
        "identities": {name: dataclasses.asdict(each) for name, each in added.identities.items()},
    }


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
        enrolled = methods.enrol(
            control.tenant.directory,
            _text(body, "userPrincipalName"),
            _text(body, "temporaryAccessPass"),
            _text(body, "method"),
        )
    except EnrolmentError as refusal:
        return HTTPStatus.FORBIDDEN, {"error": {"code": f"AADSTS{refusal.code}", "message": str(refusal)}}
    return HTTPStatus.CREATED, enrolled


ENDPOINTS: Mapping[tuple[str, str], Callable[[Control, Mapping[str, Any]], Reply]] = {
    ("POST", "reset"): reset,
    ("POST", "seed"): reseed,
    ("GET", "tenants"): list_tenants,
    ("POST", "tenants"): add_tenant,
    ("GET", "journal"): read_journal,
    ("DELETE", "journal"): clear_journal,
    ("GET", "snapshot"): read_snapshot,
    ("POST", "try-password"): try_password,
    ("POST", "act"): act,
    ("POST", "grant"): grant,
    ("POST", "withdraw"): withdraw,
    ("GET", "identities"): list_identities,
    ("POST", "register-method"): register_method,
    ("POST", "advance-clock"): advance_clock,
}


@dataclasses.dataclass(frozen=True)
class Asked:
    """A control request; without a tenant's id or domain it is for the first one."""

    method: str
    name: str
    tenant: str | None
    body: Mapping[str, Any]


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
    try:
        return endpoint(Control(tenants, tenant, Graph(tenant)), asked.body)
    except SeedError as fault:
        return _refusal(HTTPStatus.BAD_REQUEST, str(fault))
    except GraphError as refusal:
        return _refusal(refusal.status, refusal.message)


def snapshot(directory: Directory) -> dict[str, Any]:
    """Copy the directory as JSON, secrets as hashes."""
    shown: dict[str, Any] = {}
    for each in dataclasses.fields(directory):
        value = getattr(directory, each.name)
        if each.name in {"password_hashes", "pass_hashes"}:
            shown[each.name] = {name: secret.as_text() for name, secret in value.items()}
        elif each.name == "secret_hashes":
            shown[each.name] = {
                owner: {name: secret.as_text() for name, secret in hashes.items()} for owner, hashes in value.items()
            }
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            shown[each.name] = dataclasses.asdict(value)
        elif each.name != "clock":
            shown[each.name] = value
    return shown


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
