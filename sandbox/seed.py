"""What a tenant holds when it starts, as plain data with good defaults.

A `Seed` is what a customer has before anything is provisioned: domains, licences, break-glass accounts,
groups, and the identities that the rehearsal signs in as. It is written and read as JSON;
`sandbox.directory.population` turns it into a directory.
"""

import dataclasses
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sandbox.behaviour import Behaviour
from sandbox.identifiers import canonical_id, is_uuid
from sandbox.queries.paging import LONGEST_PAGE
from sandbox.reading import UnreadableError, read
from sandbox.trouble.lag import LagRule
from sandbox.trouble.throttling import Throttling

# The made-up client id of the vendor application that no tenant holds before it consents.
VENDOR_APPLICATION_ID = "c1a5f00d-0000-4000-8000-00000000c1a5"


class SeedError(ValueError):
    """A seed that cannot be, or cannot be read, with the place of the fault."""


def _uuid(text: str, what: str) -> str:
    if not is_uuid(text):
        raise SeedError(f"The {what} is no uuid: {text!r}.")
    return canonical_id(text)


@dataclass(frozen=True)
class SeedDomain:
    """A domain of the tenant; Entra keeps its name in small letters."""

    name: str
    is_initial: bool = False
    is_default: bool = False
    is_verified: bool = True
    is_federated: bool = False
    is_admin_managed: bool = True
    is_root: bool = True
    supported_services: tuple[str, ...] = ("Email", "OfficeCommunicationsOnline")

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name.lower())


@dataclass(frozen=True)
class SeedLicence:
    """A subscription by its part number (a name in data/licences.json) and its number of seats."""

    part_number: str
    seats: int = 25

    def __post_init__(self) -> None:
        if self.seats < 0:
            raise SeedError(f"The licence {self.part_number!r} has {self.seats} seats.")


@dataclass(frozen=True)
class SeedUser:
    """A user; `properties` are further Graph properties, `password` None stands for one that nobody knows."""

    user_principal_name: str
    display_name: str
    account_enabled: bool = True
    password: str | None = field(default=None, repr=False)
    directory_roles: tuple[str, ...] = ()
    manager: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SeedGroup:
    """A group; members and owners are named by login, group name, identity name or application name."""

    display_name: str
    members: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    is_assignable_to_role: bool = False
    key: str | None = None  # tells groups of one display name apart
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SeedIdentity:
    """An application with a secret, its Microsoft Graph application permissions and its directory roles, by name."""

    name: str
    permissions: tuple[str, ...] = ()
    directory_roles: tuple[str, ...] = ()
    display_name: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.client_id is not None:
            object.__setattr__(self, "client_id", _uuid(self.client_id, f"client id of {self.name!r}"))


@dataclass(frozen=True)
class SeedApplication:
    """A registered application with its service principal; `properties` are further Graph properties."""

    display_name: str
    owners: tuple[str, ...] = ()
    key: str | None = None  # tells applications of one display name apart
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SeedForeignApplication:
    """A multi-tenant application of another publisher, known to Microsoft but without a service principal here."""

    client_id: str
    display_name: str
    redirect_uris: tuple[str, ...] = ()
    app_roles: tuple[Mapping[str, Any], ...] = ()
    oauth2_permission_scopes: tuple[Mapping[str, Any], ...] = ()
    application_permissions: tuple[str, ...] = ()  # of Microsoft Graph, by name, that its consent asks for
    delegated_permissions: tuple[str, ...] = ()
    client_secret: str | None = field(default=None, repr=False)  # what the publisher's own daemon signs in with

    def __post_init__(self) -> None:
        object.__setattr__(self, "client_id", _uuid(self.client_id, f"client id of {self.display_name!r}"))


@dataclass(frozen=True)
class SeedIssuer:
    """An OpenID Connect issuer outside the tenant whose tokens federated credentials may name, with its public keys."""

    url: str
    keys: Mapping[str, Any] = field(default_factory=dict)  # a JSON web key set


VaultAction = Literal["delete", "get", "list", "purge", "recover", "set", "update"]


@dataclass(frozen=True)
class SeedVaultAccess:
    """What an identity, by its name, or a user, by login, may do with every secret of the key vault."""

    name: str
    actions: tuple[VaultAction, ...]


@dataclass(frozen=True)
class SeedVault:
    """The tenant's key vault, empty, and who is permitted what; of several tenants the first one's vault answers."""

    name: str = "contoso-secrets"
    access: tuple[SeedVaultAccess, ...] = ()


@dataclass(frozen=True)
class TemporaryAccessPassPolicy:
    """The tenant's rules for Temporary Access Passes; the defaults are Microsoft's."""

    state: str = "enabled"
    minimum_lifetime_in_minutes: int = 60
    maximum_lifetime_in_minutes: int = 480
    default_lifetime_in_minutes: int = 60
    default_length: int = 8
    is_usable_once: bool = False


