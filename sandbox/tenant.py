"""One served tenant: its directory, clock, token authority, journal, and the seed it started from."""

from sandbox.clock import Clock
from sandbox.directory.population import IdentityCredential, populate
from sandbox.directory.store import Directory
from sandbox.errors import GraphError
from sandbox.journal import Journal
from sandbox.seed import Seed, SeedError
from sandbox.tokens import TokenAuthority


class Tenant:
    """The state behind every endpoint; resetting or reseeding replaces the directory at once."""

    def __init__(self, seed: Seed, base_url: str) -> None:
        self.base_url = base_url
        self.clock = Clock()
        self.authority = TokenAuthority()
        self.journal = Journal()
        self.seed = seed
        self.identities: dict[str, IdentityCredential] = {}
        self.directory: Directory
        self.reseed(seed)

    def reset(self) -> None:
        """Bring the directory back to its seed, with the same ids and secrets; the journal is cleared too."""
        self.reseed(self.seed)

    def reseed(self, seed: Seed) -> None:
        """Replace the directory by another seed's; SeedError when it describes what cannot be.

        Identities known by name in the same tenant keep their secrets.
        """
        self.clock.reset()
        known = {name: each.client_secret for name, each in self.identities.items()}
        same = seed.tenant_id == self.seed.tenant_id
        try:
            self.directory, self.identities = populate(seed, self.clock, known if same else {})
        except GraphError as refusal:
            raise SeedError(f"The directory refuses what the seed describes: {refusal.message}") from refusal
        self.seed = seed
        self.journal.clear()

    def name_of(self, client_id: str) -> str | None:
        """Tell the seed's name of an identity by its client id."""
        return next((name for name, each in self.identities.items() if each.client_id == client_id), None)
