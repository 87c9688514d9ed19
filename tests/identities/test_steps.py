"""Making, listing and taking back our identities, judged without a tenant: by what a directory of values becomes."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from steward import acts
from steward.config.model import CertificateTrust, Deployer, Identities, Tenant
from steward.facts import Organization, Sku, Unreadable
from steward.identities.ours import find_kept
from steward.identities.roster import ROSTER, find_identities
from steward.identities.steps import READING, Chosen, list_step, make_step, remove_step, retire_step
from steward.identities.wanted import Certificate, want
from steward.lifecycle.actions import Action, Already, Blocked, Found, GraphCall
from steward.lifecycle.needs import GOVERNING_PLANS
from steward.lifecycle.step import Step
from steward.registrations import (
    CertificateState,
    GrantedPermission,
    HeldRole,
    RegistrationState,
    SecretState,
    TrustState,
)
from steward.wellknown.clients import AZURE_CLI, GRAPH_COMMAND_LINE
from steward.wellknown.permissions import known_permissions
from steward.wellknown.registration import TOKEN_EXCHANGE, file_tag, identity_tag
from steward.wellknown.roles import (
    APPLICATION_ADMINISTRATOR,
    GLOBAL_ADMINISTRATOR,
    PRIVILEGED_ROLE_ADMINISTRATOR,
    USER_ADMINISTRATOR,
)
from tests.identities.directory import ADMINISTRATOR_ID, CALLER, GITHUB, GRAPH_ID, STRANGER_ID, TENANT, Directory, facts

ALL = Chosen(find_identities(()))
SOON = datetime(2026, 12, 1, tzinfo=UTC)
SECRET = SecretState("secret-1", "for a trial", SOON)
# The directory of these tests knows a certificate by the text that was uploaded.
CERTIFICATE = Certificate(fingerprint="our-certificate", der="our-certificate", ends=SOON + timedelta(days=90))


def decide(step: Step, directory: Directory, tenant: Tenant = TENANT, caller: Any = CALLER) -> list[Action]:
    return list(step.decide(facts(directory.shown, caller), tenant))


def calls_of(actions: Iterable[Action]) -> list[GraphCall]:
    return [action for action in actions if isinstance(action, GraphCall)]


def settle(
    step: Step,
    directory: Directory,
    tenant: Tenant = TENANT,
    *,
    most: int | None = None,
    watch: Callable[[Directory], None] = lambda _: None,
) -> int:
    """Perform what the step intends until it intends nothing, or `most` acts; return how many there were."""
    performed = 0
    while calls := calls_of(decide(step, directory, tenant)):
        for call in calls:
            if performed == most:
                return performed
            directory.perform(call.act)
            performed += 1
            watch(directory)
    return performed


def made(tenant: Tenant = TENANT) -> Directory:
    directory = Directory()
    settle(make_step(ALL), directory, tenant)
    return directory


def kept(directory: Directory, identity: str, tenant: Tenant = TENANT) -> RegistrationState:
    found = find_kept(identity, directory.shown, tenant)
    assert found is not None
    return found


def sealed(tenant: Tenant = TENANT) -> Tenant:
    account = tenant.account.model_copy(update={"sealed_on": date(2026, 11, 20)})
    return tenant.model_copy(update={"account": account})


def naming(directory: Directory, tenant: Tenant = TENANT) -> Tenant:
    """Return the tenant whose file names the identities as they are now."""
    ids = {each.name: entry.client_id for each in ROSTER if (entry := find_kept(each.name, directory.shown, tenant))}
    assert tenant.identities is not None
    return tenant.model_copy(update={"identities": tenant.identities.model_copy(update={"client_ids": ids})})


def names_of(entry: RegistrationState) -> set[str]:
    by_id = {each.application_id: each.value for each in known_permissions().values()}
    return {by_id[each.role_id] for each in (entry.principal.permissions if entry.principal else ())}


def never_open_while_permitted(directory: Directory) -> None:
    """Demand that whatever holds a permission is owned by nobody and has no secret: the order of the acts."""
    for entry in directory.shown.entries:
        if entry.principal and (entry.principal.permissions or entry.principal.roles):
            assert not list(entry.owners_of_both)
            assert not list(entry.secrets_of_both)


def test_identities_are_made_as_they_are_wanted() -> None:
    directory = Directory()
    settle(make_step(ALL), directory, watch=never_open_while_permitted)
    assert len(directory.shown.entries) == len(ALL.identities)
    for identity in ALL.identities:
        wanted, entry = want(identity, TENANT, is_sealed=False), kept(directory, identity.name)
        assert entry.tags == {file_tag("contoso"), identity_tag("contoso", identity.name)}
        assert names_of(entry) == wanted.permissions
        assert entry.principal is not None
        assert {each.role_template_id for each in entry.principal.roles or ()} == wanted.role_template_ids
        assert {(each.issuer, each.subject, each.audiences) for each in entry.trusts} == {
            (each.issuer, each.subject, (TOKEN_EXCHANGE,)) for each in wanted.trusts
        }
        assert (entry.owners, entry.secrets, entry.certificates, entry.principal.owners) == ((), (), (), ())


def test_second_time_changes_nothing() -> None:
    directory = made()
    actions = decide(make_step(ALL), directory)
    assert [type(action) for action in actions] == [Already] * len(ALL.identities)
    assert [type(action) for action in decide(list_step(ALL), directory)] == [Already] * len(ALL.identities)


def test_killed_after_any_act_the_next_run_completes_with_nothing_double() -> None:
    whole = Directory()
    count = settle(make_step(ALL), whole)
    assert count > 50
    for deaths in range(count):
        directory = Directory()
        settle(make_step(ALL), directory, most=deaths)
        left = settle(make_step(ALL), directory, watch=never_open_while_permitted)
        assert deaths + left == count
        assert len(directory.shown.entries) == len(ALL.identities)


def test_preview_shows_every_stage_of_what_does_not_exist() -> None:
    shown = calls_of(decide(make_step(ALL, shows_all=True), Directory()))
    # Only an owner that Graph adds by itself cannot be foreseen.
    assert len(shown) == settle(make_step(ALL), Directory()) - 2 * len(ALL.identities)


FOUND = {
    "secret": {"secrets": (SECRET,)},
    "owner": {"owners": (STRANGER_ID,)},
    "certificate": {"certificates": (CertificateState("key-1", "theirs", SOON),)},
    "trust": {"trusts": (TrustState("trust-1", "fork", GITHUB.issuer, "repo:eve/steward:environment:production",
                                    (TOKEN_EXCHANGE,)),)},
    "another branch": {"trusts": (TrustState("trust-1", "github-branch", GITHUB.issuer,
                                             "repo:contoso/steward:ref:refs/heads/other", (TOKEN_EXCHANGE,)),)},
    "another audience": {"trusts": (TrustState("trust-1", "github-environment", GITHUB.issuer,
                                               "repo:contoso/steward:environment:production", ("api://other",)),)},
}  # fmt: skip  # a case a line


@pytest.mark.parametrize("found", FOUND.values(), ids=FOUND)
def test_what_lets_others_sign_in_is_listed_and_taken_from_an_application_that_the_file_names(
    found: dict[str, Any],
) -> None:
    directory = made()
    tenant = naming(directory)
    expected = directory.shown.entries
    directory.change(kept(directory, "deploy").object_id, **found)
    assert any(isinstance(action, Found) for action in decide(list_step(ALL), directory, tenant))
    settle(make_step(ALL), directory, tenant)
    assert _without_ids(directory.shown.entries) == _without_ids(expected)


def _without_ids(entries: Iterable[RegistrationState]) -> list[RegistrationState]:
    """Return the applications with the credentials' ids left out, since a trust that comes back is a new one."""
    return [
        replace(entry, trusts=tuple(replace(trust, credential_id="") for trust in entry.trusts)) for entry in entries
    ]


