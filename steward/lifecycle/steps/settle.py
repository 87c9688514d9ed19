"""The account's resting state: a password that nobody keeps, sign-in blocked, its licences assigned.

Terraform's state knows the password that the account was created with; afterwards nothing anywhere signs in.
"""

from collections.abc import Iterator

from steward.acts import AssignLicence, DeliverPassword, DisableAccount, ReplacePassword
from steward.config.model import SignIn, Tenant
from steward.facts import Absent, DeliveryState, Facts, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, Blocked, GraphCall, could_not_tell, not_there
from steward.lifecycle.ownership import require_own_account
from steward.lifecycle.sign_in import has_own_password, is_settled, shut
from steward.lifecycle.step import Step


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Disable the account if it is not, replace the throw-away password once, assign what the file lists."""
    account = require_own_account(facts.account, tenant)
    if not isinstance(account, UserState):
        yield account
        return
    is_blocked = tenant.account.sign_in is SignIn.BLOCKED
    yield from _settle_blocked(account) if is_blocked else _settle_allowed(facts, account)
    yield from _licences(facts, tenant, account)


def _settle_blocked(account: UserState) -> Iterator[Action]:
    if account.is_enabled:
        yield from shut(account)
    else:
        yield Already(account.login, "sign-in is blocked")
    if has_own_password(account):
        yield Already("password", "replaced since the account was created")
    else:
        yield GraphCall("replaced", f"password of {account.login}", ReplacePassword(account.object_id))


def _settle_allowed(facts: Facts, account: UserState) -> Iterator[Action]:
    methods = facts.methods
    if isinstance(methods, Absent | Unreadable):
        yield from not_there(methods)
        return
    pass_ids = [entry.pass_id for entry in methods.passes]
    if is_settled(account, methods):
        yield _keep_or_rotate(facts, account)
    elif pass_ids or account.is_enabled:
        yield from shut(account, pass_ids)
    elif methods.second_factors:
        subject = f"password of {account.login} to the sink, then to the account, then enabled it"
        yield GraphCall("delivered", subject, DeliverPassword(account.object_id, account.login))
    else:
        yield Already(account.login, "sign-in stays blocked until a second factor is enrolled")


def _keep_or_rotate(facts: Facts, account: UserState) -> Action:
    """Keep a password that the sink has; where it says that it has another one, close the account for a new one."""
    settled = Already(account.login, "enabled, with a second factor, and its password delivered")
    match facts.delivery:
        case Unreadable():
            return could_not_tell(facts.delivery.what, facts.delivery.why)
        case Absent():
            return settled
        case DeliveryState() if facts.delivery.password_changed == account.password_changed:
            return settled
    subject = f"{account.login}, since somebody changed the password to one that the sink does not have"
    return GraphCall("disabled", subject, DisableAccount(account.object_id))


def _licences(facts: Facts, tenant: Tenant, account: UserState) -> Iterator[Action]:
    if not tenant.account.licences:
        return
    organization = facts.organization
    if isinstance(organization, Absent | Unreadable):
        yield from not_there(organization)
        return
    for part_number in tenant.account.licences:
        sku = organization.find_sku(part_number)
        if sku is None:
            yield Blocked(f"licence {part_number}", "the tenant has no such subscription", "correct account.licences")
        elif sku.sku_id in account.licensed_skus:
            yield Already(f"licence {part_number}", "assigned")
        else:
            act = AssignLicence(account.object_id, sku.sku_id)
            yield GraphCall("assigned", f"licence {part_number} to {account.login}", act)


SETTLE = Step(
    name="settle", reads=("account", "methods", "delivery", "organization"), decide=decide, needs_no_role=True
)
