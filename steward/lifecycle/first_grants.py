"""What an application had before anybody could consent, kept for one run: by its own looks, or by earlier runs'.

Once the role is given for a consent nothing more counts as from before, in this run and in those that go on after it.
The fact reader notes and asks; the runner says when the role is given.
"""

from dataclasses import dataclass, field

from steward.config.model import Tenant
from steward.evidence import EarlierLook, find_earlier_look
from steward.facts import GrantedBefore, GrantsState, NoClient, Reading, granted_ids


@dataclass
class FirstGrants:
    """The looks of one run; `own_file` is the name of its evidence, which is none of an earlier run."""

    tenant: Tenant
    own_file: str | None = None
    _earlier: dict[tuple[str, str | None], EarlierLook] = field(default_factory=dict)
    _seen: frozenset[str] | None = None
    _is_over: bool = False

    def let_consent(self) -> None:
        """From now on what comes may be what a person consented to."""
        self._is_over = True

    def find_client_id(self, account_id: str) -> str | None:
        """Return the application that earlier runs of the account saw last, None where none did."""
        return self._look_back(account_id, self.tenant.application.client_id).client_id

    def look(self, account_id: str, client_id: str, grants: Reading[GrantsState]) -> GrantedBefore:
        """Note what shows now, and return what counts as granted before."""
        earlier = self._look_back(account_id, client_id)
        if isinstance(grants, GrantsState | NoClient) and not self._is_over:
            now = granted_ids(grants) if isinstance(grants, GrantsState) else frozenset[str]()
            # A replica that is behind may show less for a while.
            self._seen = now | (self._seen or frozenset())
        is_owed = earlier.is_owed or self._is_over
        if earlier.granted is not None:
            return GrantedBefore(client_id, earlier.granted, is_earlier=True, is_owed=is_owed)
        return GrantedBefore(client_id, self._seen, is_owed=is_owed, trouble=earlier.trouble)

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