@pytest.mark.parametrize("found", FOUND.values(), ids=FOUND)
def test_application_that_bears_our_stamp_and_lets_others_sign_in_is_given_nothing(found: dict[str, Any]) -> None:
    directory = Directory()
    tags = frozenset({file_tag("contoso"), identity_tag("contoso", "deploy")})
    directory.add(RegistrationState("bait", "bait-client", "CiraSync deploy (contoso)", tags, "AzureADMyOrg", **found))
    settle(make_step(ALL), directory)
    assert directory.entry("bait").principal is None
    blocked = [action for action in decide(make_step(ALL), directory) if isinstance(action, Blocked)]
    assert [action.subject.startswith("deploy: ") for action in blocked] == [True]
    # The others are made all the same.
    assert names_of(kept(directory, "guard"))


def test_application_of_a_killed_run_of_ones_own_is_taken_up_and_a_second_one_deleted() -> None:
    directory = Directory()
    tags = frozenset({file_tag("contoso"), identity_tag("contoso", "guard")})
    for name in ("first", "second"):
        directory.add(
            RegistrationState(
                name, f"{name}-client", "CiraSync guard", tags, "AzureADMyOrg",
                created=SOON + timedelta(minutes=len(name)), owners=(ADMINISTRATOR_ID,),
            )
        )  # fmt: skip  # the values that matter, close together
    settle(make_step(ALL), directory)
    assert kept(directory, "guard").object_id == "first"
    assert "second" not in {entry.object_id for entry in directory.shown.entries}


