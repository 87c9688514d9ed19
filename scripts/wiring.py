"""Puts the parts together for one tenant: where its stack lies, and what its programs work with."""

from pathlib import Path

from steward.config.model import Tenant


def default_stack(tenant: Tenant) -> Path:
    """Return where cdktf puts the tenant's synthesized stack."""
    return Path("cdktf.out") / "stacks" / tenant.name
