"""Before an identity is relied on that guards: whether its token lets it tell."""

from collections.abc import Iterator

from steward.config.model import Tenant
from steward.facts import Facts
from steward.lifecycle.actions import Action
from steward.lifecycle.needs import guard_needs
from steward.lifecycle.step import Step
from steward.lifecycle.steps import preflight_checks as checks


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """List the permissions that it lacks; nothing is ever done here."""
    yield from checks.check_permissions(facts, tenant, "guard", guard_needs(tenant))


PREFLIGHT_GUARD = Step(name="preflight", reads=("caller",), decide=decide)