@dataclass(frozen=True)
class ApplicationManagement:
    """The tenant's default policy for the credentials of applications; off, as Microsoft delivers it, unless changed.

    A lifetime of None is not restricted.
    """

    is_enabled: bool = False
    secrets_allowed: bool = True
    longest_secret_days: int | None = None
    longest_certificate_days: int | None = None


_BREAK_GLASS = (
    SeedUser("breakglass1@contoso.onmicrosoft.com", "Break Glass 1", directory_roles=("Global Administrator",)),
    SeedUser("breakglass2@contoso.onmicrosoft.com", "Break Glass 2", directory_roles=("Global Administrator",)),
)
_PEOPLE = (
    SeedUser("alex.moore@contoso.example", "Alex Moore"),
    SeedUser("kim.berg@contoso.example", "Kim Berg"),
)
_GROUPS = (
    SeedGroup(
        "sg-breakglass",
        tuple(each.user_principal_name for each in _BREAK_GLASS),
        is_assignable_to_role=True,
    ),
    SeedGroup("sg-contacts-admins", (_PEOPLE[0].user_principal_name,)),
    SeedGroup("sg-dashboard-readers", (_PEOPLE[1].user_principal_name,)),
)


@dataclass(frozen=True)
class Seed:
    """A tenant as it is before anything is provisioned."""

    tenant_name: str = "Contoso"
    tenant_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    domains: tuple[SeedDomain, ...] = (
        SeedDomain("contoso.onmicrosoft.com", is_initial=True, is_default=True),
        SeedDomain("contoso.example"),
    )
    licences: tuple[SeedLicence, ...] = (SeedLicence("AAD_PREMIUM"),)
    security_defaults: bool = False
    users: tuple[SeedUser, ...] = (*_BREAK_GLASS, *_PEOPLE)
    groups: tuple[SeedGroup, ...] = _GROUPS
    identities: tuple[SeedIdentity, ...] = ()
    applications: tuple[SeedApplication, ...] = ()
    foreign_applications: tuple[SeedForeignApplication, ...] = (
        SeedForeignApplication(
            VENDOR_APPLICATION_ID,
            "CiraSync",
            redirect_uris=("https://dashboard.vendor.example/",),
            application_permissions=("Calendars.ReadWrite", "Contacts.ReadWrite", "Group.Read.All", "User.Read.All"),
            delegated_permissions=("User.Read", "offline_access", "openid", "profile"),
        ),
    )
    trusted_issuers: tuple[SeedIssuer, ...] = ()
    temporary_access_pass_policy: TemporaryAccessPassPolicy = TemporaryAccessPassPolicy()
    application_management: ApplicationManagement = ApplicationManagement()
    page_size: int = 100
    behaviour: Behaviour = field(default_factory=Behaviour)
    lag: tuple[LagRule, ...] = ()
    throttling: Throttling = field(default_factory=Throttling)
    conditional_access_requests_per_second: int | None = 1  # of the whole tenant; None for no limit
    terms_of_use: tuple[str, ...] = ()  # agreements by name; policies name them by id
    custom_controls: tuple[str, ...] = ()  # custom authentication factors, which policies name as they are
    vault: SeedVault | None = None
    storage: bool = False  # whether the tenant has the service principal of Azure Storage, for which tokens are asked

    def __post_init__(self) -> None:
        object.__setattr__(self, "tenant_id", _uuid(self.tenant_id, "tenant id"))
        if len({each.name for each in self.domains}) < len(self.domains):
            raise SeedError("The tenant has a domain twice.")
        # Logins, identifier URIs and mail addresses are made of these two.
        for which, marked in (
            ("initial", [each for each in self.domains if each.is_initial]),
            ("default", [each for each in self.domains if each.is_default]),
        ):
            if len(marked) != 1 or not marked[0].is_verified:
                raise SeedError(f"The tenant needs one {which} domain that is verified; {len(marked)} are marked so.")
        if not 1 <= self.page_size <= LONGEST_PAGE:
            raise SeedError(f"The page size is from 1 to {LONGEST_PAGE}, not {self.page_size}.")
        rate = self.conditional_access_requests_per_second
        if rate is not None and rate < 1:
            raise SeedError(
                f"Requests to conditional access per second are 1 or more, or null for no limit, not {rate}."
            )

    def to_json(self) -> str:
        """Write the seed as JSON; an identity's secret is in it only if the seed names one."""
        return json.dumps(dataclasses.asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Seed":
        """Read a seed; SeedError names the place of an unknown key or a wrong type."""
        try:
            value = json.loads(text)
        except json.JSONDecodeError as fault:
            raise SeedError(f"The seed is not JSON: {fault}") from fault
        return cls.from_value(value)

    @classmethod
    def from_value(cls, value: object) -> "Seed":
        """Read a seed from decoded JSON."""
        try:
            return read(cls, value, "seed")
        except UnreadableError as fault:
            raise SeedError(str(fault)) from fault


def load(path: Path) -> Seed:
    """Read a seed from a JSON file; OSError when it cannot be read, SeedError when it is no seed."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as fault:
        raise SeedError(f"The seed is not UTF-8: byte {fault.start} of {path} begins no character.") from fault
    return Seed.from_json(text)
