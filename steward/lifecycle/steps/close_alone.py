"""Closing without Terraform and with a token that may be able to do little: what it may not do is named.

Two steps, as after a window: the role goes first, then an account that is not settled is shut and its passes deleted.
"""

from collections.abc import Iterator
from dataclasses import replace

from steward.config.model import Tenant
from steward.facts import Facts, RoleHoldings
from steward.lifecycle.actions import Action, Already
from steward.lifecycle.ownership import find_stray, is_gone, others_hold
from steward.lifecycle.privilege import privileged
from steward.lifecycle.rights import name_lacking, within_rights
from steward.lifecycle.step import Step
from steward.lifecycle.steps.close import CLOSE
from steward.lifecycle.steps.shut import SHUT


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Close as far as the token allows, and name what it lacks."""
    yield from within_rights(CLOSE.decide(facts, tenant), facts)
    yield from name_lacking(facts, tenant)


def decide_retired(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Close as far as the token allows; an account that is gone is what a retirement is for."""
    if is_gone(facts.account):
        # What is probably another tenant file's has a window of its own, and while it runs nothing is certain enough.
        stray = find_stray(facts.account)
        held = privileged(facts.roles) if stray is not None and isinstance(facts.roles, RoleHoldings) else ()
        if stray is not None and held:
            yield others_hold(RoleHoldings(held=tuple(replace(entry, path=stray.login) for entry in held)))
        else:
            yield Already(tenant.account.login, "there is no such account")
        return
    yield from within_rights(CLOSE.decide(facts, tenant), facts)


def decide_shut(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Shut as far as the token allows."""
    yield from within_rights(SHUT.decide(facts, tenant), facts)


CLOSE_ALONE = Step(name=CLOSE.name, reads=(*CLOSE.reads, "caller"), decide=decide, looks_again=True)
CLOSE_RETIRED = Step(name=CLOSE.name, reads=(*CLOSE.reads, "caller", "stack"), decide=decide_retired, looks_again=True)
SHUT_ALONE = Step(name=SHUT.name, reads=(*SHUT.reads, "caller"), decide=decide_shut)