def test_application_that_the_file_names_is_kept_before_an_older_one() -> None:
    directory = made()
    tenant = naming(directory)
    older = replace(kept(directory, "guard"), object_id="older", client_id="older-client", created=None, principal=None)
    directory.add(replace(older, created=datetime(2026, 1, 1, tzinfo=UTC)))
    settle(make_step(ALL), directory, tenant)
    assert kept(directory, "guard", tenant).object_id != "older"
    assert "older" not in {entry.object_id for entry in directory.shown.entries}


def test_application_that_the_file_names_without_the_stamp_is_not_touched() -> None:
    directory = made()
    tenant = naming(directory)
    directory.change(kept(directory, "guard").object_id, tags=frozenset({"HideApp"}))
    actions = decide(make_step(ALL), directory, tenant)
    assert calls_of(actions) == []
    assert [action.subject.partition(":")[0] for action in actions if isinstance(action, Blocked)] == ["guard"]


def test_two_tenant_files_in_one_tenant_do_not_mix() -> None:
    directory = made()
    before = directory.shown.entries
    other = TENANT.model_copy(update={"tenant": TENANT.tenant.model_copy(update={"name": "contoso-lab"})})
    # A tag is compared whole: one name may begin with the other.
    settle(make_step(ALL), directory, other)
    assert directory.shown.entries[: len(before)] == before
    assert len(directory.shown.entries) == 2 * len(before)
    settle(remove_step(Chosen(ROSTER)), directory, sealed(other))
    assert directory.shown.entries == before


def test_deployer_that_the_file_names_already_is_not_replaced() -> None:
    directory = Directory()
    tenant = TENANT.model_copy(update={"deployer": Deployer(object_id=STRANGER_ID)})
    settle(make_step(ALL), directory, tenant)
    assert find_kept("deploy", directory.shown, tenant) is None
    blocked = [action for action in decide(make_step(ALL), directory, tenant) if isinstance(action, Blocked)]
    assert [action.subject for action in blocked] == ["deploy: deployer.object_id"]


def test_permissions_and_roles_beyond_the_needs_are_listed_and_taken_away() -> None:
    directory = made()
    guard = kept(directory, "guard").principal
    assert guard is not None
    extra = GrantedPermission("extra", GRAPH_ID, "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8")
    elsewhere = replace(guard.permissions[0], assignment_id="elsewhere", api_id="another-api")
    directory.change_principal(
        guard.object_id,
        permissions=(*guard.permissions, extra, elsewhere),
        roles=(HeldRole("role", GLOBAL_ADMINISTRATOR, "/"),),
        memberships=("sg-breakglass",),
    )
    found = [action for action in decide(list_step(ALL), directory) if isinstance(action, Found)]
    assert [action.subject for action in found] == [
        "guard: permission RoleManagement.ReadWrite.Directory",
        f"guard: permission {_name_of(elsewhere)}",
        "guard: directory role Global Administrator",
        "guard: member of sg-breakglass",
    ]
    settle(make_step(ALL), directory)
    left = directory.principal(guard.object_id)
    assert (left.permissions, left.roles) == (guard.permissions, ())
    # Nobody but its owners takes it out of a group, which is told.
    assert any(isinstance(action, Found) for action in decide(make_step(ALL), directory))


