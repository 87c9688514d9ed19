"""For every rule, plans that break it and plans that nearly do: each the good plan with one thing changed.

The good plan is the recorded one of a tenant at which nothing changes. A case that breaks more than its rule names the
others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steward.review.rule import Rule
from steward.review.rules import (
    account_enabled_by_scripts_only,
    account_untouched_while_privileged,
    app_roles_given_to_groups,
    latch_stays_closed_in_a_pipeline,
    latch_stays_with_the_account,
    mfa_policy_covers_everything,
    mfa_policy_excludes_break_glass_only,
    mfa_policy_in_force,
    only_what_stacks_declare,
    owners_are_the_deployer,
    password_is_no_literal,
    permissions_as_declared,
    plan_is_whole,
    policy_outlives_the_account,
    provider_stays_the_same,
    redirects_are_exact,
    role_granted_to_the_account_only,
    role_granted_with_its_latch,
    role_waits_for_the_policy,
    stamp_stays,
    tenant_stays_the_same,
)
from tests.review.plans import Document, Mutate, add_thing, after_at, change_at, declaration_at, tenant_of

GOOD = "no_change"
ACCOUNT = "azuread_user.service_account"
POLICY = "azuread_conditional_access_policy.mfa_for_service_account"
APPLICATION = "azuread_application.cirasync"
PRINCIPAL = "azuread_service_principal.cirasync"
ROLE = "azuread_directory_role_assignment.global_administrator"
LATCH = "terraform_data.latch"
DASHBOARD = "azuread_app_role_assignment.full_administrator_to_sg_contacts_admins"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
MESSAGE_CENTER_READER = "790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b"
GRAPH = "00000003-0000-0000-c000-000000000000"
SOMEBODY = "c0c0c0c0-1111-4222-8333-444455556666"


@dataclass(frozen=True)
class Case:
    """One change of the good plan, and the rules that it breaks."""

    name: str
    mutate: Mutate
    breaks: frozenset[str] = frozenset()


def _breaks(rule: Rule, name: str, mutate: Mutate, *others: Rule) -> Case:
    return Case(name, mutate, frozenset({rule.id, *(each.id for each in others)}))


def _all(*mutates: Mutate) -> Mutate:
    def mutate(document: Document) -> None:
        for each in mutates:
            each(document)

    return mutate


def _account_id(document: Document) -> Any:
    return change_at(document, ACCOUNT)["change"]["after"]["object_id"]


def _grant(document: Document, role: str = GLOBAL_ADMINISTRATOR, **after: Any) -> Document:
    principal = after.pop("principal_object_id", _account_id(document))
    return add_thing(document, f"{ROLE}[0]", role_id=role, principal_object_id=principal, **after)


def _hold(document: Document) -> None:
    """Let the account hold the role, and leave it alone."""
    change = _grant(document)["change"]
    change["actions"], change["before"] = ["no-op"], change["after"]


def _turn(document: Document, phase: str, was: str = "prepared") -> None:
    change = change_at(document, LATCH)["change"]
    until = change["after"]["input"]["until"]
    change["actions"] = ["create", "delete"]
    change["before"] = {"input": {"phase": was, "until": until}}
    change["after"] = {"input": {"phase": phase, "until": until}}


def _create_latch(document: Document, phase: str) -> None:
    _turn(document, phase)
    change = change_at(document, LATCH)["change"]
    change["actions"], change["before"] = ["create"], None


def _grant_with_latch(document: Document) -> None:
    _grant(document)
    _create_latch(document, "privileged")


def _grant_with_latch_at_prepared(document: Document) -> None:
    _grant(document)
    _turn(document, "prepared", was="sealed")


def _grant_by_member(document: Document) -> None:
    add_thing(document, "azuread_directory_role_member.somebody", role_object_id=SOMEBODY, member_object_id=SOMEBODY)


def _users(document: Document) -> Document:
    users: Document = after_at(document, POLICY)["conditions"][0]["users"][0]
    return users


def _conditions(document: Document) -> Document:
    conditions: Document = after_at(document, POLICY)["conditions"][0]
    return conditions


def _controls(document: Document) -> Document:
    controls: Document = after_at(document, POLICY)["grant_controls"][0]
    return controls


def _go(address: str, *actions: str) -> Mutate:
    def mutate(document: Document) -> None:
        change = change_at(document, address)["change"]
        change["actions"] = list(actions)
        if "create" not in actions:
            change["after"] = None

    return mutate


def _forget_declaration(document: Document) -> None:
    _hold(document)
    declaration_at(document, ROLE)["depends_on"] = []


def _depend_through_the_account(document: Document) -> None:
    _hold(document)
    declaration_at(document, ROLE)["depends_on"] = [APPLICATION]
    declaration_at(document, APPLICATION)["depends_on"] = [POLICY]


def _without_policy(document: Document) -> None:
    document["resource_changes"] = [each for each in document["resource_changes"] if each["address"] != POLICY]


def _without_latch(document: Document) -> None:
    document["resource_changes"] = [each for each in document["resource_changes"] if each["address"] != LATCH]


def _set(address: str, **attributes: Any) -> Mutate:
    return lambda document: after_at(document, address).update(attributes)


def _add_permission(permission_id: str, kind: str) -> Mutate:
    def mutate(document: Document) -> None:
        (access,) = after_at(document, APPLICATION)["required_resource_access"]
        access["resource_access"].append({"id": permission_id, "type": kind})

    return mutate


def _remove_permission(document: Document) -> None:
    (access,) = after_at(document, APPLICATION)["required_resource_access"]
    access["resource_access"].pop()


def _grant_permission(permission_id: str) -> Mutate:
    def mutate(document: Document) -> None:
        add_thing(
            document,
            "azuread_app_role_assignment.by_hand",
            app_role_id=permission_id,
            principal_object_id=SOMEBODY,
            resource_object_id=SOMEBODY,
        )

    return mutate


def _redirect(place: str, *addresses: str) -> Mutate:
    def mutate(document: Document) -> None:
        after_at(document, APPLICATION)[place] = [{"redirect_uris": list(addresses)}]

    return mutate


def _assign_to(**after: Any) -> Mutate:
    return lambda document: after_at(document, DASHBOARD).update(after)


def _assign_new(reference: str) -> Mutate:
    """Let the role be assigned to something whose id is not known before the apply."""

    def mutate(document: Document) -> None:
        entry = change_at(document, DASHBOARD)["change"]
        entry["actions"], entry["before"] = ["create"], None
        entry["after"] = {"app_role_id": entry["after"]["app_role_id"]}
        entry["after_unknown"] = {"principal_object_id": True, "principal_type": True, "resource_object_id": True}
        declared = declaration_at(document, DASHBOARD)["expressions"]
        declared["principal_object_id"] = {"references": [f"{reference}.object_id", reference]}

    return mutate


def _provider(**changed: Any) -> Mutate:
    return lambda document: document["configuration"]["provider_config"]["azuread"].update(changed)


def _provider_argument(name: str, value: Any) -> Mutate:
    def mutate(document: Document) -> None:
        arguments = document["configuration"]["provider_config"]["azuread"]["expressions"]
        arguments[name] = {"constant_value": value}

    return mutate


def _tenant_by_variable(document: Document) -> None:
    arguments = document["configuration"]["provider_config"]["azuread"]["expressions"]
    arguments["tenant_id"] = {"references": ["var.tenant"]}


def _state_of_another_tenant(document: Document) -> None:
    change_at(document, PRINCIPAL)["change"]["before"]["application_tenant_id"] = SOMEBODY


def _everything_gone(document: Document) -> None:
    document["resource_drift"] = [
        {
            **change_at(document, address),
            "change": {"actions": ["delete"], "before": {"object_id": SOMEBODY}, "after": None},
        }
        for address in (ACCOUNT, POLICY, PRINCIPAL)
    ]


def _policy_gone(document: Document) -> None:
    document["resource_drift"] = [
        {
            **change_at(document, POLICY),
            "change": {"actions": ["delete"], "before": {"object_id": SOMEBODY}, "after": None},
        }
    ]


def _opentofu(document: Document) -> None:
    document["configuration"]["provider_config"]["azuread"]["full_name"] = "registry.opentofu.org/hashicorp/azuread"
    root = document["prior_state"]["values"]["root_module"]["resources"]
    for each in (*document["resource_changes"], *document["resource_drift"], *root):
        each["provider_name"] = each["provider_name"].replace("registry.terraform.io", "registry.opentofu.org")


def _data_source(kind: str, name: str) -> Mutate:
    def mutate(document: Document) -> None:
        document["configuration"]["root_module"]["resources"].append(
            {"address": f"data.{kind}.{name}", "mode": "data", "type": kind, "name": name}
        )

    return mutate


def _provisioner(document: Document) -> None:
    declaration_at(document, ACCOUNT)["provisioners"] = [{"type": "local-exec"}]


def _module(document: Document) -> None:
    document["configuration"]["root_module"]["module_calls"] = {"more": {"source": "./more"}}


def _known_password(document: Document) -> None:
    after_at(document, ACCOUNT)["password"] = "correct horse battery staple"


def _literal_password(document: Document) -> None:
    declaration_at(document, ACCOUNT)["expressions"]["password"] = {"constant_value": "correct horse battery staple"}


def _new_password(document: Document) -> None:
    """Let the password be one that only the apply knows."""
    del after_at(document, ACCOUNT)["password"]
    change_at(document, ACCOUNT)["change"]["after_unknown"]["password"] = True


def _rename_while_held(document: Document) -> None:
    _hold(document)
    after_at(document, ACCOUNT)["display_name"] = "Somebody Else"


def _rename_while_taken_away(document: Document) -> None:
    _rename_while_held(document)
    _go(f"{ROLE}[0]", "delete")(document)


def _enable_unknown(document: Document) -> None:
    del after_at(document, ACCOUNT)["account_enabled"]
    change_at(document, ACCOUNT)["change"]["after_unknown"]["account_enabled"] = True


def _leave_enabled_out(document: Document) -> None:
    del after_at(document, ACCOUNT, action=None)["account_enabled"]


def _disable(document: Document) -> None:
    after_at(document, ACCOUNT)
    change_at(document, ACCOUNT)["change"]["before"]["account_enabled"] = True


def _update(path: str, value: Any) -> Mutate:
    return lambda document: _conditions(document).update({path: value})


def _enabled_already(document: Document) -> None:
    """Let the account be enabled before and after, as once it is settled."""
    after_at(document, ACCOUNT)["account_enabled"] = True
    change_at(document, ACCOUNT)["change"]["before"]["account_enabled"] = True


def _output(name: str, *references: str) -> Mutate:
    def declare(document: Document) -> None:
        outputs = document["configuration"]["root_module"]["outputs"]
        outputs[name] = {"expression": {"references": list(references)}}

    return declare


_latch = role_granted_with_its_latch.RULE
_whom = role_granted_to_the_account_only.RULE
_order = role_waits_for_the_policy.RULE
_phase = latch_stays_closed_in_a_pipeline.RULE
_kept = latch_stays_with_the_account.RULE
_force = mfa_policy_in_force.RULE
_cover = mfa_policy_covers_everything.RULE
_exclude = mfa_policy_excludes_break_glass_only.RULE
_outlive = policy_outlives_the_account.RULE
_enabled = account_enabled_by_scripts_only.RULE
_untouched = account_untouched_while_privileged.RULE
_password = password_is_no_literal.RULE
_stamp = stamp_stays.RULE
_permission = permissions_as_declared.RULE
_owner = owners_are_the_deployer.RULE
_redirects = redirects_are_exact.RULE
_group = app_roles_given_to_groups.RULE
_tenant = tenant_stays_the_same.RULE
_provided = provider_stays_the_same.RULE
_only = only_what_stacks_declare.RULE
_whole = plan_is_whole.RULE
_deployer = tenant_of(GOOD).deployer_id

CASES: Mapping[str, tuple[Case, ...]] = {
    _latch.id: (
        _breaks(_latch, "granted with a latch that stays", _grant),
        _breaks(_latch, "granted with a latch turned to prepared", _grant_with_latch_at_prepared),
        Case("held already", _hold),
        Case("a role that is not privileged", lambda document: _grant(document, MESSAGE_CENTER_READER)),
    ),
    _whom.id: (
        _breaks(_whom, "to somebody else", lambda document: _grant(document, principal_object_id=SOMEBODY), _latch),
        _breaks(_whom, "in another way", _grant_by_member, _latch),
        Case(
            "to somebody else, not privileged",
            lambda document: _grant(document, MESSAGE_CENTER_READER, principal_object_id=SOMEBODY),
        ),
        Case("held by the account", _hold),
    ),
    _order.id: (
        _breaks(_order, "without dependency", _forget_declaration),
        Case("through something else", _depend_through_the_account),
    ),
    _phase.id: (
        _breaks(_phase, "turned", lambda document: _turn(document, "privileged", was="sealed")),
        _breaks(_phase, "created", lambda document: _create_latch(document, "privileged")),
        Case("turned to sealed", lambda document: _turn(document, "sealed", was="privileged")),
        Case("created as prepared", lambda document: _create_latch(document, "prepared")),
    ),
    _kept.id: (
        _breaks(_kept, "destroyed", _go(LATCH, "delete")),
        _breaks(_kept, "forgotten", _go(LATCH, "forget")),
        _breaks(_kept, "not there", _without_latch),
        Case("destroyed with the account", _all(_go(LATCH, "delete"), _go(ACCOUNT, "delete"))),
    ),
    _force.id: (
        _breaks(_force, "absent", _without_policy),
        _breaks(_force, "report-only", _set(POLICY, state="enabledForReportingButNotEnforced")),
        _breaks(_force, "disabled", _set(POLICY, state="disabled")),
        Case("renamed", _set(POLICY, display_name="Require MFA")),
    ),
    _cover.id: (
        _breaks(
            _cover,
            "one resource",
            lambda each: _conditions(each)["applications"][0].update(included_applications=["Office365"]),
        ),
        _breaks(
            _cover,
            "a resource left out",
            lambda each: _conditions(each)["applications"][0].update(excluded_applications=[SOMEBODY]),
        ),
        _breaks(
            _cover,
            "a user action",
            lambda each: _conditions(each)["applications"][0].update(included_user_actions=["urn:user:registerdevice"]),
        ),
        _breaks(_cover, "browsers only", _update("client_app_types", ["browser"])),
        _breaks(
            _cover,
            "untrusted locations only",
            _update("locations", [{"included_locations": ["All"], "excluded_locations": ["AllTrusted"]}]),
        ),
        _breaks(_cover, "one platform", _update("platforms", [{"included_platforms": ["windows"]}])),
        _breaks(_cover, "at a high risk only", _update("sign_in_risk_levels", ["high"])),
        _breaks(_cover, "insiders only", _update("insider_risk_levels", "elevated")),
        _breaks(
            _cover,
            "some devices",
            _update("devices", [{"filter": [{"mode": "exclude", "rule": "device.isCompliant -eq True"}]}]),
        ),
        _breaks(_cover, "somebody else", lambda each: _users(each).update(included_users=[SOMEBODY])),
        _breaks(_cover, "no second factor", lambda each: _controls(each).update(built_in_controls=["compliantDevice"])),
        _breaks(
            _cover, "or a device", lambda each: _controls(each).update(built_in_controls=["mfa", "compliantDevice"])
        ),
        Case(
            "and a device",
            lambda each: _controls(each).update(built_in_controls=["mfa", "compliantDevice"], operator="AND"),
        ),
        Case(
            "a strength",
            lambda each: _controls(each).update(built_in_controls=[], authentication_strength_policy_id=SOMEBODY),
        ),
        Case("everybody", lambda each: _users(each).update(included_users=["All"])),
    ),
    _exclude.id: (
        _breaks(_exclude, "a user", lambda each: _users(each).update(excluded_users=[SOMEBODY])),
        _breaks(_exclude, "a role", lambda each: _users(each).update(excluded_roles=[GLOBAL_ADMINISTRATOR])),
        _breaks(_exclude, "another group", lambda each: _users(each)["excluded_groups"].append(SOMEBODY)),
        _breaks(
            _exclude,
            "guests",
            lambda each: _users(each).update(
                excluded_guests_or_external_users=[{"guest_or_external_user_types": ["internalGuest"]}]
            ),
        ),
        Case("nobody", lambda each: _users(each).update(excluded_groups=[])),
    ),
    _outlive.id: (
        _breaks(_outlive, "destroyed", _go(POLICY, "delete")),
        _breaks(_outlive, "forgotten", _go(POLICY, "forget")),
        _breaks(_outlive, "destroyed first", _go(POLICY, "delete", "create")),
        Case("replaced behind its successor", _go(POLICY, "create", "delete")),
        Case(
            "destroyed with the account",
            _all(_go(POLICY, "delete"), _go(ACCOUNT, "delete")),
        ),
    ),
    _enabled.id: (
        _breaks(_enabled, "enabled", _set(ACCOUNT, account_enabled=True)),
        _breaks(_enabled, "perhaps enabled", _enable_unknown),
        _breaks(
            _enabled,
            "made anew without saying",
            _all(_go(ACCOUNT, "delete", "create"), _leave_enabled_out),
        ),
        Case("enabled already", _enabled_already),
        Case(
            "disabled",
            _disable,
        ),
    ),
    _untouched.id: (
        _breaks(_untouched, "renamed while the role is held", _rename_while_held),
        _breaks(_untouched, "renamed while it is taken away", _rename_while_taken_away),
        _breaks(_untouched, "destroyed while it is held", _all(_hold, _go(ACCOUNT, "delete"))),
        Case("renamed without the role", _set(ACCOUNT, display_name="Somebody Else")),
        Case("taken away by itself", _all(_hold, _go(f"{ROLE}[0]", "delete"))),
    ),
    _password.id: (
        _breaks(_password, "known in the plan", _known_password),
        _breaks(_password, "written in the stack", _literal_password),
        Case("known after the apply", _new_password),
    ),
    _stamp.id: (
        _breaks(_stamp, "another one", _set(ACCOUNT, employee_type="Contractor")),
        _breaks(_stamp, "removed", _set(ACCOUNT, employee_type=None)),
        Case("kept in another change", _set(ACCOUNT, job_title="Synchronisation")),
    ),
    _permission.id: (
        _breaks(_permission, "asked for", _add_permission("9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8", "Role")),
        _breaks(
            _permission,
            "a declared one in the other kind",
            _add_permission("6918b873-d17a-4dc1-b314-35f528134491", "Scope"),
        ),
        _breaks(_permission, "granted", _grant_permission("9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8")),
        _breaks(
            _permission,
            "delegated",
            lambda each: add_thing(
                each,
                "azuread_service_principal_delegated_permission_grant.by_hand",
                claim_values=["Directory.ReadWrite.All"],
            ),
            _only,
        ),
        Case("one less", _remove_permission),
        Case("a declared one granted", _grant_permission("6918b873-d17a-4dc1-b314-35f528134491")),
    ),
    _owner.id: (
        _breaks(_owner, "of the application", _set(APPLICATION, owners=[_deployer, SOMEBODY])),
        _breaks(_owner, "of the principal", _set(PRINCIPAL, owners=[SOMEBODY])),
        Case("none", _set(APPLICATION, owners=[])),
    ),
    _redirects.id: (
        _breaks(_redirects, "a wildcard", _redirect("web", "https://*.contoso.com/signin")),
        _breaks(_redirects, "plain http", _redirect("web", "http://dashboard.contoso.com/")),
        _breaks(_redirects, "a scheme of its own", _redirect("public_client", "contoso://auth")),
        _breaks(
            _redirects,
            "another host behind a user name",
            _redirect("single_page_application", "http://localhost@evil.example/"),
        ),
        _breaks(_redirects, "a name that begins like localhost", _redirect("web", "http://localhost.evil.example/")),
        Case("localhost", _redirect("public_client", "http://localhost:8400/")),
        Case("https", _redirect("single_page_application", "https://dashboard.contoso.com/signin?tenant=1")),
    ),
    _group.id: (
        _breaks(_group, "to a user", _assign_to(principal_type="User", principal_object_id=SOMEBODY)),
        _breaks(_group, "to somebody unknown", _assign_to(principal_type=None, principal_object_id=SOMEBODY)),
        _breaks(_group, "to a user who is being made", _assign_new("azuread_user.service_account")),
        Case("to a group that is read late", _assign_new("data.azuread_group.dashboard_sg_contacts_admins")),
    ),
    _tenant.id: (
        _breaks(_tenant, "the state is another's", _state_of_another_tenant),
        _breaks(_tenant, "nothing is there", _everything_gone),
        Case("the policy was deleted by hand", _policy_gone),
    ),
    _provided.id: (
        _breaks(_provided, "another source", _provider(full_name="registry.terraform.io/somebody/azuread")),
        _breaks(_provided, "another version", _provider(version_constraint=">= 3.0")),
        _breaks(_provided, "another cloud", _provider_argument("metadata_host", "login.evil.example")),
        _breaks(_provided, "a secret", _provider_argument("client_secret", "s3cr3t")),
        _breaks(
            _provided,
            "something of another provider",
            lambda each: add_thing(each, "null_resource.run", "registry.terraform.io/hashicorp/null"),
            _only,
        ),
        Case("OpenTofu's registry", _opentofu),
    ),
    _only.id: (
        _breaks(
            _only, "a password of the application", lambda each: add_thing(each, "azuread_application_password.more")
        ),
        _breaks(_only, "another user", lambda each: add_thing(each, "azuread_user.another", account_enabled=False)),
        _breaks(_only, "a program", _provisioner),
        _breaks(_only, "a data source that runs a program", _data_source("external", "run")),
        _breaks(_only, "a module", _module),
        _breaks(_only, "an action", lambda each: each.update(action_invocations=[{"address": "action.x.y"}])),
        _breaks(_only, "another output", _output("password", f"{ACCOUNT}.password", ACCOUNT)),
        _breaks(_only, "the whole account in an output", _output("account_object_id", ACCOUNT)),
        _breaks(_only, "an output of something else", _output("next_command", f"{ACCOUNT}.password", ACCOUNT)),
        _breaks(_only, "an inline password", _set(APPLICATION, password=[{"display_name": "more"}])),
        Case("another group that is read", _data_source("azuread_group", "more")),
        Case(
            "one more role for a group",
            lambda each: add_thing(
                each, "azuread_app_role_assignment.more", app_role_id="6918b873-d17a-4dc1-b314-35f528134491"
            ),
        ),
    ),
    _whole.id: (
        _breaks(_whole, "broken off", lambda each: each.update(errored=True)),
        _breaks(_whole, "put off", lambda each: each.update(deferred_changes=[{"reason": "provider_config_unknown"}])),
        _breaks(_whole, "targeted", lambda each: each.update(complete=False)),
        Case("of a Terraform that does not tell", lambda each: each.pop("complete") and None),
    ),
}
