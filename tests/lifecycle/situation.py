"""One good situation, a tenant right after its deploy, and the same tenant once sealed; cases mutate one of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from steward.config.clouds import Cloud
from steward.config.model import (
    Account,
    Application,
    DashboardRole,
    Deployer,
    FileSink,
    GroupReference,
    Permission,
    Permissions,
    SignIn,
    Tenant,
    TenantIdentity,
)
from steward.facts import (
    Absent,
    AppRoleGrant,
    Caller,
    DelegatedGrant,
    Facts,
    GrantsState,
    GroupState,
    LatchState,
    Organization,
    PlanState,
    PolicyState,
    RoleHolding,
    RoleHoldings,
    ServicePrincipalState,
    Sku,
    StackState,
    UserState,
    VerifiedDomain,
    WhatIf,
)
from steward.lifecycle.actions import Action, Already, Blocked, Found, GraphCall, TerraformCall, Wait
from steward.lifecycle.needs import POST_APPLY_ROLES, deploy_needs, post_apply_needs
from steward.lifecycle.step import Step
from steward.lifecycle.steps.preflight import declared_addresses
from steward.wellknown.account import STAMP
from steward.wellknown.latch import LATCH
from steward.wellknown.permissions import MICROSOFT_GRAPH_APP_ID
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR

ACCOUNT_ID = "aaaaaaaa-0000-4000-8000-000000000001"
DEPLOYER_ID = "aaaaaaaa-0000-4000-8000-000000000002"
GROUP_ID = "aaaaaaaa-0000-4000-8000-000000000003"
CLIENT_ID = "aaaaaaaa-0000-4000-8000-000000000004"
GRAPH_ID = "aaaaaaaa-0000-4000-8000-000000000005"
SKU_ID = "aaaaaaaa-0000-4000-8000-000000000006"
CONTACTS = Permission(
    resource_app_id=MICROSOFT_GRAPH_APP_ID, value="Contacts.ReadWrite", id="6918b873-d17a-4dc1-b314-35f528134491"
)
USER_READ = Permission(
    resource_app_id=MICROSOFT_GRAPH_APP_ID, value="User.Read", id="e1fe6dd8-ba31-4d61-89e7-88639da4683d"
)
CREATED = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

TENANT = Tenant(
    file=Path("tenants/contoso.yaml"),
    tenant=TenantIdentity(
        name="contoso",
        id="11111111-1111-4111-8111-111111111111",
        cloud=Cloud(name="sandbox", authority="https://localhost:8443", graph="https://localhost:8443"),
    ),
    deployer=Deployer(object_id=DEPLOYER_ID),
    account=Account(login="j.keller@contoso.example", display_name="J. Keller", usage_location="US"),
    break_glass=GroupReference(name="sg-breakglass"),
    application=Application(
        display_name="CiraSync", permissions=Permissions(application=(CONTACTS,), delegated=(USER_READ,))
    ),
    dashboard=(DashboardRole(role="Full Administrator", group=GroupReference(name="sg-admins")),),
    evidence=Path("evidence"),
)
ALLOWED_TENANT = TENANT.model_copy(
    update={
        "account": TENANT.account.model_copy(update={"sign_in": SignIn.ALLOWED}),
        "sink": FileSink(folder=Path("secrets")),
    }
)

GLOBAL_ADMIN = RoleHolding(GLOBAL_ADMINISTRATOR, "Global Administrator", "direct", "assignment-1")
POLICY = PolicyState(
    object_id="policy-1",
    name="Require MFA",
    state="enabled",
    include_users=frozenset({ACCOUNT_ID}),
    exclude_users=frozenset(),
    exclude_groups=frozenset({GROUP_ID}),
    exclude_roles=frozenset(),
    include_applications=frozenset({"All"}),
    exclude_applications=frozenset(),
    client_app_types=frozenset({"all"}),
    built_in_controls=frozenset({"mfa"}),
    strength_id=None,
    has_other_controls=False,
    is_narrowed=False,
)
ACCOUNT = UserState(
    object_id=ACCOUNT_ID,
    login=TENANT.account.login,
    is_enabled=False,
    stamp=STAMP,
    is_synchronised=False,
    usage_location="US",
    licensed_skus=frozenset(),
    created=CREATED,
    password_changed=CREATED,
)
GRANTS = GrantsState(
    client=ServicePrincipalState(CLIENT_ID, "client-app", "CiraSync"),
    resources={
        MICROSOFT_GRAPH_APP_ID: ServicePrincipalState(
            GRAPH_ID,
            MICROSOFT_GRAPH_APP_ID,
            "Microsoft Graph",
            {CONTACTS.id: CONTACTS.value},
            frozenset({USER_READ.value}),
        )
    },
    app_roles=(),
    delegated=(),
)
GRANTED = replace(
    GRANTS,
    app_roles=(AppRoleGrant("role-grant-1", GRAPH_ID, CONTACTS.id),),
    delegated=(DelegatedGrant("grant-1", GRAPH_ID, None, frozenset({"User.Read"})),),
)

CALLER = Caller(
    object_id=DEPLOYER_ID,
    app_id="app",
    tenant_id=TENANT.tenant.id,
    permissions=frozenset(need.permission for need in (*deploy_needs(TENANT), *post_apply_needs(TENANT))),
    role_template_ids=frozenset(role.template_ids[0] for role in POST_APPLY_ROLES),
    is_app=True,
)
ORGANIZATION = Organization(
    domains=(VerifiedDomain("contoso.example", is_federated=False),),
    skus=(Sku(SKU_ID, "AAD_PREMIUM", frozenset({"AAD_PREMIUM"}), units=5, consumed=2),),
)
BREAK_GLASS = GroupState(GROUP_ID, "sg-breakglass", times=1, is_role_assignable=True, member_ids=("someone",))
WHAT_IF = (WhatIf("browser", frozenset({"policy-1"})), WhatIf("other", frozenset({"policy-1"})))
ADDRESSES = frozenset({*declared_addresses(TENANT), LATCH})
PRIVILEGED_STACK = StackState(
    LatchState("privileged", "2026-11-23T13:00:00Z"),
    has_role_assignment=True,
    application_client_id="client-app",
    account_id=ACCOUNT_ID,
    addresses=ADDRESSES,
)
SEALED_STACK = StackState(
    LatchState("sealed", "2026-11-23T13:00:00Z"),
    has_role_assignment=False,
    application_client_id="client-app",
    account_id=ACCOUNT_ID,
    addresses=ADDRESSES,
)

DEPLOYED = Facts(
    caller=CALLER,
    organization=ORGANIZATION,
    security_defaults=False,
    break_glass=BREAK_GLASS,
    dashboard_groups={"sg-admins": 1},
    account=ACCOUNT,
    methods=Absent("sign-in"),
    pass_policy=Absent("sign-in"),
    sink=Absent("a sink"),
    delivery=Absent("the sink's record"),
    roles=RoleHoldings(held=(GLOBAL_ADMIN,)),
    owned=RoleHoldings(),
    reachable=RoleHoldings(),
    other_administrators=("breakglass@contoso.example",),
    policies=(POLICY,),
    what_if=WHAT_IF,
    what_if_break_glass=(WhatIf("browser", frozenset()),),
    grants=GRANTS,
    twins=RoleHoldings(),
    stack=PRIVILEGED_STACK,
    leftovers=(),
    lock=True,
    strength=Absent("a strength of the tenant's own"),
    plan=PlanState(()),
)
SEALED = replace(
    DEPLOYED,
    account=replace(ACCOUNT, password_changed=CREATED + timedelta(minutes=5)),
    roles=RoleHoldings(),
    grants=GRANTED,
    stack=SEALED_STACK,
)


def intend(step: Step, facts: Facts, tenant: Tenant = TENANT) -> list[Action]:
    """Return what the step intends, given only the facts that it asks for."""
    return list(step.decide(Facts(**{name: getattr(facts, name) for name in step.reads}), tenant))


def in_short(actions: list[Action]) -> list[str]:
    """Return one word a kind and the subject, in order: what a case states."""
    words = []
    for action in actions:
        match action:
            case Already():
                words.append(f"already {action.subject}")
            case Blocked():
                words.append(f"blocked {action.subject}")
            case Found():
                words.append(f"found {action.subject}")
            case Wait():
                words.append(f"waits {action.subject}")
            case GraphCall() | TerraformCall():
                words.append(f"{action.verb} {type(action.act).__name__}")
    return words
