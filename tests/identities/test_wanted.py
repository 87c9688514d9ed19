"""What each identity should be: as its programs ask, tenant by tenant, and nothing that leads anywhere once sealed."""

from collections.abc import Callable
from datetime import date
from itertools import product

import pytest

from steward.config.model import Application, DashboardRole, Elevation, FirstSignIn, GroupReference, SignIn, Tenant
from steward.identities.roster import NAMES, ROSTER, Identity, find_identities
from steward.identities.wanted import want
from steward.lifecycle.needs import (
    GOVERNING_PLANS,
    POST_APPLY_ROLES,
    Need,
    close_needs,
    deploy_needs,
    guard_needs,
    leads_to_global_administrator,
    plan_needs,
    post_apply_needs,
    reopen_needs,
    retire_needs,
)
from steward.wellknown.roles import USER_ADMINISTRATOR
from tests.identities.directory import TENANT

NEEDS: dict[str, Callable[[Tenant], tuple[Need, ...]]] = {
    "plan": plan_needs,
    "deploy": deploy_needs,
    "post-apply": post_apply_needs,
    "close": close_needs,
    "guard": guard_needs,
    "reopen": reopen_needs,
    "retire": retire_needs,
}
GOVERNED_READS = frozenset(
    {"PrivilegedAssignmentSchedule.Read.AzureADGroup", "PrivilegedEligibilitySchedule.Read.AzureADGroup"}
)
REPOSITORY = "repo:contoso/steward"
ENVIRONMENT = [f"{REPOSITORY}:environment:production"]
SUBJECTS = {
    "plan": [f"{REPOSITORY}:pull_request", f"{REPOSITORY}:ref:refs/heads/main"],
    "guard": [f"{REPOSITORY}:ref:refs/heads/main"],
    **dict.fromkeys(("deploy", "post-apply", "close", "reopen", "retire"), ENVIRONMENT),
}


def _tenants() -> dict[str, Tenant]:
    """Return a tenant for every elevation, with and without a person, a vendor's application and a dashboard."""
    made: dict[str, Tenant] = {}
    for elevation, sign_in, is_own, has_dashboard in product(Elevation, SignIn, (True, False), (True, False)):
        application = TENANT.application.model_copy(
            update={"client_id": None if is_own else "c1a5f00d-0000-4000-8000-00000000c1a5"}
        )
        role = DashboardRole(role="Full Administrator", group=GroupReference(name="sg-admins"))
        person = sign_in is SignIn.ALLOWED
        update = {
            "elevation": elevation,
            "account": TENANT.account.model_copy(update={"sign_in": sign_in}),
            "application": Application.model_validate(application.model_dump()),
            "dashboard": (role,) if has_dashboard and is_own else (),
            "first_sign_in": FirstSignIn.DASHBOARD if person else FirstSignIn.NONE,
        }
        name = f"{elevation.value}-{sign_in.value}-{'own' if is_own else 'vendor'}-{has_dashboard}"
        made[name] = TENANT.model_copy(update=update)
    return made


TENANTS = _tenants()


def sealed(tenant: Tenant) -> Tenant:
    """Return the tenant once it is sealed."""
    account = tenant.account.model_copy(update={"sealed_on": date(2026, 11, 20)})
    return tenant.model_copy(update={"account": account})


def permissions_of(identity: Identity, tenant: Tenant, *, is_sealed: bool) -> frozenset[str]:
    return want(identity, tenant, is_sealed=is_sealed).permissions


@pytest.mark.parametrize("tenant", TENANTS.values(), ids=TENANTS)
def test_sets_are_those_that_the_programs_ask_for(tenant: Tenant) -> None:
    made = {each.name: permissions_of(each, tenant, is_sealed=False) for each in ROSTER}
    assert made == {name: {need.permission for need in needs(tenant)} for name, needs in NEEDS.items()}


@pytest.mark.parametrize("tenant", TENANTS.values(), ids=TENANTS)
def test_sealed_tenant_leaves_nothing_that_leads_to_global_administrator(tenant: Tenant) -> None:
    for identity in ROSTER:
        wanted = want(identity, sealed(tenant), is_sealed=True)
        assert not [each for each in wanted.permissions if leads_to_global_administrator(each)], identity.name
        assert wanted.role_template_ids == frozenset()
    assert permissions_of(find_identities(("post-apply",))[0], tenant, is_sealed=True) == frozenset()