def _name_of(granted: GrantedPermission) -> str:
    return next(each.value for each in known_permissions().values() if each.application_id == granted.role_id)


def test_role_for_a_part_of_the_directory_is_not_the_one_that_is_needed() -> None:
    directory = made()
    post_apply = kept(directory, "post-apply").principal
    assert post_apply is not None
    narrow = HeldRole("narrow", USER_ADMINISTRATOR, "/administrativeUnits/1")
    directory.change_principal(post_apply.object_id, roles=(narrow,))
    settle(make_step(ALL), directory)
    assert [each.scope for each in directory.principal(post_apply.object_id).roles or ()] == ["/"]


def test_sealed_tenant_keeps_what_leads_nowhere() -> None:
    directory = made()
    before = {each.name: names_of(kept(directory, each.name)) for each in ALL.identities}
    settle(retire_step(Chosen(ROSTER)), directory, sealed())
    after = {each.name: names_of(kept(directory, each.name)) for each in ALL.identities}
    assert after["plan"] == before["plan"]
    assert after["guard"] == before["guard"]
    assert (after["post-apply"], after["close"]) == (set(), set())
    assert after["deploy"] - before["deploy"] == {"RoleManagement.Read.Directory"}
    assert before["deploy"] - after["deploy"] == {
        "AppRoleAssignment.ReadWrite.All",
        "Policy.ReadWrite.ConditionalAccess",
        "RoleManagement.ReadWrite.Directory",
    }
    assert all(not (entry.principal and entry.principal.roles) for entry in directory.shown.entries)
    # It stays so: on a sealed tenant make gives nothing back that is not asked for by name.
    assert settle(make_step(ALL), directory, sealed()) == 0
    assert settle(retire_step(Chosen(ROSTER)), directory, sealed()) == 0
    by_name = Chosen(find_identities(("deploy",)), is_by_name=True)
    settle(make_step(by_name), directory, sealed())
    assert names_of(kept(directory, "deploy")) == before["deploy"]
    assert any(isinstance(action, Found) for action in decide(list_step(ALL), directory, sealed()))


def test_retiring_adds_no_way_to_sign_in_and_makes_nothing() -> None:
    directory = made()
    directory.change(kept(directory, "guard").object_id, trusts=())
    settle(retire_step(Chosen(ROSTER)), directory, sealed())
    assert kept(directory, "guard").trusts == ()
    assert settle(retire_step(Chosen(ROSTER)), Directory(), sealed()) == 0


def test_identities_lose_everything_before_they_are_deleted() -> None:
    directory = made()
    directory.change(kept(directory, "deploy").object_id, secrets=(SECRET,))
    performed: list[Any] = []
    while calls := calls_of(decide(remove_step(Chosen(ROSTER)), directory, sealed())):
        for call in calls:
            if isinstance(call.act, acts.DeleteApplication):
                entry = directory.entry(call.act.object_id)
                assert entry.principal is not None
                assert (entry.trusts, entry.secrets, entry.principal.permissions, entry.principal.roles) == ((),) * 4
            performed.append(call.act)
            directory.perform(call.act)
    assert directory.shown.entries == ()
    assert len([act for act in performed if isinstance(act, acts.DeleteApplication)]) == len(ALL.identities)


def by_certificate(tenant: Tenant = TENANT) -> Tenant:
    trust = CertificateTrust(folder=tenant.evidence / "keys", days=90)
    return tenant.model_copy(update={"identities": Identities(trust=trust)})


