"""One run's consent in a browser: sends a person to the page, keeps the listener while an answer is waited for.

The lifecycle's runner makes an invitation of it and closes it; what has come of it is a fact like any other. The
vendor's application never sends anybody here, so that nothing listens for it.
"""

import secrets
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime

from steward.config.model import Tenant
from steward.consent.address import consent_address
from steward.consent.listener import RedirectListener, listen
from steward.errors import StewardError
from steward.facts import ConsentPageState, GrantsState, NoClient, Reading, granted_ids

Open = Callable[[str], Awaitable[bool]]


@dataclass(frozen=True)
class Invitation:
    """Where a person is to consent; `is_opened` says that a browser was opened there, `trouble` why nothing listens."""

    address: str
    is_opened: bool
    port: int | None
    trouble: str = ""


@dataclass
class ConsentDesk:
    """Invites once; `open_address` opens a browser and says whether it did."""

    tenant: Tenant
    open_address: Open
    port: int = 0
    _state: ConsentPageState = field(default_factory=ConsentPageState)
    _seen: frozenset[str] | None = None
    _listener: RedirectListener | None = None
    _has_told: bool = False
    _opened: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def invite(self, client_id: str, now: Callable[[], datetime]) -> Invitation:
        """Listen where an answer can come, and send the person to the page."""
        trouble, state = "", secrets.token_urlsafe(32)
        if self.tenant.application.is_own:
            try:
                self._listener = await self._opened.enter_async_context(listen(state=state, now=now, port=self.port))
            except StewardError as error:
                # The consent shows in Graph all the same.
                trouble = f"{error.what}: {error.why}"
        cloud, tenant_id = self.tenant.tenant.cloud, self.tenant.tenant.id
        port = self._listener.port if self._listener is not None else None
        address = consent_address(cloud, tenant_id, client_id, port=port, state=state)
        self._state = replace(self._state, is_invited=True)
        return Invitation(address, await self.open_address(address), port, trouble)

    async def close(self) -> None:
        """Stop listening; what has come is kept."""
        self._state = self.state
        self._listener = None
        await self._opened.aclose()

    def note(self, grants: Reading[GrantsState], now: datetime) -> None:
        """Keep when more came after the invitation than the run had seen before it."""
        if not isinstance(grants, GrantsState | NoClient):
            return
        granted = granted_ids(grants) if isinstance(grants, GrantsState) else frozenset[str]()
        self._seen = granted if self._seen is None else self._seen
        if not self._state.is_invited:
            # A replica that is behind may show less for a while, and others may grant something meanwhile.
            self._seen |= granted
        elif self._state.changed is None and granted - self._seen:
            self._state = replace(self._state, changed=now)

    @property
    def state(self) -> ConsentPageState:
        """Return how far it has come."""
        if self._listener is None:
            return self._state
        return replace(self._state, answer=self._listener.answer, refused=self._listener.refused)

    def has_news(self) -> bool:
        """Return whether an answer has come since this was asked last."""
        known, self._has_told = self._has_told, self.state.answer is not None
        return self._has_told and not known
