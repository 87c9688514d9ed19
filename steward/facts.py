"""What was seen of a tenant, as plain values: read by `graph` and `terraform`, judged by the lifecycle's steps.

Every reading is one of three things that must never be confused: a value, a confirmed absence, or a read that failed
and therefore tells nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias, TypeVar

from steward.registrations import Registrations


@dataclass(frozen=True)
class Absent:
    """It was looked for, and it is confirmed not to be there."""

    what: str


@dataclass(frozen=True)
class NoClient(Absent):
    """The application has no service principal in the tenant."""


@dataclass(frozen=True)
class Unreadable:
    """The read failed, so nobody can tell; `why` has the server's code and its request id."""

    what: str
    why: str


NOT_READ = Unreadable("this step's facts", "the step did not ask for them to be read")

NOT_ASKED = Unreadable("Terraform's state", "this program does not ask Terraform")

T = TypeVar("T")
Reading: TypeAlias = T | Absent | Unreadable


@dataclass(frozen=True)
class Caller:
    """Who runs the program, as its token says: `permissions` are application permissions or delegated scopes."""

    object_id: str
    app_id: str
    tenant_id: str
    permissions: frozenset[str]
    role_template_ids: frozenset[str]
    is_app: bool


@dataclass(frozen=True)
class VerifiedDomain:
    """A domain that the tenant has proved to own."""

    name: str
    is_federated: bool


@dataclass(frozen=True)
class Sku:
    """A subscription of the tenant and the service plans in it."""

    sku_id: str
    part_number: str
    service_plans: frozenset[str]
    units: int
    consumed: int

    @property
    def free(self) -> int:
        """Return how many units can still be assigned."""
        return self.units - self.consumed


@dataclass(frozen=True)
class Organization:
    """What the tenant owns: its domains and its subscriptions."""

    domains: tuple[VerifiedDomain, ...]
    skus: tuple[Sku, ...]

    def find_sku(self, part_number: str) -> Sku | None:
        """Return the subscription of that part number, if the tenant has it."""
        return next((sku for sku in self.skus if sku.part_number == part_number), None)

    @property
    def service_plans(self) -> frozenset[str]:
        """The service plans of all subscriptions, those that have run out as well."""
        return frozenset(plan for sku in self.skus for plan in sku.service_plans)

    def has_plan(self, service_plan: str) -> bool:
        """Return whether any subscription that has units holds the service plan."""
        return any(service_plan in sku.service_plans and sku.units > 0 for sku in self.skus)


@dataclass(frozen=True)
class UserState:
    """An account as the directory shows it now.

    `is_known_by_stamp_alone` says that it is an account of ours, and nothing shows whether it is this tenant file's;
    `is_likely_anothers` that earlier runs of this file saw another account. With `is_login_taken` an account that is
    not ours has the file's login.
    """

    object_id: str
    login: str
    is_enabled: bool
    stamp: str | None
    is_synchronised: bool
    usage_location: str | None
    licensed_skus: frozenset[str]
    created: datetime | None
    password_changed: datetime | None
    sessions_from: datetime | None = None  # what was signed in to before is over
    is_known_by_stamp_alone: bool = False
    is_likely_anothers: bool = False
    is_login_taken: bool = False


@dataclass(frozen=True)
class PassState:
    """A Temporary Access Pass that exists: `is_usable` is the tenant's own word, by its clock and its policy.

    `is_delivered` says that this run handed it to the sink, `is_for_window` that it did so for the window; of another
    run's pass nobody can tell. `used_since` is when this run first saw that a one-time pass had been signed in with.
    """

    pass_id: str
    is_usable: bool
    ends: datetime
    is_delivered: bool = False
    is_for_window: bool = False
    begins: datetime | None = None
    used_since: datetime | None = None


