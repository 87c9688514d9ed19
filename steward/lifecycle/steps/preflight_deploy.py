"""Before the first deploy, with the deploying identity: everything that would make it fail or leave it half done."""

from collections.abc import Iterator

from steward.config.model import Tenant
from steward.facts import Absent, Facts, UserState
from steward.lifecycle.actions import Action, Blocked
from steward.lifecycle.needs import deploy_needs, deploy_roles
from steward.lifecycle.ownership import is_missing
from steward.lifecycle.step import Step
from steward.lifecycle.steps import preflight_checks as checks


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """List all that is missing, at once; nothing is ever done here."""
    yield from _check_deployer(facts, tenant)
    yield from checks.check_permissions(facts, tenant, "deploy", deploy_needs(tenant), deploy_roles(tenant))
    yield from checks.check_licences(facts, tenant)
    yield from checks.check_domain(facts, tenant)
    yield from checks.check_security_defaults(facts)
    yield from checks.check_pass_policy(facts, tenant)
    yield from checks.check_strength(facts, tenant)
    yield from checks.check_break_glass(facts, tenant)
    yield from checks.check_dashboard_groups(facts, tenant)
    yield from checks.check_other_administrator(facts)
    yield from checks.check_account_is_ours_or_free(facts, tenant)
    yield from checks.check_leftovers(facts, tenant)
    is_there = isinstance(facts.account, UserState) and not is_missing(facts.account)
    if is_there and isinstance(facts.stack, Absent):
        yield Blocked(
            "Terraform's state",
            "the account exists, and there is no state that knows anything of it",
            "restore the state, or have Terraform take in what exists, as told above"
            + ("" if tenant.account.sealed_on else "; if it was sealed, put sealed_on into the tenant file before"),
        )


def _check_deployer(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    object_id = getattr(facts.caller, "object_id", None)
    if object_id and object_id != tenant.deployer_id:
        yield Blocked(
            "deploying identity",
            f"the tenant file names {tenant.deployer_id}, but {object_id} is signed in",
            "sign in as it, or correct deployer.object_id (for an application: that of its service principal)",
        )


PREFLIGHT_DEPLOY = Step(
    name="preflight",
    reads=(
        "caller",
        "organization",
        "security_defaults",
        "pass_policy",
        "strength",
        "break_glass",
        "dashboard_groups",
        "account",
        "other_administrators",
        "stack",
        "leftovers",
    ),
    decide=decide,
)
