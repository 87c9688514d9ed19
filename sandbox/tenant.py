"""The served tenants: each with its own directory, clock, journal and seed, under one address and token authority."""

from collections.abc import Iterable, Iterator

from sandbox.clock import Clock
from sandbox.directory.population import IdentityCredential, populate
from sandbox.directory.store import Directory
from sandbox.errors import GraphError
from sandbox.journal import Journal
from sandbox.seed import Seed, SeedError
from sandbox.tokens import TokenAuthority


class Tenant:
    """The state behind every endpoint; resetting or reseeding replaces the directory at once."""

    def __init__(self, seed: Seed, base_url: str, authority: TokenAuthority) -> None:
        self.base_url = base_url
        self.clock = Clock()
        self.authority = authority
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

    def is_called(self, name: str) -> bool:
        """Say whether a name is this tenant's id or one of its verified domains."""
        domain = self.directory.domains.get(name.lower())
        return name.lower() == self.directory.tenant_id or (domain is not None and domain["isVerified"])


class Tenants:
    """All tenants of one server, isolated from each other; the first answers where a request names none."""

    def __init__(self, base_url: str, seeds: Iterable[Seed]) -> None:
        self.base_url = base_url
        self.authority = TokenAuthority()
        self._tenants: list[Tenant] = []
        for seed in seeds:
            self.add(seed)

    @property
    def first(self) -> Tenant:
        """Tell the tenant that answers where a request names none."""
        return self._tenants[0]

    def __iter__(self) -> Iterator[Tenant]:
        return iter(self._tenants)

    def add(self, seed: Seed) -> Tenant:
        """Serve one more tenant; SeedError when one of its names is taken."""
        for name in (seed.tenant_id, *(each.name for each in seed.domains)):
            if self.find(name) is not None:
                raise SeedError(f"Another tenant here is called {name!r} already.")
        tenant = Tenant(seed, self.base_url, self.authority)
        self._tenants.append(tenant)
        return tenant

    def find(self, name: str) -> Tenant | None:
        """Find a tenant by its id or a verified domain."""
        return next((each for each in self._tenants if each.is_called(name)), None)