@dataclass(frozen=True)
class MethodsState:
    """What the account can prove itself with, besides its password."""

    second_factors: frozenset[str]
    passes: tuple[PassState, ...]

    @property
    def used_pass(self) -> PassState | None:
        """Return the one-time pass that somebody has signed in with, if there is one."""
        return next((entry for entry in self.passes if entry.used_since is not None), None)

    @property
    def usable_pass(self) -> PassState | None:
        """Return the pass that opens the account now, if there is one."""
        return next((entry for entry in self.passes if entry.is_usable), None)


@dataclass(frozen=True)
class PassPolicy:
    """The tenant's rules for Temporary Access Passes; lifetimes in minutes.

    `is_for_account` says whether the account may sign in with one, `strong_methods` which second factors it may enrol.
    """

    is_enabled: bool
    shortest: int
    longest: int
    is_for_account: bool = True
    strong_methods: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SinkState:
    """Whether the sink would take a secret, as far as it can be told without one; `why` is empty where it would."""

    where: str
    why: str = ""
    next_move: str = ""


@dataclass(frozen=True)
class DeliveryState:
    """Which password of the account the sink has, by the tenant's time of the change that set it.

    `password_changed` is None where the sink has none that was set to the end.
    """

    password_changed: datetime | None


@dataclass(frozen=True)
class GroupState:
    """A security group that exists already, and who is in it; `times` is how many groups have its name.

    `user_ids` are those of its direct members that are users; a dynamic one fills itself by a rule.
    """

    object_id: str
    name: str
    times: int
    is_role_assignable: bool
    member_ids: tuple[str, ...]
    user_ids: tuple[str, ...] = ()
    is_dynamic: bool = False


@dataclass(frozen=True)
class RoleHolding:
    """One path by which a principal holds a directory role.

    `path` says how: `direct`, `through group <name>`, `active schedule`, `eligible` and the like. What it can be
    removed by is set where there is such a thing: `assignment_id` for a direct assignment, `role_id` (the directory
    role's object id) for a membership of the role; `is_scheduled` where Privileged Identity Management keeps it.
    """

    role_template_id: str
    role_name: str
    path: str
    assignment_id: str | None = None
    role_id: str | None = None
    is_scheduled: bool = False


@dataclass(frozen=True)
class RoleHoldings:
    """Every path found; `unreadable` names the kinds of path that could not be looked at.

    `unseen` are the ids of assignments that were there, by Terraform's state or by what the run saw earlier, and that
    no read shows any more.
    """

    held: tuple[RoleHolding, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True)
class RoleTerm:
    """A directory role that is in force for a principal itself, from when until when; `ends` None means for good."""

    role_template_id: str
    begins: datetime | None
    ends: datetime | None


@dataclass(frozen=True)
class PolicyState:
    """A conditional access policy, as far as the lifecycle judges it."""

    object_id: str
    name: str
    state: str
    include_users: frozenset[str]
    exclude_users: frozenset[str]
    exclude_groups: frozenset[str]
    exclude_roles: frozenset[str]
    include_applications: frozenset[str]
    exclude_applications: frozenset[str]
    client_app_types: frozenset[str]
    built_in_controls: frozenset[str]
    strength_id: str | None
    has_other_controls: bool
    is_narrowed: bool


@dataclass(frozen=True)
class WhatIf:
    """What conditional access would demand of one sign-in: the ids of the policies that apply, with their controls."""

    client_app_type: str
    applied_policy_ids: frozenset[str]


@dataclass(frozen=True)
class ServicePrincipalState:
    """A service principal with the roles and scopes that it offers."""

    object_id: str
    app_id: str
    name: str
    app_roles_offered: Mapping[str, str] = field(default_factory=dict)
    scopes_offered: frozenset[str] = frozenset()


@dataclass(frozen=True)
class AppRoleGrant:
    """An application permission granted to a service principal."""

    assignment_id: str
    resource_id: str
    role_id: str


@dataclass(frozen=True)
class DelegatedGrant:
    """A delegated grant: one a client, resource and principal; `principal_id` None means all principals."""

    grant_id: str
    resource_id: str
    principal_id: str | None
    scopes: frozenset[str]


