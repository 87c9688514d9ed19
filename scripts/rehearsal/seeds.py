"""The tenant of a rehearsal before anything is provisioned: what the elevation needs, and no minutes of waiting."""

from collections.abc import Sequence
from dataclasses import replace

from sandbox.behaviour import Behaviour
from sandbox.seed import Seed, SeedLicence
from steward.config.model import Elevation

# What a person waits for in a tenant is minutes: the sign-in log's entry, and a schedule's coming into force.
_BRISK = Behaviour(log_delay_seconds=0, role_start_delay_seconds=1)
_SCHEDULING = "AAD_PREMIUM_P2"


def seed_for(elevation: Elevation, *, has_person: bool, licences: Sequence[str] = ()) -> Seed:
    """Return the seed; without named licences the tenant has the one that the elevation needs."""
    seed = Seed(behaviour=_BRISK) if has_person else Seed()
    named = licences or ((_SCHEDULING,) if elevation is Elevation.SCHEDULED else ())
    return replace(seed, licences=tuple(SeedLicence(each) for each in named)) if named else seed
