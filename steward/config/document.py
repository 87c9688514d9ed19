"""The shape of a tenant file: every key with its type, meaning and example.

The loader validates files against `TenantDocument`; the editor's JSON schema and the table of keys in the documentation
are generated from it. What one value alone can get wrong is refused here, what several keys get wrong together in
`rules`.
"""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    Tag,
    model_validator,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from steward.config.addresses import HttpsBase, HttpsIssuer, RedirectUri
from steward.config.model import Consent, ConsentFor, Elevation, FirstSignIn, SignIn
from steward.config.permission_names import ApplicationPermission, DelegatedPermission
from steward.config.problem import choose
from steward.config.refusal import refuse
from steward.config.words import (
    BranchName,
    Day,
    EnvironmentName,
    Folder,
    GroupName,
    Guid,
    Licence,
    Login,
    Repository,
    ReviewRule,
    RoleName,
    SecretPrefix,
    TenantName,
    Text,
    UsageLocation,
    check_text,
)
from steward.wellknown.strengths import BUILT_IN_STRENGTHS

MAXIMUM_WINDOW_MINUTES = 480
MAXIMUM_PLAN_HOURS = 168

# Marks the alternatives of a value that is either a word or a mapping; `shape` takes the marks out of a key's path.
WORD, MAPPING = "<word>", "<mapping>"


def _word_or_mapping(value: object) -> str:
    return MAPPING if isinstance(value, dict | BaseModel) else WORD


_CLIENT_ID = "9d3c0a51-7e24-4f0b-8a6d-2c1b0f9e8d7c"


class UnfitKeyError(AttributeError):
    """A key was looked at that the file has wrong; what else its section says is known all the same."""


class Section(BaseModel):
    """What every part of a tenant file has in common: no unknown key, no conversion between types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    if not TYPE_CHECKING:
        # Where the type checker saw it, every misspelt attribute would pass.
        def __getattr__(self, name: str) -> Any:
            if name in type(self).model_fields:
                raise UnfitKeyError(name)
            return super().__getattr__(name)


class _OneOf(Section):
    """A section of which exactly one of the keys in `alternatives` is set."""

    alternatives: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="after")
    def _require_one(self) -> Self:
        given = [name for name in self.alternatives if getattr(self, name) is not None]
        if len(given) != 1:
            raise refuse(
                f"sets {' and '.join(given)}" if given else f"sets none of {', '.join(self.alternatives)}",
                why="exactly one of them says what is meant",
                next_move=f"write {choose(self.alternatives)}",
            )
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(core_schema))
        schema["oneOf"] = [{"required": [name]} for name in cls.alternatives]
        return schema


class CloudSection(Section):
    """A cloud that is not one of Microsoft's public ones: a sandbox."""

    name: TenantName = Field(description="What the cloud is called in reports.", examples=["sandbox"])
    authority: HttpsBase = Field(
        description="Where tokens come from: https, no path, no slash at the end.", examples=["https://localhost:8443"]
    )
    graph: HttpsBase = Field(
        description="The base of Microsoft Graph: https, no path, no slash at the end.",
        examples=["https://localhost:8443"],
    )
    ca_file: Folder | None = Field(
        None,
        description="PEM file of the certificate authority to trust besides the system's, relative to this file.",
        examples=["ca.pem"],
    )


class TenantSection(Section):
    """Which tenant the file is about."""

    name: TenantName = Field(
        description="Short name of the tenant; it names the stack and its folders.", examples=["contoso"]
    )
    id: Guid = Field(description="The tenant's id (directory id).", examples=["8f4c1f0e-6f0a-4a8e-9d43-2f5b1c7e9a10"])
    cloud: Annotated[
        Annotated[Literal["global", "usgovernment", "dod", "china"], Tag(WORD)] | Annotated[CloudSection, Tag(MAPPING)],
        Discriminator(_word_or_mapping),
    ] = Field(
        description="The cloud it lives in: one of Microsoft's by name, or a mapping for a sandbox.",
        examples=["global"],
    )


class DeployerSection(Section):
    """The identity that runs Terraform."""

    object_id: Guid = Field(
        description="Object id of the deploying identity's service principal (or user), not its application id; "
        "it owns what the stack creates.",
        examples=["2b0f3a64-6f1e-4c55-a9f7-0c1d2e3f4a5b"],
    )