@dataclass(frozen=True)
class GrantsState:
    """The client, the APIs by application id, and what the client was granted on them."""

    client: ServicePrincipalState
    resources: Mapping[str, ServicePrincipalState]
    app_roles: tuple[AppRoleGrant, ...]
    delegated: tuple[DelegatedGrant, ...]


def granted_ids(grants: GrantsState) -> frozenset[str]:
    """Return what tells one grant from another: an assignment's id, a delegated grant's id with each of its scopes."""
    delegated = {f"{grant.grant_id} {scope}" for grant in grants.delegated for scope in grant.scopes}
    return frozenset({*(role.assignment_id for role in grants.app_roles), *delegated})


@dataclass(frozen=True)
class LatchState:
    """What the latch in Terraform's state says: `until` is the end of the window as it was planned, RFC 3339."""

    phase: str
    until: str


@dataclass(frozen=True)
class StateRoleAssignment:
    """A role assignment that Terraform's state knows."""

    assignment_id: str
    principal_id: str


@dataclass(frozen=True)
class StackState:
    """What Terraform's state says of the tenant, from an allow list of attributes; `addresses` are all it knows."""

    latch: LatchState | Absent
    has_role_assignment: bool
    application_client_id: str | None
    account_id: str | None
    role_assignments: tuple[StateRoleAssignment, ...] = ()
    addresses: frozenset[str] = frozenset()


@dataclass(frozen=True)
class WindowState:
    """The last window in which a person was to sign in with the role: when it was opened, and its end, which stays.

    `is_in_force` says that whoever ends it knows of it: the latch, or a role schedule that reads back. `status` is the
    latch's phase, or what the request for the schedule says of itself.
    """

    opened: datetime
    ends: datetime
    is_in_force: bool
    status: str


@dataclass(frozen=True)
class ReopeningState:
    """The second window of a sealed tenant that this run was asked for: why, and from when until when.

    `begins` and `ends` are None before it is opened, `closes` before its closing began. `hears_enter` says that
    somebody at a terminal can end it.
    """

    reason: str
    minutes: int
    begins: datetime | None = None
    ends: datetime | None = None
    closes: datetime | None = None
    hears_enter: bool = False


@dataclass(frozen=True)
class Remain:
    """Something of the tenant file's that was deleted and lies in the recycle bin, for 30 days from `deleted`."""

    kind: str
    name: str
    object_id: str
    deleted: datetime | None


@dataclass(frozen=True)
class SignInState:
    """A sign-in of the account that succeeded, as the sign-in log has it."""

    at: datetime
    application: str


@dataclass(frozen=True)
class SignInAttempt:
    """An entry of the sign-in log, good or bad: `error_code` is the AADSTS number, 0 for a success."""

    at: datetime
    user_id: str
    login: str
    application: str
    error_code: int


@dataclass(frozen=True)
class ConsentEntry:
    """A consent to the application, as the audit log has it: when, and the login of who gave it."""

    at: datetime
    by: str


@dataclass(frozen=True)
class ConsentAnswer:
    """What a browser brought back from the page of the admin consent; of a consent only Graph is believed.

    `code` is the refusal's AADSTS number or OAuth's word for it, empty where the page says that it was accepted;
    `tenant_id` is the tenant that the page names.
    """

    at: datetime
    code: str
    tenant_id: str


@dataclass(frozen=True)
class ConsentPageState:
    """How far the consent in a browser has come in this run.

    `changed` is when more than before was first seen after the invitation. `refused` counts requests to the listener
    that were no answer for this run.
    """

    is_invited: bool = False
    answer: ConsentAnswer | None = None
    refused: int = 0
    changed: datetime | None = None


