"""A tenant whole, as one JSON value that a test can keep as a case and load again.

The directory is in it under its own field names, passwords and other secrets as hashes only, the seed without the
secrets that it may name, and the secrets of authenticator apps, the sign-ins under way and the codes and cookies that
came of them not at all. Loaded where the identities' secrets are known, the tenant is equal to the exported one in the
rest; an identity whose secret is not known gets a new one, in place of the hash, for nobody could sign in as it.
"""

import dataclasses
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.clock import Clock
from sandbox.directory.population import IdentityCredential
from sandbox.directory.store import Directory
from sandbox.passwords import SecretHash
from sandbox.reading import UnreadableError, read
from sandbox.seed import Seed
from sandbox.state.rows import read_directory, revived, values_of
from sandbox.tenant import Tenant

FORMAT = "sandbox tenant 1"
_SECRETS = frozenset({"client_secret", "password"})
# The secrets of authenticators are kept in plain, because codes are checked with them, and so is what a vault keeps for
# others; the rest is of people who are signing in at the moment: nothing for a case to hold, nor for a test to look at.
_LEFT_OUT = frozenset(
    {"authorization_codes", "browser_sessions", "device_codes", "dialogues", "oath_secrets", "vault_values"}
)


@dataclass(frozen=True)
class Clockwork:
    """How the exported clock differs from real time."""

    offset_seconds: float
    frozen_at: str | None


@dataclass(frozen=True)
class Identity:
    """An identity as exported, without its secret."""

    client_id: str
    object_id: str
    application_object_id: str


@dataclass(frozen=True)
class Loaded:
    """An exported tenant, read and found in order."""

    seed: Seed
    directory: Directory
    identities: dict[str, IdentityCredential]


def write_export(tenant: Tenant) -> dict[str, Any]:
    """Write a tenant down."""
    identities = {
        name: {each.name: getattr(credential, each.name) for each in dataclasses.fields(Identity)}
        for name, credential in tenant.identities.items()
    }
    return {
        "format": FORMAT,
        "clock": tenant.clock.as_value(),
        "seed": _without_secrets(dataclasses.asdict(tenant.seed)),
        "identities": identities,
        "directory": visible_values(tenant.directory),
    }


def visible_values(directory: Directory) -> dict[str, Any]:
    """Copy a directory as JSON by its fields, secrets as hashes, without what belongs to sign-ins under way."""
    return {name: value for name, value in values_of(directory).items() if name not in _LEFT_OUT}


def read_export(value: Mapping[str, Any], known: Tenant) -> Loaded:
    """Read an exported tenant, with the secrets that a tenant knows already; UnreadableError says what is wrong."""
    if value.get("format") != FORMAT:
        raise UnreadableError(f"export: the format is {value.get('format')!r}, and this sandbox reads {FORMAT!r}.")
    missing = {"clock", "seed", "identities", "directory"} - value.keys()
    if missing or not isinstance(value["identities"], dict) or not isinstance(value["directory"], dict):
        raise UnreadableError("export: clock, seed, identities and directory are needed, each as an object.")
    clockwork = read(Clockwork, value["clock"], "export.clock")
    clock = Clock()
    try:
        clock.restore(dataclasses.asdict(clockwork))
    except ValueError as fault:
        raise UnreadableError(f"export.clock: {fault}") from fault
    directory = read_directory(revived(value["directory"]), clock)
    identities = {
        name: _credential(name, read(Identity, each, f"export.identities.{name}"), directory, known)
        for name, each in value["identities"].items()
    }
    return Loaded(Seed.from_value(value["seed"]), directory, identities)


def take_over(tenant: Tenant, loaded: Loaded) -> None:
    """Replace a tenant by a loaded one."""
    tenant.hold(loaded.seed, loaded.directory, loaded.identities)


def _credential(name: str, identity: Identity, directory: Directory, known: Tenant) -> IdentityCredential:
    hashes = directory.secret_hashes.setdefault(identity.application_object_id, {})
    secret = known.identities[name].client_secret if name in known.identities else ""
    if not any(each.matches(secret) for each in hashes.values()):
        secret = secrets.token_urlsafe(30)
        for key_id in list(hashes)[:1]:  # the seed's own credential is the first
            hashes[key_id] = SecretHash.of(secret)
    return IdentityCredential(
        name, identity.client_id, identity.object_id, identity.application_object_id, client_secret=secret
    )


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: None if name in _SECRETS else _without_secrets(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_secrets(each) for each in value]
    return value
