"""MFA is in force for the account, shown before anything is granted and before anybody could sign in."""

from collections.abc import Iterator

from steward.config.model import Tenant
from steward.facts import Facts
from steward.lifecycle.actions import Action
from steward.lifecycle.mfa import check_break_glass_left_out, check_mfa
from steward.lifecycle.step import Step


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Refuse to go on unless the policy reads back, and What-If applies it to the account and not to break-glass."""
    yield from check_mfa(facts, tenant)
    yield from check_break_glass_left_out(facts, tenant)


PROVE = Step(
    name="prove",
    reads=("account", "policies", "break_glass", "stack", "what_if", "what_if_break_glass"),
    decide=decide,
)