@dataclass(frozen=True)
class GrantedBefore:
    """What the application was granted before anybody could consent: `ids` as `granted_ids` has them, None if unread.

    `is_earlier` says that an earlier run saw it, and `is_owed` that since then nobody has looked to the end at what a
    consent brought. `trouble` says why earlier runs do not tell. `let_at` is when somebody was last let consent, None
    where nothing says so; of this run's looks since then (or of all) `looking_since` is the first, `looked_at` the
    last, and `agreeing_since` the first that showed what the last did.
    """

    client_id: str | None
    ids: frozenset[str] | None
    is_earlier: bool = False
    is_owed: bool = False
    trouble: str = ""
    let_at: datetime | None = None
    looking_since: datetime | None = None
    agreeing_since: datetime | None = None
    looked_at: datetime | None = None


@dataclass(frozen=True)
class Leftover:
    """Something of the stack that the tenant has and Terraform's state does not know.

    `address` is what the stack calls it, `import_id` the provider's id for it.
    """

    name: str
    address: str
    import_id: str


@dataclass(frozen=True)
class PlannedChange:
    """One change that a plan would make."""

    address: str
    actions: tuple[str, ...]


@dataclass(frozen=True)
class PlanState:
    """What a full plan would change; nothing at all when state, tenant file and tenant agree."""

    changes: tuple[PlannedChange, ...]


@dataclass(frozen=True)
class Facts:
    """All that a step may judge; what it did not ask for stands as unreadable, so that it cannot pass unnoticed."""

    caller: Reading[Caller] = NOT_READ
    organization: Reading[Organization] = NOT_READ
    security_defaults: Reading[bool] = NOT_READ
    break_glass: Reading[GroupState] = NOT_READ
    dashboard_groups: Reading[Mapping[str, int]] = NOT_READ
    account: Reading[UserState] = NOT_READ
    methods: Reading[MethodsState] = NOT_READ
    pass_policy: Reading[PassPolicy] = NOT_READ
    strength: Reading[frozenset[str]] = NOT_READ
    sink: Reading[SinkState] = NOT_READ
    delivery: Reading[DeliveryState] = NOT_READ
    roles: Reading[RoleHoldings] = NOT_READ
    owned: Reading[RoleHoldings] = NOT_READ
    reachable: Reading[RoleHoldings] = NOT_READ
    other_administrators: Reading[tuple[str, ...]] = NOT_READ
    policies: Reading[tuple[PolicyState, ...]] = NOT_READ
    what_if: Reading[tuple[WhatIf, ...]] = NOT_READ
    what_if_break_glass: Reading[tuple[WhatIf, ...]] = NOT_READ
    grants: Reading[GrantsState] = NOT_READ
    known_grants: Reading[GrantsState] = NOT_READ
    granted_before: Reading[GrantedBefore] = NOT_READ
    twins: Reading[RoleHoldings] = NOT_READ
    now: Reading[datetime] = NOT_READ
    window: Reading[WindowState] = NOT_READ
    first_sign_in: Reading[SignInState] = NOT_READ
    attempts: Reading[tuple[SignInAttempt, ...]] = NOT_READ
    consent_page: Reading[ConsentPageState] = NOT_READ
    consent_entry: Reading[ConsentEntry] = NOT_READ
    operators_word: Reading[bool] = NOT_READ
    role_terms: Reading[tuple[RoleTerm, ...]] = NOT_READ
    role_grants: Reading[Mapping[str, datetime]] = NOT_READ
    role_first_seen: Reading[Mapping[str, datetime]] = NOT_READ
    reopening: Reading[ReopeningState] = NOT_READ
    reopened: Reading[RoleTerm] = NOT_READ
    client_grants: Reading[GrantsState] = NOT_READ
    remains: Reading[tuple[Remain, ...]] = NOT_READ
    destroy_plan: Reading[PlanState] = NOT_READ
    role_last_absent: Reading[Mapping[str, datetime]] = NOT_READ
    stack: Reading[StackState] = NOT_READ
    leftovers: Reading[tuple[Leftover, ...]] = NOT_READ
    lock: Reading[bool] = NOT_READ
    registrations: Reading[Registrations] = NOT_READ
    plan: Reading[PlanState] = NOT_READ
