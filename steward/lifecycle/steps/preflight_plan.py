"""Before a plan by an identity that may write nothing: whether it can read all that Terraform's refresh asks for."""

from collections.abc import Iterator

from steward.config.model import Tenant
from steward.facts import Facts
from steward.lifecycle.actions import Action
from steward.lifecycle.needs import plan_needs
from steward.lifecycle.step import Step
from steward.lifecycle.steps import preflight_checks as checks


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """List the permissions that the plan would lack; nothing is ever done here."""
    yield from checks.check_permissions(facts, tenant, "plan", plan_needs(tenant))


PREFLIGHT_PLAN = Step(name="preflight", reads=("caller",), decide=decide)
