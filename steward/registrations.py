"""What the directory shows of applications that sign in to it: how they prove themselves, who owns them, what they may.

Read by `graph`, judged by `identities`; plain values, and of certificates only what is public.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class SecretState:
    """A client secret that exists; what it is nobody can read."""

    key_id: str
    name: str
    ends: datetime | None


@dataclass(frozen=True)
class CertificateState:
    """A certificate that an application proves itself with; `fingerprint` is the SHA-256 of its DER, in hex."""

    key_id: str
    fingerprint: str
    ends: datetime | None


@dataclass(frozen=True)
class TrustState:
    """A federated credential: whose tokens the application takes for its own."""

    credential_id: str
    name: str
    issuer: str
    subject: str
    audiences: tuple[str, ...]


@dataclass(frozen=True)
class GrantedPermission:
    """An application permission that was granted; `api_id` is the object id of the API's service principal."""

    assignment_id: str
    api_id: str
    role_id: str


@dataclass(frozen=True)
class HeldRole:
    """A directory role that the service principal holds itself, active."""

    assignment_id: str
    role_template_id: str
    scope: str


@dataclass(frozen=True)
class PrincipalState:
    """The service principal of an application; `memberships` names groups and administrative units that it is in.

    `roles` is None where the token may not read them.
    """

    object_id: str
    is_enabled: bool
    owners: tuple[str, ...] = ()
    secrets: tuple[SecretState, ...] = ()
    certificates: tuple[CertificateState, ...] = ()
    permissions: tuple[GrantedPermission, ...] = ()
    roles: tuple[HeldRole, ...] | None = ()
    memberships: tuple[str, ...] = ()


@dataclass(frozen=True)
class RegistrationState:
    """An application of the tenant with its service principal, if that exists.

    `openings` says in words through what a person, or another application for one, could sign in through it.
    """

    object_id: str
    client_id: str
    name: str
    tags: frozenset[str]
    audience: str
    created: datetime | None = None
    owners: tuple[str, ...] = ()
    secrets: tuple[SecretState, ...] = ()
    certificates: tuple[CertificateState, ...] = ()
    trusts: tuple[TrustState, ...] = ()
    openings: tuple[str, ...] = ()
    principal: PrincipalState | None = None

    @property
    def secrets_of_both(self) -> Iterator[tuple[bool, SecretState]]:
        """Yield every client secret; the first value says whether the service principal has it."""
        yield from ((False, each) for each in self.secrets)
        yield from ((True, each) for each in (self.principal.secrets if self.principal else ()))

    @property
    def owners_of_both(self) -> Iterator[tuple[bool, str]]:
        """Yield every owner's object id; the first value says whether it is the service principal that he owns."""
        yield from ((False, each) for each in self.owners)
        yield from ((True, each) for each in (self.principal.owners if self.principal else ()))


@dataclass(frozen=True)
class Registrations:
    """The applications that bear a stamp or were asked for by client id, and Microsoft Graph's own object id here."""

    entries: tuple[RegistrationState, ...]
    graph_id: str
