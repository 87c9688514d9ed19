"""What an application had before anybody could consent, kept for one run: by its own looks, or by earlier runs'.

Once the role is given for a consent nothing more counts as from before, in this run and in those that go on after it.
The fact reader notes and asks; the runner says when the role is given.
"""

from dataclasses import dataclass, field
from datetime import datetime

from steward.config.model import Tenant
from steward.evidence import LOOKS_APART, EarlierLook, find_earlier_look
from steward.facts import GrantedBefore, GrantsState, NoClient, Reading, granted_ids


@dataclass
class _Looks:
    """Looks at the grants one after the other: when the first and the last was, and since when they show the same."""

    first: datetime | None = None
    last: datetime | None = None
    agreeing_since: datetime | None = None
    _shown: frozenset[str] | None = None

    def note(self, shown: frozenset[str], at: datetime) -> None:
        self.first, self.last = self.first or at, at
        if shown != self._shown or self.agreeing_since is None:
            self.agreeing_since = at
        self._shown = shown

    @property
    def are_apart(self) -> bool:
        return self.first is not None and self.last is not None and self.last - self.first >= LOOKS_APART


@dataclass
class FirstGrants:
    """The looks of one run; `own_file` is the name of its evidence, which is none of an earlier run."""

    tenant: Tenant
    own_file: str | None = None
    _earlier: dict[tuple[str, str | None], EarlierLook] = field(default_factory=dict)
    _seen: frozenset[str] | None = None
    _trouble: str = ""
    _let_at: datetime | None = None
    _looks: _Looks = field(default_factory=_Looks)

    def let_consent(self, at: datetime) -> None:
        """From now on what comes may be what a person consented to, and earlier looks tell nothing of it."""
        if self._let_at is None and not self._looks.are_apart:
            self._seen = None
            self._trouble = "there was no second look before somebody could consent, and one may not show all"
        self._let_at, self._looks = at, _Looks()

    def find_client_id(self, account_id: str) -> str | None:
        """Return the application that earlier runs of the account saw last, None where none did."""
        return self._look_back(account_id, self.tenant.application.client_id).client_id

    def look(self, account_id: str, client_id: str | None, grants: Reading[GrantsState], at: datetime) -> GrantedBefore:
        """Note what shows now, and return what counts as granted before."""
        earlier = self._look_back(account_id, client_id)
        if isinstance(grants, GrantsState | NoClient):
            now = granted_ids(grants) if isinstance(grants, GrantsState) else frozenset[str]()
            self._looks.note(now, at)
            if self._let_at is None:
                # A replica that is behind may show less for a while.
                self._seen = now | (self._seen or frozenset())
        is_told = earlier.granted is not None
        return GrantedBefore(
            client_id,
            earlier.granted if is_told else self._seen,
            is_earlier=is_told,
            is_owed=earlier.is_owed or self._let_at is not None,
            trouble="" if is_told else earlier.trouble or self._trouble,
            let_at=self._let_at or earlier.let_at,
            looking_since=self._looks.first,
            agreeing_since=self._looks.agreeing_since,
            looked_at=self._looks.last,
        )

    def _look_back(self, account_id: str, client_id: str | None) -> EarlierLook:
        asked = (account_id, client_id)
        if asked not in self._earlier:
            self._earlier[asked] = find_earlier_look(
                self.tenant.evidence / self.tenant.name,
                account_id=account_id,
                tenant_id=self.tenant.tenant.id,
                client_id=client_id,
                but_for=self.own_file,
            )
        return self._earlier[asked]