@pytest.mark.parametrize("tenant", TENANTS.values(), ids=TENANTS)
def test_what_a_sealed_deploy_asks_for_is_what_its_identity_keeps(tenant: Tenant) -> None:
    (deploy,) = find_identities(("deploy",))
    asked = {need.permission for need in deploy_needs(sealed(tenant))}
    assert permissions_of(deploy, sealed(tenant), is_sealed=True) == asked
    assert "RoleManagement.Read.Directory" in asked
    # By name it is made whole again, whatever the file says.
    whole = {need.permission for need in deploy_needs(tenant)}
    assert permissions_of(deploy, sealed(tenant), is_sealed=False) == whole


def test_guard_and_plan_only_read_and_keep_all() -> None:
    for identity in find_identities(("plan", "guard")):
        kept = permissions_of(identity, sealed(TENANT), is_sealed=True)
        assert kept == permissions_of(identity, TENANT, is_sealed=False)
        assert not [each for each in kept if "Write" in each]


def test_only_post_apply_holds_a_directory_role() -> None:
    roles = {each.name: want(each, TENANT, is_sealed=False).role_template_ids for each in ROSTER}
    assert {name for name, held in roles.items() if held} == {"post-apply"}
    assert roles["post-apply"] == {USER_ADMINISTRATOR} == {role.template_ids[0] for role in POST_APPLY_ROLES}


@pytest.mark.parametrize("identity", ROSTER, ids=NAMES)
def test_each_identity_is_signed_in_as_from_one_kind_of_job(identity: Identity) -> None:
    trusts = want(identity, TENANT, is_sealed=False).trusts
    assert [each.subject for each in trusts] == SUBJECTS[identity.name]
    assert {each.issuer for each in trusts} == {"https://token.actions.githubusercontent.com"}


def test_what_writes_is_never_trusted_to_a_pull_request_or_a_branch() -> None:
    for identity in ROSTER:
        wanted = want(identity, TENANT, is_sealed=False)
        if any("Write" in each or leads_to_global_administrator(each) for each in wanted.permissions):
            assert all(":environment:" in each.subject for each in wanted.trusts), identity.name


def test_what_is_not_asked_for_by_name_is_made_when_it_is_usual() -> None:
    assert [each.name for each in find_identities(())] == ["plan", "deploy", "post-apply", "close", "guard"]
    assert [each.name for each in find_identities(("reopen", "plan"))] == ["plan", "reopen"]


@pytest.mark.parametrize("tenant", TENANTS.values(), ids=TENANTS)
@pytest.mark.parametrize("plan", sorted(GOVERNING_PLANS))
def test_licences_make_the_sets_those_that_post_apply_asks_for_there(tenant: Tenant, plan: str) -> None:
    plans = frozenset({plan, "AAD_PREMIUM"})
    made = {each.name: want(each, tenant, is_sealed=False, service_plans=plans).permissions for each in ROSTER}
    asked = {name: {need.permission for need in needs(tenant)} for name, needs in NEEDS.items()}
    asked["post-apply"] = {need.permission for need in post_apply_needs(tenant, plans)}
    assert made == asked
    assert made["post-apply"] >= GOVERNED_READS


@pytest.mark.parametrize("tenant", TENANTS.values(), ids=TENANTS)
def test_licences_that_nobody_could_read_leave_undecided_what_hangs_on_them_alone(tenant: Tenant) -> None:
    undecided = {each.name: want(each, tenant, is_sealed=False, service_plans=None) for each in ROSTER}
    # A role is scheduled with such a licence only, so that the file says it then.
    hanging = frozenset[str]() if tenant.elevation is Elevation.SCHEDULED else GOVERNED_READS
    for identity in ROSTER:
        wanted = undecided[identity.name]
        assert wanted.undecided == (hanging if identity.name == "post-apply" else frozenset())
        assert wanted.permissions == permissions_of(identity, tenant, is_sealed=False)
        assert want(identity, sealed(tenant), is_sealed=True, service_plans=None).undecided == frozenset()