class AccountSection(Section):
    """The service account."""

    login: Login = Field(
        description="User principal name on a verified, managed domain; hard to guess, lower case.",
        examples=["j.keller@contoso.com"],
    )
    display_name: Text = Field(description="The name that people see.", examples=["Jonas Keller"])
    usage_location: UsageLocation = Field(
        description="Two-letter country code, which licences depend on.", examples=["US"]
    )
    sign_in: SignIn = Field(
        SignIn.BLOCKED,
        strict=False,
        description="Whether anybody may sign in as the account once it is sealed.",
        examples=["blocked"],
    )
    licences: tuple[Licence, ...] = Field(
        (), description="Part numbers of the licences that the account gets.", examples=[["EXCHANGESTANDARD"]]
    )
    sealed_on: Day | None = Field(
        None,
        description="The day on which the account was sealed; with it no deploy ever grants the role again. "
        "Written by the post-apply program.",
        examples=["2026-11-23"],
    )


class BreakGlassSection(_OneOf):
    """The group of emergency accounts, which the MFA policy leaves out."""

    alternatives = ("group", "group_id")

    group: GroupName | None = Field(
        None, description="Exact display name of the group.", examples=["Break-glass accounts"]
    )
    group_id: Guid | None = Field(
        None,
        description="Object id of the group, instead of its name.",
        examples=["7a6e5d4c-3b2a-4190-8f7e-6d5c4b3a2910"],
    )


class MfaSection(_OneOf):
    """A named authentication strength."""

    alternatives = ("strength", "strength_id")

    strength: Literal["Multifactor authentication", "Passwordless MFA", "Phishing-resistant MFA"] | None = Field(
        None, description="A built-in authentication strength by name.", examples=list(BUILT_IN_STRENGTHS)
    )
    strength_id: Guid | None = Field(
        None,
        description="Id of an authentication strength of the tenant's own.",
        examples=["c0ffee00-1234-4abc-8def-001122334455"],
    )


class DelegatedSection(Section):
    """Permissions to act as the user who signed in."""

    scopes: tuple[DelegatedPermission, ...] = Field(
        description="Delegated permissions by name.", examples=[["User.Read"]]
    )
    granted_for: ConsentFor = Field(
        ConsentFor.ALL_PRINCIPALS,
        alias="for",
        strict=False,
        description="For whom they are granted: every user of the tenant, or the account only.",
        examples=["all_principals"],
    )


class PermissionsSection(Section):
    """What the consent grants, no more and no less."""

    application: tuple[ApplicationPermission, ...] = Field(
        (),
        description="Application permissions by name; with the API first where it is not Microsoft Graph.",
        examples=[["Contacts.ReadWrite", "Office 365 Exchange Online/full_access_as_app"]],
    )
    delegated: DelegatedSection | None = Field(None, description="Delegated permissions, and for whom.")


class ApplicationSection(Section):
    """The application that gets the consent."""

    display_name: Text = Field(
        description="The application's name; for the vendor's application, the name that it shows.",
        examples=["CiraSync"],
    )
    client_id: Guid | None = Field(
        None,
        description="Client id of the vendor's multi-tenant application. Left out, the stack registers one of its own.",
        examples=["1f2e3d4c-5b6a-4798-8a9b-0c1d2e3f4a5b"],
    )
    permissions: PermissionsSection = Field(description="What the consent grants, no more and no less.")
    redirect_uris: tuple[RedirectUri, ...] = Field(
        (),
        description="Where sign-ins to the own registration return to: https, or http for localhost.",
        examples=[["https://sync.contoso.com/signin", "http://localhost/"]],
    )


class DashboardEntry(_OneOf):
    """One role of the dashboard, and a group that gets it."""

    alternatives = ("group", "group_id")

    role: RoleName = Field(
        description="Full Administrator, Dashboard View Only, Contact List Manager, Collection Manager, "
        "or with `custom` any other.",
        examples=["Full Administrator"],
    )
    group: GroupName | None = Field(
        None, description="Exact display name of the group that gets the role.", examples=["CiraSync administrators"]
    )
    group_id: Guid | None = Field(
        None,
        description="Object id of the group, instead of its name.",
        examples=["5c4b3a29-1807-4f6e-9d5c-4b3a29180716"],
    )
    custom: bool = Field(
        default=False,
        description="Says that the role is none of the four usual ones on purpose.",
        examples=[False],
    )


class FileSinkSection(Section):
    """A folder of files that only their owner can read."""

    folder: Folder = Field(
        description="Folder for files of mode 0600, relative to this file, outside the repository.",
        examples=["../../secrets"],
    )


class KeyVaultSinkSection(Section):
    """One secret of an Azure Key Vault in the tenant, a version for each delivery."""

    vault: HttpsBase = Field(
        description="Address of the vault; it is in the tenant and its cloud.",
        examples=["https://contoso-secrets.vault.azure.net"],
    )
    secret_prefix: SecretPrefix = Field(
        description="What the secret's name begins with; the tenant's id follows.",
        examples=["account"],
    )


