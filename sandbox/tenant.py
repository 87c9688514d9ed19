"""The served tenants: each with its own directory, clock, journal, seed and troubles, under one address.

A tenant is made of a seed, of the rows of a state file, or of an export. What has changed since is found by comparing
rows, after each request, and goes into the state file and to the lagging replicas.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict

from sandbox.clock import Clock
from sandbox.directory.passage import let_time_pass
from sandbox.directory.population import IdentityCredential, populate
from sandbox.directory.store import Directory
from sandbox.errors import GraphError
from sandbox.journal import Journal
from sandbox.seed import Seed, SeedError
from sandbox.state.file import StateError, StateFile
from sandbox.state.rows import Key, Rows, as_directory, rows_of
from sandbox.tokens import TokenAuthority
from sandbox.trouble.access_rate import AccessRate
from sandbox.trouble.faults import Faults
from sandbox.trouble.lag import LagRule
from sandbox.trouble.replicas import Replicas
from sandbox.trouble.throttling import Meter

_OWN = "(tenant)"  # the collection of what belongs to a tenant beside its directory


class Tenant:
    """The state behind every endpoint; resetting or reseeding replaces the directory at once."""

    def __init__(self, seed: Seed, base_url: str, authority: TokenAuthority, rows: Rows | None = None) -> None:
        """Make the tenant of a seed, or, with the rows that a state file has for it, as it was when they were saved."""
        self.base_url = base_url
        self.clock = Clock()
        self.authority = authority
        self.journal = Journal()
        self.seed = seed
        self.identities: dict[str, IdentityCredential] = {}
        self.directory: Directory
        self.faults = Faults()
        self.replicas: Replicas
        self.meter: Meter
        self.access_rate: AccessRate
        if rows is None:
            self.reseed(seed)
        else:
            self._restore(rows)

    @classmethod
    def saved(cls, rows: Rows, base_url: str, authority: TokenAuthority) -> "Tenant":
        """Make the tenant that a state file's rows describe; ValueError or KeyError when they describe none."""
        return cls(Seed.from_json(rows[_OWN, "seed"]), base_url, authority, rows)

    def reset(self) -> None:
        """Bring the directory back to its seed, with the same ids and secrets; journal and faults are cleared too."""
        self.reseed(self.seed)

    def reseed(self, seed: Seed) -> None:
        """Replace the directory by another seed's; SeedError when it describes what cannot be.

        Identities known by name in the same tenant keep their secrets.
        """
        same = seed.tenant_id == self.seed.tenant_id
        known = {name: each.client_secret for name, each in self.identities.items()} if same else {}
        clock = Clock()
        try:
            directory, identities = populate(seed, clock, known)
        except GraphError as refusal:
            raise SeedError(f"The directory refuses what the seed describes: {refusal.message}") from refusal
        self.hold(seed, directory, identities)

    def hold(self, seed: Seed, directory: Directory, identities: dict[str, IdentityCredential]) -> None:
        """Replace everything the tenant holds; journal, faults and past begin anew, lag and throttling as seeded."""
        meter = Meter(seed.throttling)
        access_rate = AccessRate(
            seed.conditional_access_requests_per_second, what_if_is_rated=seed.behaviour.what_if_is_rated
        )
        # Nothing from here on can fail, so that a tenant is replaced as a whole or not at all.
        self.seed, self.directory, self.identities = seed, directory, identities
        self.clock = directory.clock
        self.meter, self.access_rate = meter, access_rate
        self.journal.clear()
        self.faults.clear()
        self.lag(seed.lag)

    def lag(self, rules: Iterable[LagRule]) -> None:
        """Let replicas lag by these rules from here on; with none, every read meets the directory as it is."""
        self.replicas = Replicas(rules)
        self._seen = rows_of(self.directory) if self.replicas.rules else None

    def settle(self) -> None:
        """Take notice of what has changed in the directory since the last time, for the replicas that lag."""
        if self._seen is None:
            return
        before, self._seen = self._seen, rows_of(self.directory, self._seen)
        if self._seen != before:
            self.replicas.remember(before, self.clock.now())

    def rows(self, earlier: Rows) -> dict[Key, str]:
        """Write down everything that a restart brings back."""
        own = {
            "seed": self.seed.to_json(),
            "clock": json.dumps(self.clock.as_value()),
            "identities": json.dumps({name: asdict(each) for name, each in self.identities.items()}),
        }
        return {**rows_of(self.directory, earlier), **{(_OWN, key): text for key, text in own.items()}}

    def let_time_pass(self) -> None:
        """Bring about whatever the clock has made due."""
        let_time_pass(self.directory)

    def _restore(self, rows: Rows) -> None:
        self.clock.restore(json.loads(rows[_OWN, "clock"]))
        known = json.loads(rows[_OWN, "identities"])
        identities = {name: IdentityCredential(**each) for name, each in known.items()}
        self.hold(
            self.seed, as_directory({key: text for key, text in rows.items() if key[0] != _OWN}, self.clock), identities
        )

    def name_of(self, client_id: str) -> str | None:
        """Tell the seed's name of an identity by its client id."""
        return next((name for name, each in self.identities.items() if each.client_id == client_id), None)

    def is_called(self, name: str) -> bool:
        """Say whether a name is this tenant's id or one of its verified domains."""
        domain = self.directory.domains.get(name.lower())
        return name.lower() == self.directory.tenant_id or (domain is not None and domain["isVerified"])


