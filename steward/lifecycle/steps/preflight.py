"""At the head of post-apply, with its own identity: everything that would stop the run half-way."""

from collections.abc import Iterator

from steward.config.model import Tenant
from steward.facts import Absent, Facts, Organization, RoleHoldings, RoleTerm, StackState, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, Blocked, Found, could_not_tell
from steward.lifecycle.needs import post_apply_needs, post_apply_roles
from steward.lifecycle.ownership import is_missing, lost_latch, require_own_account, take_in_first
from steward.lifecycle.privilege import privileged
from steward.lifecycle.reopening import stands
from steward.lifecycle.step import Step
from steward.lifecycle.steps import preflight_checks as checks
from steward.lifecycle.steps.preflight_sink import check_sink
from steward.lifecycle.window import find_open_window
from steward.wellknown.stack import (
    ACCOUNT,
    APPLICATION,
    DASHBOARD_ROLE,
    MFA_POLICY,
    SERVICE_PRINCIPAL,
    dashboard_names,
)


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """List all that is missing, at once; nothing is ever done here."""
    organization = facts.organization
    plans = organization.service_plans if isinstance(organization, Organization) else frozenset[str]()
    needs = post_apply_needs(tenant, plans)
    yield from checks.check_permissions(facts, tenant, "post-apply", needs, post_apply_roles())
    yield from _check_deployed(facts, tenant)
    yield from _check_not_reopened(facts, tenant)
    yield from _check_not_usable(facts)
    yield from checks.check_lock(facts)
    yield from checks.check_licences(facts, tenant)
    yield from checks.check_domain(facts, tenant)
    yield from checks.check_security_defaults(facts)
    yield from checks.check_pass_policy(facts, tenant)
    yield from check_sink(facts, tenant)
    yield from checks.check_strength(facts, tenant)
    yield from checks.check_break_glass(facts, tenant)
    yield from checks.check_other_administrator(facts)


def declared_addresses(tenant: Tenant) -> frozenset[str]:
    """Return what the stack declares besides the latch and what the latch decides about."""
    names = dashboard_names((entry.role, entry.group.label) for entry in tenant.dashboard)
    return frozenset(
        {
            ACCOUNT,
            MFA_POLICY,
            *({SERVICE_PRINCIPAL} if tenant.declares_principal else ()),
            *({APPLICATION} if tenant.application.is_own else ()),
            *(f"{DASHBOARD_ROLE}.{name}" for name in names.values()),
        }
    )


def _check_not_reopened(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    reopened = facts.reopened
    if isinstance(reopened, RoleTerm) and stands(facts):
        yield Blocked(
            "second window",
            f"it was reopened until {reopened.ends:%Y-%m-%d %H:%M} UTC, and Entra ID ends it then",
            f"run again after it, or end it at once: python scripts/close.py {tenant.pasted}",
        )


def _check_not_usable(facts: Facts) -> Iterator[Action]:
    account, roles = facts.account, facts.roles
    if find_open_window(facts) is not None or stands(facts):
        return
    if isinstance(account, UserState) and isinstance(roles, RoleHoldings) and account.is_enabled and privileged(roles):
        yield Found(
            account.login,
            "it is enabled and holds a privileged role, so that the role could be used: somebody enabled it, or a "
            "second window runs that no schedule keeps",
            "a run closes it before it does anything else; find out in the audit log who enabled it, and what was done",
        )


def _check_deployed(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    deploy = f"run cdktf deploy {tenant.name} first"
    match facts.stack:
        case Unreadable():
            yield could_not_tell(facts.stack.what, facts.stack.why)
        case Absent() | StackState() as empty if is_missing(facts.account) and _is_empty(empty):
            yield _not_deployed(tenant, deploy)
            return
        case Absent() | StackState(latch=Absent()):
            yield lost_latch(tenant, facts.stack)
        case stack:
            missing = sorted(declared_addresses(tenant) - stack.addresses)
            if missing:
                why = f"Terraform's state lacks {', '.join(missing)}: the deploy did not finish"
                # A deploy fails on what exists already, or makes it once more.
                yield Blocked("deploy", why, f"{take_in_first(tenant)}; then cdktf deploy {tenant.name}")
    if isinstance(facts.account, Absent):
        yield Blocked(tenant.account.login, "there is no such account", deploy)
        return
    owned = require_own_account(facts.account, tenant)
    yield owned if isinstance(owned, Blocked | Already) else Already(owned.login, "it exists, and it is ours")


def _is_empty(stack: Absent | StackState) -> bool:
    return isinstance(stack, Absent) or not stack.addresses


def _not_deployed(tenant: Tenant, deploy: str) -> Blocked:
    """Return the refusal where neither the tenant nor Terraform's state has anything: not deployed yet, or retired."""
    why = "Terraform knows nothing of this tenant, and there is no such account"
    if tenant.account.sealed_on is None:
        return Blocked("deploy", why, deploy)
    return Blocked(
        "deploy",
        f"{why}: it was sealed on {tenant.account.sealed_on}, and retired since, or deleted",
        "nothing, where it was retired; to begin anew take sealed_on out of the tenant file, then deploy",
    )


PREFLIGHT = Step(
    name="preflight",
    reads=(
        "caller",
        "organization",
        "security_defaults",
        "pass_policy",
        "strength",
        "sink",
        "break_glass",
        "account",
        "other_administrators",
        "roles",
        "stack",
        "lock",
        "now",
        "reopened",
        "window",
        "first_sign_in",
        "operators_word",
        "grants",
        "consent_entry",
    ),
    decide=decide,
    is_glance=True,
)