class CommandSinkSection(Section):
    """A program that reads the secret from its standard input."""

    words: tuple[Text, ...] = Field(
        min_length=1,
        description="The program and its arguments, word by word and without a shell; `<name>` stands for login and "
        "kind, `<time>` for the moment in UTC.",
        examples=[["age", "--recipients-file", "team.txt", "--output", "<time>-<name>.age"]],
    )
    timeout_seconds: int = Field(30, ge=1, le=300, description="Seconds after which it has failed.", examples=[30])


class SinkSection(_OneOf):
    """Where a lasting password and a one-time pass are delivered; exactly one."""

    alternatives = ("file", "key_vault", "command")

    file: FileSinkSection | None = Field(None, description="Deliver into a file.")
    key_vault: KeyVaultSinkSection | None = Field(None, description="Deliver into an Azure Key Vault.")
    command: CommandSinkSection | None = Field(None, description="Deliver to the standard input of a program.")


class GithubSection(Section):
    """A repository of GitHub whose workflows sign in as our identities, without any stored secret."""

    repository: Repository = Field(
        description="Owner and name as GitHub spells them; with immutable subjects, which repositories created since "
        "July 2026 have, the ids as well: owner@id/name@id.",
        examples=["contoso/steward"],
    )
    environment: EnvironmentName = Field(
        "production",
        description="The environment with the approval; only its jobs may deploy, post-apply and close.",
        examples=["production"],
    )
    branch: BranchName = Field(
        "main", description="The branch whose scheduled jobs guard and look for drift.", examples=["main"]
    )
    issuer: HttpsIssuer = Field(
        "https://token.actions.githubusercontent.com",
        description="Who issues the workflows' identity tokens; another one for GitHub Enterprise.",
        examples=["https://token.actions.githubusercontent.com"],
    )


class CertificateSection(Section):
    """A folder of certificates with their private keys, one for each identity, for a workstation."""

    folder: Folder = Field(
        description="Folder for files of mode 0600, relative to this file, outside the repository.",
        examples=["../../keys"],
    )
    days: int = Field(
        90, ge=1, le=730, description="Days for which a certificate is made; it is renewed by `make`.", examples=[90]
    )


class ClientIdsSection(Section):
    """The client ids of our identities."""

    plan: Guid | None = Field(None, description="Of the identity that only plans.", examples=[_CLIENT_ID])
    deploy: Guid | None = Field(None, description="Of the identity that runs Terraform.", examples=[_CLIENT_ID])
    post_apply: Guid | None = Field(None, description="Of the identity of post-apply.", examples=[_CLIENT_ID])
    close: Guid | None = Field(None, description="Of the identity that only closes.", examples=[_CLIENT_ID])
    guard: Guid | None = Field(None, description="Of the identity that guards.", examples=[_CLIENT_ID])
    reopen: Guid | None = Field(None, description="Of the identity that opens a second window.", examples=[_CLIENT_ID])
    retire: Guid | None = Field(None, description="Of the identity that retires the account.", examples=[_CLIENT_ID])


class IdentitiesSection(_OneOf):
    """Who signs in as our identities: a pipeline or somebody at a workstation; exactly one."""

    alternatives = ("github", "certificate")

    github: GithubSection | None = Field(None, description="Workflows of a repository of GitHub.")
    certificate: CertificateSection | None = Field(None, description="Whoever has the certificates' files.")
    client_ids: ClientIdsSection = Field(
        ClientIdsSection(), description="Written by `scripts/identities.py`, which makes the identities."
    )


def _check_setting(value: object) -> object:
    if not isinstance(value, str | int | bool):
        raise refuse(
            "is neither text, a whole number nor a truth value",
            why="blocks and lists of a backend are not passed on",
            next_move="write a single value, or give the setting to `terraform init` in the environment",
        )
    return check_text(value) if isinstance(value, str) else value


BackendSettings = dict[str, Annotated[str | int | bool, BeforeValidator(_check_setting)]]


class BackendSection(_OneOf):
    """A backend of Terraform with its settings; exactly one."""

    alternatives = ("azurerm", "cloud", "consul", "gcs", "http", "pg", "s3")

    azurerm: BackendSettings | None = Field(
        None, description="State in an Azure storage account; `key` is the tenant's own if left out."
    )
    cloud: BackendSettings | None = Field(
        None,
        description="State in HCP Terraform: `organization`, and if wanted `workspace`, `project` and `hostname`. The "
        "workspace's execution mode is local.",
    )
    consul: BackendSettings | None = Field(None, description="State in Consul; `path` is the tenant's own if left out.")
    gcs: BackendSettings | None = Field(
        None, description="State in Google Cloud Storage; `prefix` is the tenant's own if left out."
    )
    http: BackendSettings | None = Field(
        None, description="State behind an HTTP address: `address`, `lock_address` and `unlock_address` are needed."
    )
    pg: BackendSettings | None = Field(
        None, description="State in PostgreSQL; `schema_name` is the tenant's own if left out."
    )
    s3: BackendSettings | None = Field(
        None,
        description="State in Amazon S3 or what speaks its language; `key` is the tenant's own if left out, and so are "
        "`use_lockfile` and `encrypt` set.",
    )


