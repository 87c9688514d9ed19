"""The identities that there are: what each needs, where a pipeline signs in as it, and whether it outlives the sealing.

Their needs are those that the programs themselves ask for, so that the two cannot part.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from steward.config.model import Tenant
from steward.lifecycle.needs import (
    POST_APPLY_ROLES,
    Need,
    RoleNeed,
    close_needs,
    deploy_needs,
    guard_needs,
    plan_needs,
    post_apply_needs,
    reopen_needs,
    retire_needs,
    without_escalation,
)


class Place(Enum):
    """What a pipeline's token says of the job that it was issued for."""

    PULL_REQUEST = auto()
    BRANCH = auto()
    ENVIRONMENT = auto()


Needs = Callable[[Tenant, frozenset[str]], tuple[Need, ...]]


@dataclass(frozen=True)
class Identity:
    """One identity; its needs follow from the tenant file and the tenant's service plans.

    A sealed tenant leaves it, if it `stays`, what of its needs leads nowhere, else nothing at all. `is_usual` says that
    it is made without being named.
    """

    name: str
    needs: Needs
    places: tuple[Place, ...]
    roles: tuple[RoleNeed, ...] = ()
    stays: bool = False
    is_usual: bool = True

    def needs_before_sealing(self, tenant: Tenant, service_plans: frozenset[str]) -> tuple[Need, ...]:
        """Return what its work takes, whether or not the tenant is sealed."""
        account = tenant.account.model_copy(update={"sealed_on": None})
        return self.needs(tenant.model_copy(update={"account": account}), service_plans)

    def needs_once_sealed(self, tenant: Tenant, service_plans: frozenset[str]) -> tuple[Need, ...]:
        """Return what it keeps: nothing by which an application becomes Global Administrator."""
        return without_escalation(self.needs_before_sealing(tenant, service_plans)) if self.stays else ()


def _by_file(needs: Callable[[Tenant], tuple[Need, ...]]) -> Needs:
    return lambda tenant, _: needs(tenant)


ROSTER: tuple[Identity, ...] = (
    Identity("plan", _by_file(plan_needs), (Place.PULL_REQUEST, Place.BRANCH), stays=True),
    Identity("deploy", _by_file(deploy_needs), (Place.ENVIRONMENT,), stays=True),
    Identity("post-apply", post_apply_needs, (Place.ENVIRONMENT,), POST_APPLY_ROLES),
    Identity("close", _by_file(close_needs), (Place.ENVIRONMENT,)),
    Identity("guard", _by_file(guard_needs), (Place.BRANCH,), stays=True),
    Identity("reopen", _by_file(reopen_needs), (Place.ENVIRONMENT,), is_usual=False),
    Identity("retire", _by_file(retire_needs), (Place.ENVIRONMENT,), is_usual=False),
)
NAMES = tuple(identity.name for identity in ROSTER)


def find_identities(names: tuple[str, ...]) -> tuple[Identity, ...]:
    """Return the named identities in the roster's order, or without a name those that are usual."""
    return tuple(each for each in ROSTER if each.name in names or (not names and each.is_usual))
