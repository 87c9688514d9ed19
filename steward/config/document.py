"""The shape of a tenant file: every key with its type, meaning and example.

The loader validates files against `TenantDocument`; the editor's JSON schema and the table of keys in the documentation
are generated from it. What one value alone can get wrong is refused here, what several keys get wrong together in
`rules`.
"""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal, Self

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

from steward.config.addresses import HttpsBase, RedirectUri
from steward.config.model import Consent, ConsentFor, Elevation, FirstSignIn, SignIn
from steward.config.permission_names import ApplicationPermission, DelegatedPermission
from steward.config.problem import choose
from steward.config.refusal import refuse
from steward.config.words import (
    Day,
    Folder,
    GroupName,
    Guid,
    Licence,
    Login,
    RoleName,
    SecretPrefix,
    TenantName,
    Text,
    UsageLocation,
    check_text,
)
from steward.wellknown.strengths import BUILT_IN_STRENGTHS

MAXIMUM_WINDOW_MINUTES = 480

# Marks the alternatives of a value that is either a word or a mapping; `shape` takes the marks out of a key's path.
WORD, MAPPING = "<word>", "<mapping>"


def _word_or_mapping(value: object) -> str:
    return MAPPING if isinstance(value, dict | BaseModel) else WORD


def _refuse_words(reasons: dict[str, tuple[str, str]]) -> Callable[[object], object]:
    """Return a validator that refuses each word, known but not served, with why and what to use instead."""

    def check(value: object) -> object:
        if isinstance(value, str) and value in reasons:
            why, next_move = reasons[value]
            raise refuse(f"{value} is not served by this version", why=why, next_move=next_move)
        return value

    return check


_CONSENTS_NOT_SERVED = {
    "browser": (
        "it takes a person who consents on the page of the admin consent, and no such answer is waited for",
        "use graph, which grants the declared permissions and needs no sign-in",
    ),
}


class Section(BaseModel):
    """What every part of a tenant file has in common: no unknown key, no conversion between types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


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

    alternatives = ("azurerm", "consul", "gcs", "http", "pg", "s3")

    azurerm: BackendSettings | None = Field(None, description="State in an Azure storage account.")
    consul: BackendSettings | None = Field(None, description="State in Consul.")
    gcs: BackendSettings | None = Field(None, description="State in Google Cloud Storage.")
    http: BackendSettings | None = Field(None, description="State behind an HTTP address.")
    pg: BackendSettings | None = Field(None, description="State in PostgreSQL.")
    s3: BackendSettings | None = Field(None, description="State in Amazon S3 or what speaks its language.")


class TenantDocument(Section):
    """One tenant, one service account: the desired state, data only."""

    model_config = ConfigDict(title="Tenant file")

    tenant: TenantSection = Field(description="Which tenant, and where it lives.")
    deployer: DeployerSection = Field(description="The identity that runs Terraform.")
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
        "application's dashboard, or none. Left out: dashboard for in_window and scheduled, none otherwise.",
        examples=["dashboard"],
    )
    consent: Annotated[Consent, BeforeValidator(_refuse_words(_CONSENTS_NOT_SERVED))] = Field(
        Consent.GRAPH,
        strict=False,
        description="How the one-time consent is given: through Microsoft Graph.",
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
    backend: Annotated[
        Annotated[Literal["local"], Tag(WORD)] | Annotated[BackendSection, Tag(MAPPING)],
        Discriminator(_word_or_mapping),
    ] = Field(
        "local",
        description="Where Terraform keeps the tenant's state: where cdktf puts it, or in a backend of Terraform.",
        examples=["local"],
    )


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