class ReviewExceptionSection(Section):
    """A rule of the review that this tenant may break until a day."""

    rule: ReviewRule = Field(
        description="The rule's id, as the review's comment names it.", examples=["app_roles_given_to_groups"]
    )
    reason: Text = Field(
        description="Why the rule may be broken here; the comment shows it.",
        examples=["The only administrator has no group yet"],
    )
    until: Day = Field(
        description="The last day on which the exception counts, a year from now at most.", examples=["2027-01-31"]
    )


class ReviewSection(Section):
    """What the review of this tenant's plans lets pass."""

    exceptions: tuple[ReviewExceptionSection, ...] = Field((), description="Rules that may be broken, and until when.")


class TenantDocument(Section):
    """One tenant, one service account: the desired state, data only."""

    model_config = ConfigDict(title="Tenant file")

    tenant: TenantSection = Field(description="Which tenant, and where it lives.")
    deployer: DeployerSection | None = Field(
        None, description="The identity that runs Terraform; needed unless `identities` says who is made for it."
    )
    identities: IdentitiesSection | None = Field(
        None, description="Our identities, where `scripts/identities.py` makes them, and who signs in as them."
    )
    account: AccountSection = Field(description="The service account.")
    break_glass: BreakGlassSection = Field(
        description="The group of emergency accounts, which the MFA policy leaves out."
    )
    mfa: Annotated[
        Annotated[Literal["any"], Tag(WORD)] | Annotated[MfaSection, Tag(MAPPING)],
        Discriminator(_word_or_mapping),
    ] = Field(
        "any",
        description="The second factor demanded of the account: any strong method, or an authentication strength.",
        examples=["any"],
    )
    application: ApplicationSection = Field(description="The application that gets the consent.")
    dashboard: tuple[DashboardEntry, ...] = Field(
        (), description="Roles of the dashboard and the groups that get them; own registration only."
    )
    elevation: Elevation = Field(
        Elevation.AT_DEPLOY,
        strict=False,
        description="Who grants Global Administrator: Terraform at the first deploy (at_deploy); where a person signs "
        "in as the account, Terraform once a second factor is enrolled (in_window) or a role schedule that Entra ID "
        "ends by itself (scheduled); or nobody (none).",
        examples=["at_deploy"],
    )
    window_minutes: int = Field(
        60,
        ge=1,
        le=MAXIMUM_WINDOW_MINUTES,
        description="Minutes from the grant (at_deploy: from the plan) at whose end the role is taken away in any "
        "case; scheduled: 6 or more.",
        examples=[60],
    )
    first_sign_in: FirstSignIn | None = Field(
        None,
        strict=False,
        description="Which sign-in of the account is awaited while it holds the role: the first one to the "
        "application's dashboard, or none. Left out: dashboard for in_window and scheduled, none otherwise. With "
        "consent: browser the consent is awaited in any case, and none says that nothing else is.",
        examples=["dashboard"],
    )
    consent: Consent = Field(
        Consent.GRAPH,
        strict=False,
        description="How the one-time consent is given: through Microsoft Graph (graph), or by the account itself on "
        "the page of the admin consent, in the window of in_window or scheduled (browser).",
        examples=["graph"],
    )
    sink: SinkSection | None = Field(
        None, description="Where the lasting password goes; needed where sign-in is allowed, and only there."
    )
    evidence: Folder = Field(
        "../evidence",
        description="Folder for the evidence files, relative to this file.",
        examples=["../evidence"],
    )
    plan_valid_hours: int = Field(
        24,
        ge=1,
        le=MAXIMUM_PLAN_HOURS,
        description="Hours after which a plan that was made to be approved is not applied any more.",
        examples=[24],
    )
    backend: Annotated[
        Annotated[Literal["local"], Tag(WORD)] | Annotated[BackendSection, Tag(MAPPING)],
        Discriminator(_word_or_mapping),
    ] = Field(
        "local",
        description="Where Terraform keeps the tenant's state: where cdktf puts it, or in a backend of Terraform.",
        examples=["local"],
    )
    review: ReviewSection | None = Field(None, description="What the review of this tenant's plans lets pass.")


class _EditorSchema(GenerateJsonSchema):
    """Leaves null out: a key is written with a value or not at all."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") in (None, ()):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def field_title_should_be_set(self, schema: object) -> bool:
        del schema
        return False


def json_schema() -> dict[str, Any]:
    """Return the JSON schema by which editors complete and check tenant files."""
    schema = TenantDocument.model_json_schema(schema_generator=_EditorSchema)
    return {"$schema": _EditorSchema.schema_dialect, **schema}