class Tenants:
    """All tenants of one server, isolated from each other; the first answers where a request names none.

    With a state file, what it holds comes back and the seeds are for a new one only.
    """

    def __init__(
        self, base_url: str, seeds: Iterable[Seed], authority: TokenAuthority, file: StateFile | None = None
    ) -> None:
        self.base_url = base_url
        self.authority = authority
        self._file = file
        self._tenants: dict[int, Tenant] = {}
        self._written: dict[int, Mapping[Key, str]] = {}
        if file:
            self._restore(file)
        if not self._tenants:
            for seed in seeds:
                self.add(seed)

    @property
    def first(self) -> Tenant:
        """Tell the tenant that answers where a request names none."""
        return next(iter(self._tenants.values()))

    def __iter__(self) -> Iterator[Tenant]:
        return iter(self._tenants.values())

    def add(self, seed: Seed) -> Tenant:
        """Serve one more tenant; SeedError when one of its names is taken."""
        self.require_free(seed)
        tenant = Tenant(seed, self.base_url, self.authority)
        number = max(self._tenants, default=0) + 1
        self._tenants[number] = tenant
        self._written[number] = {}
        self.settle(tenant)
        return tenant

    def remove(self, tenant: Tenant) -> None:
        """Serve a tenant no longer; SeedError when it is the last one."""
        if len(self._tenants) == 1:
            raise SeedError("The last tenant of a server cannot be removed; reseed it instead.")
        number = self._number_of(tenant)
        del self._tenants[number], self._written[number]
        if self._file:
            self._file.forget(number)

    def require_free(self, seed: Seed, *, apart_from: Tenant | None = None) -> None:
        """Refuse with SeedError a seed whose tenant id or domains another tenant has."""
        for name in (seed.tenant_id, *(each.name for each in seed.domains)):
            if self.find(name) not in (None, apart_from):
                raise SeedError(f"Another tenant here is called {name!r} already.")

    def settle(self, tenant: Tenant) -> None:
        """Take notice of what a request has changed, before it is answered."""
        tenant.settle()
        number = self._number_of(tenant)
        if self._file and number:
            rows = tenant.rows(self._written[number])
            if rows != self._written[number]:
                self._file.save(number, self._written[number], rows)
                self._written[number] = rows

    def find(self, name: str) -> Tenant | None:
        """Find a tenant by its id or a verified domain."""
        return next((each for each in self if each.is_called(name)), None)

    def _restore(self, file: StateFile) -> None:
        for number in file.tenants():
            rows = self._written[number] = file.rows(number)
            try:
                self._tenants[number] = Tenant.saved(rows, self.base_url, self.authority)
            except (KeyError, TypeError, ValueError) as fault:
                raise StateError(
                    f"The state file holds a tenant that this sandbox cannot read: {fault}.",
                    "Use the sandbox that wrote it, or start with a new file.",
                ) from fault

    def _number_of(self, tenant: Tenant) -> int:
        """Tell the number that a tenant is saved under, 0 when it was removed meanwhile."""
        return next((number for number, each in self._tenants.items() if each is tenant), 0)
