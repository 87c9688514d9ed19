"""Before an identity is relied on that only closes: whether its token lets it do all of that."""

from collections.abc import Iterator

from steward.config.model import Tenant
from steward.facts import Facts
from steward.lifecycle.actions import Action
from steward.lifecycle.needs import close_needs
from steward.lifecycle.step import Step
from steward.lifecycle.steps import preflight_checks as checks


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """List the permissions that it lacks; nothing is ever done here."""
    yield from checks.check_permissions(facts, tenant, "close", close_needs(tenant))


PREFLIGHT_CLOSE = Step(name="preflight", reads=("caller",), decide=decide)