def test_workstation_signs_in_by_one_certificate_each() -> None:
    tenant, directory = by_certificate(), Directory()
    chosen = replace(ALL, certificates={each.name: CERTIFICATE for each in ALL.identities})
    settle(make_step(chosen), directory, tenant)
    assert {entry.certificates[0].fingerprint for entry in directory.shown.entries} == {CERTIFICATE.fingerprint}
    assert {entry.trusts for entry in directory.shown.entries} == {()}
    renewed = replace(CERTIFICATE, fingerprint="next", der="next")
    tenant = naming(directory, tenant)
    chosen = replace(chosen, certificates={**chosen.certificates, "deploy": renewed})
    settle(make_step(chosen), directory, tenant)
    assert [each.fingerprint for each in kept(directory, "deploy", tenant).certificates] == ["next"]


def test_certificate_whose_key_lies_elsewhere_stays_and_is_told() -> None:
    tenant, directory = by_certificate(), Directory()
    settle(make_step(replace(ALL, certificates={each.name: CERTIFICATE for each in ALL.identities})), directory, tenant)
    tenant = naming(directory, tenant)
    actions = decide(make_step(ALL), directory, tenant)
    assert calls_of(actions) == []
    assert len([action for action in actions if isinstance(action, Found)]) == len(ALL.identities)


def test_certificate_that_ends_soon_is_told() -> None:
    tenant, directory = by_certificate(), Directory()
    chosen = replace(ALL, certificates={each.name: CERTIFICATE for each in ALL.identities})
    settle(make_step(chosen), directory, tenant)
    early, late = CERTIFICATE.ends - timedelta(days=31), CERTIFICATE.ends - timedelta(days=29)
    assert not [each for each in decide(list_step(replace(chosen, now=early)), directory, tenant)
                if isinstance(each, Found)]  # fmt: skip  # the two looks differ in a word
    assert len([each for each in decide(list_step(replace(chosen, now=late)), directory, tenant)
                if isinstance(each, Found)]) == len(ALL.identities)  # fmt: skip  # as above


def test_azure_cli_makes_what_its_token_reaches_and_the_rest_is_named() -> None:
    cli = replace(CALLER, app_id=AZURE_CLI, permissions=CALLER.permissions - {"RoleManagement.ReadWrite.Directory"})
    directory = Directory()
    while calls := calls_of(decide(make_step(ALL), directory, caller=cli)):
        for call in calls:
            directory.perform(call.act)
        for entry in directory.shown.entries:
            if entry.principal is not None:
                directory.change_principal(entry.principal.object_id, roles=None)
    for identity in ALL.identities:
        assert names_of(kept(directory, identity.name)) == want(identity, TENANT, is_sealed=False).permissions
    for step in (make_step(ALL), list_step(ALL)):
        actions = decide(step, directory, caller=cli)
        assert not [action for action in actions if isinstance(action, Already)]
        blocked = {action.subject: action for action in actions if isinstance(action, Blocked)}
        # A role that is needed is left to do; of the others nobody can tell whether they hold one.
        assert blocked.pop("post-apply: directory role User Administrator").exit_code == 1
        assert set(blocked) == {f"{name}: directory roles" for name in ("plan", "deploy", "close", "guard")}
        assert {action.exit_code for action in blocked.values()} == {3}
        assert all("--azure-cli" in action.next_move for action in blocked.values())


def test_preview_with_azure_cli_names_the_role_that_its_token_does_not_reach() -> None:
    shown = decide(make_step(ALL, shows_all=True), Directory(), caller=replace(CALLER, app_id=AZURE_CLI))
    assert [each.subject for each in shown if isinstance(each, Blocked)] == [
        "post-apply: directory role User Administrator"
    ]
    reader = replace(CALLER, permissions=frozenset(READING))
    shown = decide(make_step(ALL, shows_all=True), Directory(), caller=reader)
    assert not [each for each in shown if isinstance(each, Blocked)]


