"""A tenant's directory without a server, for what signs in and is judged inside the sandbox."""

from typing import Any

from sandbox.clock import Clock
from sandbox.directory import access_policies
from sandbox.directory.population import populate
from sandbox.directory.store import PORTAL, Directory, Record
from sandbox.seed import Seed
from tests.sandbox.rows.policies import policy


def directory_of(**seed: Any) -> Directory:
    """Make the directory that a seed describes."""
    directory, _ = populate(Seed(**seed), Clock(), {})
    return directory


def saved(directory: Directory, **changes: Any) -> Record:
    """Save a policy that demands MFA of everybody, changed by dotted path."""
    return access_policies.create(directory, policy(**changes), PORTAL)
