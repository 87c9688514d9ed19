"""What can be done to a tenant, as plain values: intended by steps, performed by `graph` and `terraform`.

An act carries ids and names only. A password or a pass is made where it is needed and never travels in an act.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class RemoveRoleAssignment:
    """Take a directory role away; one that is `unseen` may be gone already, and being told so is as good."""

    assignment_id: str
    is_unseen: bool = False


@dataclass(frozen=True)
class RemoveRoleMember:
    """Take a user out of a directory role, where the id of the assignment behind it is not known."""

    role_id: str
    user_id: str


@dataclass(frozen=True)
class RequestRoleSchedule:
    """Ask for a directory role, for the whole tenant, from now on until its end; Entra ID ends it by itself."""

    principal_id: str
    role_template_id: str
    minutes: int
    justification: str


@dataclass(frozen=True)
class AssignRole:
    """Assign a directory role, for the whole tenant, that only who asked for it takes back; `until` says when."""

    principal_id: str
    role_template_id: str
    until: str
    reason: str


@dataclass(frozen=True)
class EndRoleSchedule:
    """Take a scheduled directory role away before its end."""

    principal_id: str
    role_template_id: str
    justification: str


@dataclass(frozen=True)
class DisableAccount:
    """Let nobody sign in as the account, and end its sessions."""

    user_id: str


@dataclass(frozen=True)
class EndSessions:
    """End the account's sessions; it may sign in again."""

    user_id: str


@dataclass(frozen=True)
class EnableAccount:
    """Let the account be signed in to."""

    user_id: str


@dataclass(frozen=True)
class IssuePass:
    """Make a one-time Temporary Access Pass and hand it to the sink: for the window, or else for enrolment."""

    user_id: str
    login: str
    minutes: int
    is_for_window: bool = False


@dataclass(frozen=True)
class DeletePass:
    """Delete a Temporary Access Pass."""

    user_id: str
    pass_id: str


@dataclass(frozen=True)
class DeliverPassword:
    """Make a lasting password: to the sink first, then to the account, and only then enable it."""

    user_id: str
    login: str


@dataclass(frozen=True)
class ReplacePassword:
    """Give the account a random password that nobody keeps."""

    user_id: str


@dataclass(frozen=True)
class AssignLicence:
    """Give the account a licence."""

    user_id: str
    sku_id: str


@dataclass(frozen=True)
class GrantAppRole:
    """Grant an application permission to a client."""

    client_id: str
    resource_id: str
    role_id: str


@dataclass(frozen=True)
class CreateDelegatedGrant:
    """Grant delegated permissions to a client; `principal_id` None means for all principals."""

    client_id: str
    resource_id: str
    principal_id: str | None
    scopes: frozenset[str]


@dataclass(frozen=True)
class SetDelegatedScopes:
    """Replace the scopes of a delegated grant that exists."""

    grant_id: str
    scopes: frozenset[str]


@dataclass(frozen=True)
class RevokeAppRole:
    """Take an application permission from a client."""

    client_id: str
    assignment_id: str


@dataclass(frozen=True)
class DeleteDelegatedGrant:
    """Delete a delegated grant with all its scopes."""

    grant_id: str


@dataclass(frozen=True)
class RegisterApplication:
    """Register an application of this tenant only, with these tags and without anything to prove itself with."""

    name: str
    tags: frozenset[str]


@dataclass(frozen=True)
class CreatePrincipal:
    """Create the service principal of an application."""

    client_id: str


@dataclass(frozen=True)
class DisownApplication:
    """Take an owner from an application, or with `is_principal` from a service principal."""

    object_id: str
    owner_id: str
    is_principal: bool = False


@dataclass(frozen=True)
class RemoveSecret:
    """Take a client secret from an application, or with `is_principal` from a service principal."""

    object_id: str
    key_id: str
    is_principal: bool = False


@dataclass(frozen=True)
class SetCertificate:
    """Leave an application with one certificate: the one it has by that key id, or a new one.

    `certificate` is the base64 of the DER; without either there is none left.
    """

    object_id: str
    key_id: str | None = None
    certificate: str | None = None
    is_principal: bool = False


@dataclass(frozen=True)
class AddTrust:
    """Have an application take the tokens of an issuer for a subject as its own."""

    object_id: str
    name: str
    issuer: str
    subject: str
    audience: str


@dataclass(frozen=True)
class RemoveTrust:
    """Take a federated credential from an application."""

    object_id: str
    credential_id: str


@dataclass(frozen=True)
class GiveApplicationRole:
    """Give a service principal a directory role, for the whole tenant."""

    principal_id: str
    role_template_id: str


@dataclass(frozen=True)
class DeleteApplication:
    """Delete an application and its service principal; both can be restored for 30 days."""

    object_id: str


# What is done to the account itself: credentials, sign-in, licences.
AccountAct = (
    DisableAccount
    | EndSessions
    | EnableAccount
    | IssuePass
    | DeletePass
    | DeliverPassword
    | ReplacePassword
    | AssignLicence
)

GraphAct = (
    RemoveRoleAssignment
    | RemoveRoleMember
    | RequestRoleSchedule
    | AssignRole
    | EndRoleSchedule
    | DisableAccount
    | EndSessions
    | EnableAccount
    | IssuePass
    | DeletePass
    | DeliverPassword
    | ReplacePassword
    | AssignLicence
    | GrantAppRole
    | CreateDelegatedGrant
    | SetDelegatedScopes
    | RevokeAppRole
    | DeleteDelegatedGrant
    | RegisterApplication
    | CreatePrincipal
    | DisownApplication
    | RemoveSecret
    | SetCertificate
    | AddTrust
    | RemoveTrust
    | GiveApplicationRole
    | DeleteApplication
)


@dataclass(frozen=True)
class TurnLatch:
    """Turn the latch to a phase, touching nothing else."""

    phase: str


@dataclass(frozen=True)
class GrantRole:
    """Let Terraform create the role assignment, and nothing else."""


@dataclass(frozen=True)
class ApplyEmptyPlan:
    """Apply a full plan that changes nothing in the tenant, so that the state forgets what is gone."""


@dataclass(frozen=True)
class DestroyStack:
    """Apply the plan that destroys what the state knows of the stack."""


@dataclass(frozen=True)
class LeaveOut:
    """Let the state forget an object that stays in the tenant, by its address."""

    address: str


TerraformAct = TurnLatch | GrantRole | ApplyEmptyPlan | DestroyStack | LeaveOut