@pytest.mark.parametrize(
    ("roles", "is_enough"),
    [
        ({GLOBAL_ADMINISTRATOR}, True),
        ({PRIVILEGED_ROLE_ADMINISTRATOR, APPLICATION_ADMINISTRATOR}, True),
        ({PRIVILEGED_ROLE_ADMINISTRATOR}, False),
        ({APPLICATION_ADMINISTRATOR}, False),
        ({USER_ADMINISTRATOR}, False),
    ],
)
def test_whoever_may_not_grant_is_told_before_anything_is_done(roles: set[str], *, is_enough: bool) -> None:
    caller = replace(CALLER, role_template_ids=frozenset(roles))
    actions = decide(make_step(ALL), Directory(), caller=caller)
    assert bool(calls_of(actions)) is is_enough
    assert any(isinstance(action, Blocked) for action in actions) is not is_enough


def test_token_without_consent_is_told_before_anything_is_done() -> None:
    caller = replace(CALLER, permissions=frozenset({"Application.Read.All"}))
    actions = decide(make_step(ALL), Directory(), caller=caller)
    assert [type(action) for action in actions] == [Blocked]


def test_what_cannot_be_read_is_neither_made_nor_deleted() -> None:
    unreadable = replace(facts(Directory().shown), registrations=Unreadable("our applications", "503"))
    for step in (make_step(ALL), retire_step(ALL), remove_step(ALL), list_step(ALL)):
        (action,) = step.decide(unreadable, TENANT)
        assert isinstance(action, Blocked)
        assert action.exit_code == 3


@pytest.mark.parametrize("app_id", [AZURE_CLI, GRAPH_COMMAND_LINE])
def test_what_hangs_on_licences_that_cannot_be_read_is_neither_given_nor_taken(app_id: str) -> None:
    unknown = Unreadable("the organization", "403")
    governed = Organization(domains=(), skus=(Sku("sku", "AAD_PREMIUM_P2", GOVERNING_PLANS, 1, 0),))
    (post_apply,) = find_identities(("post-apply",))
    least = want(post_apply, TENANT, is_sealed=False).permissions
    whole = want(post_apply, TENANT, is_sealed=False, service_plans=GOVERNING_PLANS).permissions
    directory = made()
    for organization, permissions in ((unknown, least), (governed, whole), (unknown, whole)):
        shown = replace(facts(directory.shown, replace(CALLER, app_id=app_id)), organization=organization)
        calls = calls_of(make_step(ALL).decide(shown, TENANT))
        assert len(calls) == len(permissions - names_of(kept(directory, "post-apply")))
        for call in calls:
            directory.perform(call.act)
        assert names_of(kept(directory, "post-apply")) == permissions
        told = [*make_step(ALL).decide(shown, TENANT), *list_step(ALL).decide(shown, TENANT)]
        blocked = [action for action in told if isinstance(action, Blocked)]
        assert {each.subject.partition(":")[0] for each in blocked} == (
            {"post-apply"} if organization is unknown else set()
        )
        assert {each.exit_code for each in blocked} <= {3}
        assert all(("--azure-cli" in each.next_move) is (app_id == AZURE_CLI) for each in blocked)


def test_application_of_no_identity_with_our_stamp_is_told() -> None:
    directory = made()
    tags = frozenset({file_tag("contoso"), identity_tag("contoso", "audit")})
    directory.add(RegistrationState("old", "old-client", "CiraSync audit", tags, "AzureADMyOrg"))
    found = [action for action in decide(list_step(ALL), directory) if isinstance(action, Found)]
    assert ["old-client" in action.subject for action in found] == [True]


def test_disabled_service_principal_and_wider_audience_are_told() -> None:
    directory = made()
    entry = kept(directory, "plan")
    assert entry.principal is not None
    directory.change(entry.object_id, audience="AzureADMultipleOrgs")
    directory.change_principal(entry.principal.object_id, is_enabled=False)
    actions = decide(make_step(ALL), directory)
    assert calls_of(actions) == []
    assert len([action for action in actions if isinstance(action, Found)]) == 2


def test_application_that_people_could_sign_in_through_is_told() -> None:
    directory = made()
    directory.change(kept(directory, "guard").object_id, openings=("2 web redirect URIs", "public client flows"))
    for step in (make_step(ALL), list_step(ALL)):
        told = [action.subject for action in decide(step, directory) if isinstance(action, Found)]
        assert told == ["guard: 2 web redirect URIs", "guard: public client flows"]
