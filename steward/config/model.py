"""The frozen, typed values that a tenant file becomes; what each key means stands in its description.

The JSON schema for editors is generated from these classes, and the rules that concern several keys at once
are in `rules`. Values reach every other part of the project; nobody changes them.
"""

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from steward.config.clouds import Cloud
from steward.errors import ConfigError
from steward.pasting import paste


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class SignIn(StrEnum):
    """Whether a person may ever sign in as the account."""

    BLOCKED = "blocked"
    ALLOWED = "allowed"


class Elevation(StrEnum):
    """Who grants Global Administrator, and when."""

    AT_DEPLOY = "at_deploy"
    IN_WINDOW = "in_window"
    SCHEDULED = "scheduled"
    NONE = "none"


class Consent(StrEnum):
    """How the one-time consent is given."""

    GRAPH = "graph"
    BROWSER = "browser"


class FirstSignIn(StrEnum):
    """Which sign-in of the account is awaited while it holds the role."""

    DASHBOARD = "dashboard"
    NONE = "none"


class ConsentFor(StrEnum):
    """For whom a delegated permission is granted."""

    ALL_PRINCIPALS = "all_principals"
    ACCOUNT = "account"


class TenantIdentity(_Value):
    """Which tenant, and where it lives."""

    name: str
    id: str
    cloud: Cloud


class Deployer(_Value):
    """The identity that runs Terraform; it owns what the stack creates."""

    object_id: str


class GithubTrust(_Value):
    """The workflows that may sign in as our identities, as the subjects of their tokens name them.

    `repository` is owner/name, with the immutable ids where GitHub puts them into subjects.
    """

    kind: Literal["github"] = "github"
    repository: str
    environment: str
    branch: str
    issuer: str


class CertificateTrust(_Value):
    """A folder of certificates with their keys, one an identity, each made for so many days."""

    kind: Literal["certificate"] = "certificate"
    folder: Path
    days: int


class Identities(_Value):
    """Who signs in as our identities, and their client ids by identity, as far as they are made."""

    trust: GithubTrust | CertificateTrust
    client_ids: dict[str, str] = Field(default_factory=dict)


class GroupReference(_Value):
    """A group that exists already, by object id or by its exact display name; exactly one of the two is set."""

    object_id: str | None = None
    name: str | None = None

    @property
    def label(self) -> str:
        """Return what the file called the group."""
        return self.name or self.object_id or ""


class Account(_Value):
    """The service account itself."""

    login: str
    display_name: str
    usage_location: str
    sign_in: SignIn = SignIn.BLOCKED
    licences: tuple[str, ...] = ()
    sealed_on: date | None = None


class Mfa(_Value):
    """The second factor demanded of the account; `strength_id` None means that any strong method will do."""

    strength: str | None = None
    strength_id: str | None = None


class Permission(_Value):
    """One permission of one API, as the directory knows it: `id` is the app role's or the scope's id."""

    resource_app_id: str
    value: str
    id: str


class Permissions(_Value):
    """The declared set: what the consent grants, no more and no less."""

    application: tuple[Permission, ...] = ()
    delegated: tuple[Permission, ...] = ()
    delegated_for: ConsentFor = ConsentFor.ALL_PRINCIPALS


class Application(_Value):
    """The application that gets the consent.

    `client_id` is set for the vendor's own multi-tenant application, which the stack does not register; None means that
    the stack registers one.
    """

    display_name: str
    client_id: str | None = None
    permissions: Permissions
    redirect_uris: tuple[str, ...] = ()

    @property
    def is_own(self) -> bool:
        """Return whether the stack registers the application."""
        return self.client_id is None


class DashboardRole(_Value):
    """A role of the dashboard and the group whose members get it."""

    role: str
    group: GroupReference


class FileSink(_Value):
    """A secret goes into a new file of mode 0600 in this folder."""

    kind: Literal["file"] = "file"
    folder: Path


class KeyVaultSink(_Value):
    """A secret becomes a version of one secret in an Azure Key Vault, `<prefix>-<tenant id>`."""

    kind: Literal["key_vault"] = "key_vault"
    vault: str
    secret_prefix: str


class CommandSink(_Value):
    """A secret goes to the standard input of a program; `words` are the program and its arguments."""

    kind: Literal["command"] = "command"
    words: tuple[str, ...]
    timeout_seconds: int = 30


Sink = FileSink | KeyVaultSink | CommandSink


class Backend(_Value):
    """Where Terraform keeps the tenant's state: `local`, or a backend of Terraform with all its settings."""

    kind: str = "local"
    settings: dict[str, str | int | bool] = Field(default_factory=dict)


class ReviewException(_Value):
    """A rule of the review that this tenant may break, why, and through which day."""

    rule: str
    reason: str
    until: date


class Tenant(_Value):
    """Everything that one tenant file says."""

    file: Path
    tenant: TenantIdentity
    deployer: Deployer | None
    identities: Identities | None = None
    account: Account
    break_glass: GroupReference
    mfa: Mfa = Mfa()
    application: Application
    dashboard: tuple[DashboardRole, ...] = ()
    elevation: Elevation = Elevation.AT_DEPLOY
    window_minutes: int = 60
    first_sign_in: FirstSignIn = FirstSignIn.NONE
    consent: Consent = Consent.GRAPH
    sink: Sink | None = None
    evidence: Path
    plan_valid_hours: int = 24
    backend: Backend = Backend()
    review_exceptions: tuple[ReviewException, ...] = ()

    @property
    def name(self) -> str:
        """Return the tenant's name, which is the stack's name too."""
        return self.tenant.name

    @property
    def pasted(self) -> str:
        """Return the file as one word of a command that somebody is told to paste."""
        return paste(self.file)

    @property
    def deployer_id(self) -> str:
        """Return the object id of the identity that runs Terraform; raises `ConfigError` where none is named."""
        if self.deployer is None:
            raise ConfigError(
                f"{self.file}: deployer.object_id is missing",
                why="the identity that deploys owns what the stack creates, and has not been made",
                next_move=f"python scripts/identities.py make {self.pasted}",
            )
        return self.deployer.object_id

    @property
    def opens_window(self) -> bool:
        """Return whether a person is to sign in as the account while it holds the role; not once it is sealed."""
        return self.elevation in {Elevation.IN_WINDOW, Elevation.SCHEDULED} and self.account.sealed_on is None

    @property
    def consents_in_browser(self) -> bool:
        """Return whether a person gives the consent on the page of the admin consent, in the window."""
        return self.consent is Consent.BROWSER

    @property
    def declares_principal(self) -> bool:
        """Return whether the stack declares the application's service principal.

        The vendor's comes into the tenant with the consent, where that is given in a browser.
        """
        return self.application.is_own or not self.consents_in_browser

    @property
    def grants_by_latch(self) -> bool:
        """Return whether Terraform grants the role while the latch says so."""
        return self.elevation in {Elevation.AT_DEPLOY, Elevation.IN_WINDOW}
