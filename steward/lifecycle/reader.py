"""Reads the facts that a step asks for, each at most once a pass, from the tenant and Terraform, never from memory."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from steward.config.model import Elevation, FirstSignIn, SignIn, Tenant
from steward.consent import ConsentDesk
from steward.evidence import find_account_id
from steward.facts import (
    NOT_ASKED,
    Absent,
    Caller,
    ConsentEntry,
    ConsentPageState,
    DeliveryState,
    Facts,
    GrantedBefore,
    GrantsState,
    GroupState,
    LatchState,
    Leftover,
    MethodsState,
    Organization,
    PassPolicy,
    PlanState,
    PolicyState,
    Reading,
    Remain,
    ReopeningState,
    RoleHoldings,
    RoleTerm,
    SignInAttempt,
    SignInState,
    SinkState,
    StackState,
    Unreadable,
    UserState,
    WhatIf,
    WindowState,
)
from steward.graph import conditional_access, method_policy, reads, roles, terms, windows
from steward.graph.governed_groups import read_reachable
from steward.graph.leftovers import read_leftovers
from steward.graph.registrations import read_registrations
from steward.graph.remains import read_remains
from steward.graph.session import GraphSession
from steward.lifecycle.first_grants import FirstGrants
from steward.lifecycle.guard_memory import NO_MEMORY, GuardMemory
from steward.lifecycle.identity import lacking
from steward.lifecycle.needs import GOVERNING_PLANS, READ_GOVERNED_GROUPS, READ_GRANTS
from steward.lifecycle.ownership import is_missing
from steward.lifecycle.reopening import Reopening, find_reopened, may_be_reopened
from steward.lifecycle.sightings import RoleSightings
from steward.lifecycle.window import window_of
from steward.registrations import Registrations
from steward.sinks.sink import Sink
from steward.terraform import Workspace
from steward.wellknown.latch import SEALED
from steward.wellknown.permissions import MICROSOFT_GRAPH_APP_ID
from steward.wellknown.registration import file_tag
from steward.wellknown.strengths import BUILT_IN_STRENGTHS

# A policy counts when it reads back this many times: right after a change one replica may still know the old one.
_READ_BACKS = 3
# The sign-in for the consent itself is logged about when the consent is; the log keeps whole seconds.
_AFTER_CONSENT = timedelta(seconds=3)


@dataclass
class StackMemory:
    """Terraform's state as a run last read it: reading takes seconds, and ids do not change while nobody applies."""

    stack: Reading[StackState] | None = None


class FactReader:
    """One pass over a tenant; make a new one whenever fresh facts are needed.

    Without a workspace Terraform is not asked. `memory` spares passes the state where only its ids matter; a step that
    reads the stack itself gets it fresh each time.
    """

    def __init__(
        self,
        session: GraphSession,
        workspace: Workspace | None,
        tenant: Tenant,
        sightings: RoleSightings,
        *,
        memory: StackMemory | None = None,
        guard_memory: GuardMemory = NO_MEMORY,
        is_glance: bool = False,
        operators_word: asyncio.Event | None = None,
        sink: Sink | None = None,
        reopening: Reopening | None = None,
        desk: ConsentDesk | None = None,
        first_grants: FirstGrants | None = None,
    ) -> None:
        self._session = session
        self._workspace = workspace
        self._tenant = tenant
        self._sightings = sightings
        self._first_grants = first_grants or FirstGrants(tenant)
        self._memory = memory or StackMemory()
        self._guard_memory = guard_memory
        self._is_glance = is_glance
        self._operators_word = operators_word
        self._sink = sink
        self._reopening = reopening
        self._desk = desk
        self._passed: dict[str, asyncio.Task[Any]] = {}

    async def read(self, names: Iterable[str]) -> Facts:
        """Return the named facts; the others stand as not read."""
        wanted = tuple(names)
        values = await asyncio.gather(*(self._once(name) for name in wanted))
        return Facts(**dict(zip(wanted, values, strict=True)))

    def _once(self, name: str) -> asyncio.Task[Any]:
        if name not in self._passed:
            readers: Mapping[str, Callable[[], Awaitable[Any]]] = {
                "caller": self._caller,
                "organization": self._organization,
                "security_defaults": self._security_defaults,
                "break_glass": self._break_glass,
                "dashboard_groups": self._dashboard_groups,
                "account": self._account,
                "methods": self._methods,
                "pass_policy": self._pass_policy,
                "strength": self._strength,
                "sink": self._sink_state,
                "delivery": self._delivery,
                "roles": self._roles,
                "owned": self._owned,
                "reachable": self._reachable,
                "other_administrators": self._other_administrators,
                "policies": self._policies,
                "what_if": self._what_if,
                "what_if_break_glass": self._what_if_break_glass,
                "leftovers": self._leftovers,
                "lock": self._lock,
                "grants": self._grants,
                "known_grants": self._known_grants,
                "granted_before": self._granted_before,
                "twins": self._twins,
                "now": self._now,
                "window": self._window,
                "first_sign_in": self._first_sign_in,
                "operators_word": self._word,
                "attempts": self._attempts,
                "consent_page": self._consent_page,
                "consent_entry": self._consent_entry,
                "stack": self._stack,
                "registrations": self._registrations,
                "plan": self._plan,
                "role_terms": self._role_terms,
                "role_grants": self._role_grants,
                "role_first_seen": self._role_first_seen,
                "reopening": self._asked_reopening,
                "reopened": self._reopened,
                "client_grants": self._client_grants,
                "remains": self._remains,
                "destroy_plan": self._destroy_plan,
                "role_last_absent": self._role_last_absent,
            }
            self._passed[name] = asyncio.ensure_future(readers[name]())
        return self._passed[name]

    async def _caller(self) -> Reading[Caller]:
        return self._session.caller

    async def _organization(self) -> Reading[Organization]:
        return await reads.read_organization(self._session)

    async def _security_defaults(self) -> Reading[bool]:
        return await reads.read_security_defaults(self._session)

    async def _break_glass(self) -> Reading[GroupState]:
        return await reads.read_group(self._session, self._tenant.break_glass)

    async def _dashboard_groups(self) -> Reading[Mapping[str, int]]:
        groups = {entry.group: None for entry in self._tenant.dashboard}
        return await reads.count_groups(self._session, tuple(groups))

    async def _account(self) -> Reading[UserState]:
        account = self._tenant.account
        login = account.login
        # Terraform takes its time; by then the account is found as anybody without the state would find it.
        stack, found = await asyncio.gather(
            self._known_stack(),
            reads.read_account(
                self._session,
                login,
                display_name=account.display_name,
                remember_id=self._remembered_id,
            ),
        )
        known_id = stack.account_id if isinstance(stack, StackState) else None
        if known_id is None:
            return found
        if isinstance(found, UserState) and found.object_id == known_id:
            # Without the state its stamp alone may have told it; the state's id tells more.
            return replace(found, is_known_by_stamp_alone=False, is_likely_anothers=False)
        return await reads.read_account(self._session, login, known_id)

    def _remembered_id(self) -> str | None:
        return find_account_id(self._tenant.evidence / self._tenant.name, self._tenant.account.login)

    async def _witnessed_id(self) -> str | None:
        """Return the account's id by Terraform's state, if earlier runs saw that very account behind the login."""
        stack = await self._known_stack()
        known_id = stack.account_id if isinstance(stack, StackState) else None
        return known_id if known_id is not None and known_id == self._remembered_id() else None

    async def _methods(self) -> Reading[MethodsState]:
        account: Reading[UserState] = await self._once("account")
        if isinstance(account, Absent | Unreadable):
            return account
        if self._tenant.account.sign_in is SignIn.BLOCKED:
            # Nobody signs in, so nobody's methods are looked at, and the permission to do so is not needed.
            return Absent("sign-in")
        return await reads.read_methods(self._session, account.object_id)

    async def _pass_policy(self) -> Reading[PassPolicy]:
        if self._tenant.account.sign_in is SignIn.BLOCKED:
            return Absent("sign-in")
        account: Reading[UserState] = await self._once("account")
        if isinstance(account, Unreadable):
            return account
        account_id = account.object_id if isinstance(account, UserState) else None
        return await method_policy.read_pass_policy(self._session, account_id)

    async def _strength(self) -> Reading[frozenset[str]]:
        strength_id = self._tenant.mfa.strength_id
        if strength_id is None or strength_id in BUILT_IN_STRENGTHS.values():
            return Absent("a strength of the tenant's own")
        return await method_policy.read_strength(self._session, strength_id)

    async def _sink_state(self) -> Reading[SinkState]:
        return Absent("a sink") if self._sink is None else await self._sink.probe()

    async def _delivery(self) -> Reading[DeliveryState]:
        account: Reading[UserState] = await self._once("account")
        if isinstance(account, Absent | Unreadable):
            return account
        if self._sink is None or self._tenant.account.sign_in is SignIn.BLOCKED:
            return Absent("the sink's record")
        return await self._sink.read_delivery(account.object_id)

    async def _roles(self) -> Reading[RoleHoldings]:
        account: Reading[UserState] = await self._once("account")
        if isinstance(account, Absent):
            return account
        if isinstance(account, Unreadable):
            return await self._roles_by_state(account)

        async def read(assignment_ids: Iterable[str], *, with_schedules: bool) -> RoleHoldings:
            return await roles.read_roles(
                self._session, account.object_id, tuple(assignment_ids), with_schedules=with_schedules
            )

        return await self._sightings.read(
            read,
            account=account,
            stack=await self._known_stack(),
            answers=self._session.answers,
            now=self._session.now(),
            is_glance=self._is_glance,
        )

    async def _roles_by_state(self, account: Unreadable) -> Reading[RoleHoldings]:
        """Read the roles of an account that cannot be read itself, where state and earlier runs agree on its id."""
        stack, account_id = await self._known_stack(), await self._witnessed_id()
        if not isinstance(stack, StackState) or account_id is None:
            return account
        known = [entry.assignment_id for entry in stack.role_assignments if entry.principal_id == account_id]
        held = await roles.read_roles(self._session, account_id, known)
        # Nobody looks twice here, so that what does not show is not known to be gone.
        return replace(held, unreadable=(*held.unreadable, account))

    async def _owned(self) -> Reading[RoleHoldings]:
        account: Reading[UserState] = await self._once("account")
        if isinstance(account, Absent | Unreadable):
            return account
        return await roles.read_owned(self._session, account.object_id)

    async def _reachable(self) -> Reading[RoleHoldings]:
        account: Reading[UserState] = await self._once("account")
        organization: Reading[Organization] = await self._once("organization")
        caller: Reading[Caller] = await self._once("caller")
        if isinstance(account, Absent | Unreadable):
            return account
        is_permitted = isinstance(caller, Caller) and all(
            need.is_met_by(caller.permissions) for need in READ_GOVERNED_GROUPS
        )
        # Whoever may ask is told by the tenant itself; otherwise its subscriptions say that there is nothing to ask.
        is_governed = not isinstance(organization, Organization) or bool(GOVERNING_PLANS & organization.service_plans)
        if not is_permitted and not is_governed:
            return Absent("a licence for Privileged Identity Management")
        return await read_reachable(self._session, account.object_id)

    async def _other_administrators(self) -> Reading[tuple[str, ...]]:
        account: Reading[UserState] = await self._once("account")
        account_id = account.object_id if isinstance(account, UserState) else None
        if isinstance(account, Unreadable):
            # What keeps the account from being read keeps the others from it too.
            known_id = await self._witnessed_id()
            return account if known_id is None else await reads.read_other_holders(self._session, known_id)
        return await reads.read_other_administrators(self._session, account_id)

    async def _policies(self) -> Reading[tuple[PolicyState, ...]]:
        stable: tuple[PolicyState, ...] | None = None
        for _ in range(_READ_BACKS):
            read = await conditional_access.read_policies(self._session)
            if isinstance(read, Absent | Unreadable):
                return read
            stable = read if stable is None else tuple(policy for policy in stable if policy in read)
        return stable or ()

    async def _what_if(self) -> Reading[tuple[WhatIf, ...]]:
        account: Reading[UserState] = await self._once("account")
        stack: Reading[StackState] = await self._known_stack()
        if isinstance(account, Absent | Unreadable):
            return account
        apps = [MICROSOFT_GRAPH_APP_ID]
        # What the consent is to bring into the tenant is not there to be asked about.
        if isinstance(stack, StackState) and stack.application_client_id and self._tenant.declares_principal:
            apps.append(stack.application_client_id)
        return await conditional_access.read_what_if(self._session, account.object_id, apps)

    async def _what_if_break_glass(self) -> Reading[tuple[WhatIf, ...]]:
        group: Reading[GroupState] = await self._once("break_glass")
        if isinstance(group, Absent | Unreadable):
            return group
        if not group.user_ids:
            return Absent("a user in the break-glass group")
        return await conditional_access.read_what_if(self._session, group.user_ids[0], [MICROSOFT_GRAPH_APP_ID])

    async def _leftovers(self) -> Reading[tuple[Leftover, ...]]:
        account: Reading[UserState] = await self._once("account")
        if isinstance(account, Unreadable):
            return account
        policies = await conditional_access.read_policies(self._session)
        if isinstance(policies, Absent | Unreadable):
            return policies
        stack: Reading[StackState] = await self._once("stack")
        return await read_leftovers(
            self._session,
            self._tenant,
            account if isinstance(account, UserState) and not is_missing(account) else None,
            policies,
            stack if isinstance(stack, StackState) else None,
        )

    async def _lock(self) -> Reading[bool]:
        stack: Reading[StackState] = await self._once("stack")
        if isinstance(stack, Absent | Unreadable):
            return stack
        if self._workspace is None or (isinstance(stack.latch, LatchState) and stack.latch.phase == SEALED):
            return Absent("a latch to turn")
        return await self._workspace.read_lock()

    async def _grants(self) -> Reading[GrantsState]:
        stack: Reading[StackState] = await self._known_stack()
        if isinstance(stack, Absent | Unreadable):
            return stack
        if stack.application_client_id is None:
            return Absent("the application")
        grants = await reads.read_grants(self._session, stack.application_client_id, self._declared_apis())
        if self._desk is not None:
            self._desk.note(grants, self._session.now())
        return grants

    async def _known_grants(self) -> Reading[GrantsState]:
        """Read what can be taken back: Terraform helps where it can, and is not waited for where it cannot."""
        caller: Reading[Caller] = await self._once("caller")
        if isinstance(caller, Caller) and caller.is_app and (missing := list(lacking(caller, READ_GRANTS))):
            return Unreadable("the grants", f"this identity lacks {', '.join(need.permission for need in missing)}")
        client_id = await self._known_client_id()
        if isinstance(client_id, Absent | Unreadable):
            return client_id
        grants = await reads.read_grants(self._session, client_id, self._declared_apis(), needs_all_apis=False)
        stack, name = await self._known_stack(), self._tenant.application.display_name
        by_state = isinstance(stack, StackState) and stack.application_client_id == client_id
        is_certain = by_state or not self._tenant.application.is_own
        # Evidence is not signed: what it names has to be in the tenant what the file calls it.
        if isinstance(grants, GrantsState) and not is_certain and grants.client.name != name:
            return Unreadable("the grants", f"earlier runs name application {client_id}, and it is no {name!r} now")
        return grants

    async def _known_client_id(self) -> Reading[str]:
        """Return the application's id by the tenant file, Terraform's state, or what earlier runs saw."""
        if self._tenant.application.client_id is not None:
            return self._tenant.application.client_id
        stack = await self._known_stack()
        if isinstance(stack, StackState) and stack.application_client_id is not None:
            return stack.application_client_id
        # A state that was lost or made anew names none, and does not show that there is none.
        account_id = await self._accountable_id()
        known = self._first_grants.find_client_id(account_id) if account_id is not None else None
        if known is not None:
            return known
        if isinstance(stack, StackState):
            return Absent("the application")
        why = stack.why if isinstance(stack, Unreadable) else "Terraform's state is not there"
        return Unreadable("the grants", f"{why}, and no earlier run names the application")

    async def _accountable_id(self) -> str | None:
        """Return the id by which earlier runs know the account; where it cannot be read now, what they saw last."""
        account: Reading[UserState] = await self._once("account")
        if isinstance(account, Unreadable):
            return self._remembered_id()
        return account.object_id if isinstance(account, UserState) else None

    async def _granted_before(self) -> Reading[GrantedBefore]:
        if not self._tenant.consents_in_browser:
            return Absent("a consent in a browser")
        account_id = await self._accountable_id()
        if account_id is None:
            account: Reading[UserState] = await self._once("account")
            return account if isinstance(account, Unreadable) else Absent("the account")
        client_id = await self._known_client_id()
        if isinstance(client_id, Absent | Unreadable):
            # What is owed is owed all the same.
            return self._first_grants.look(account_id, None, client_id, self._clock())
        # Whichever the step judges by, so that both are one look.
        grants: Reading[GrantsState] = await self._once("known_grants" if "known_grants" in self._passed else "grants")
        seen = grants.client.app_id if isinstance(grants, GrantsState) else client_id
        return self._first_grants.look(account_id, seen, grants, self._clock())

    def _declared_apis(self) -> list[str]:
        declared = self._tenant.application.permissions
        return sorted({entry.resource_app_id for entry in (*declared.application, *declared.delegated)})

    async def _twins(self) -> Reading[RoleHoldings]:
        account: Reading[UserState] = await self._once("account")
        # One that is not known to be this file's is one of the others.
        account_id = account.object_id if isinstance(account, UserState) and not is_missing(account) else None
        return await reads.read_twins(self._session, self._tenant.account.login, account_id)

    async def _now(self) -> Reading[datetime]:
        if not self._session.answers:
            # The tenant's time is known from its first answer on.
            await self._once("account")
        if self._reopening is not None:
            # Looking for a role that may be hidden takes its time, and the window's end may come meanwhile.
            await self._once("roles")
        return self._clock()

    def _clock(self) -> datetime:
        # A machine that slept, or whose clock is behind the tenant's, keeps no window open.
        return max(self._session.now(), datetime.now(UTC))

    async def _window(self) -> Reading[WindowState]:
        if self._reopening is not None:
            return await self._scheduled_by_reopening()
        if self._tenant.elevation is Elevation.SCHEDULED:
            account: Reading[UserState] = await self._once("account")
            if isinstance(account, Absent | Unreadable):
                return account
            return await windows.read_scheduled_window(self._session, account.object_id)
        if self._tenant.elevation is not Elevation.IN_WINDOW:
            return Absent("a window")
        stack: Reading[StackState] = await self._once("stack")
        if isinstance(stack, Absent | Unreadable):
            return stack
        return window_of(stack, self._tenant)

    async def _scheduled_by_reopening(self) -> Reading[WindowState]:
        account: Reading[UserState] = await self._once("account")
        terms: Reading[tuple[RoleTerm, ...]] = await self._once("role_terms")
        for needed in (account, terms):
            if isinstance(needed, Absent | Unreadable):
                return needed
        if not isinstance(account, UserState):
            return Absent("the account")
        return await windows.read_scheduled_window(self._session, account.object_id)

    async def _first_sign_in(self) -> Reading[SignInState]:
        if self._tenant.first_sign_in is FirstSignIn.NONE:
            return Absent("an awaited sign-in")
        account: Reading[UserState] = await self._once("account")
        stack: Reading[StackState] = await self._once("stack")
        since: Reading[datetime] = await self._sign_in_counts_from()
        for needed in (account, stack, since):
            if isinstance(needed, Absent | Unreadable):
                return needed
        if not (isinstance(account, UserState) and isinstance(stack, StackState) and isinstance(since, datetime)):
            return Absent("a window")
        if stack.application_client_id is None:
            return Absent("the application")
        return await windows.read_first_sign_in(
            self._session,
            account.object_id,
            stack.application_client_id,
            since,
        )

    async def _sign_in_counts_from(self) -> Reading[datetime]:
        """Return from when on a sign-in to the application is the awaited one."""
        window: Reading[WindowState] = await self._once("window")
        if isinstance(window, Absent | Unreadable) or not self._tenant.consents_in_browser:
            return window if isinstance(window, Absent | Unreadable) else window.opened
        # Whoever consents signs in to the application for it, and that is not the sign-in that is awaited.
        entry: Reading[ConsentEntry] = await self._once("consent_entry")
        if isinstance(entry, Absent | Unreadable):
            return entry
        is_given_now = self._desk is not None and self._desk.state.changed is not None
        if is_given_now and entry.at < window.opened:
            return Absent("the consent's entry in the audit log")
        return max(window.opened, entry.at + _AFTER_CONSENT)

    async def _attempts(self) -> Reading[tuple[SignInAttempt, ...]]:
        account: Reading[UserState] = await self._once("account")
        methods: Reading[MethodsState] = await self._once("methods")
        stack: Reading[StackState] = await self._known_stack()
        for needed in (account, methods, stack):
            if isinstance(needed, Unreadable):
                return needed
        known = stack if isinstance(stack, StackState) else None
        is_sealed = known is not None and isinstance(known.latch, LatchState) and known.latch.phase == SEALED
        # Only who opens a window is given the permission to read the log.
        if not self._tenant.opens_window or is_sealed or not isinstance(account, UserState):
            return Absent("a window")
        begins = [entry.begins for entry in methods.passes if entry.begins] if isinstance(methods, MethodsState) else []
        if not begins:
            return Absent("a pass to sign in with")
        client_id = known.application_client_id if known is not None else None
        return await windows.read_attempts(self._session, account.object_id, client_id, min(begins))

    async def _consent_page(self) -> Reading[ConsentPageState]:
        if self._desk is None:
            return Absent("a page to consent on")
        await self._once("grants")
        return self._desk.state

    async def _consent_entry(self) -> Reading[ConsentEntry]:
        if not self._tenant.consents_in_browser:
            return Absent("a consent in a browser")
        grants: Reading[GrantsState] = await self._once("grants")
        if isinstance(grants, Absent | Unreadable):
            return grants
        return await windows.read_consent_entry(self._session, grants.client.object_id)

    async def _word(self) -> Reading[bool]:
        return self._operators_word is not None and self._operators_word.is_set()

    async def _stack(self) -> Reading[StackState]:
        if self._workspace is None:
            return NOT_ASKED
        self._memory.stack = await self._workspace.read_stack()
        return self._memory.stack

    async def _known_stack(self) -> Reading[StackState]:
        if self._memory.stack is not None and "stack" not in self._passed:
            return self._memory.stack
        stack: Reading[StackState] = await self._once("stack")
        return stack

    async def _plan(self) -> Reading[PlanState]:
        # A plan is worth its seconds only once the latch is sealed: before that it would show the role as it stands.
        stack: Reading[StackState] = await self._once("stack")
        if isinstance(stack, Absent | Unreadable):
            return stack
        if not isinstance(stack.latch, LatchState) or stack.latch.phase != SEALED:
            return Absent("the plan of a sealed stack")
        return NOT_ASKED if self._workspace is None else await self._workspace.read_plan()

    async def _registrations(self) -> Reading[Registrations]:
        made = self._tenant.identities.client_ids.values() if self._tenant.identities else ()
        return await read_registrations(self._session, file_tag(self._tenant.name), made)

    async def _role_terms(self) -> Reading[tuple[RoleTerm, ...]]:
        account: Reading[UserState] = await self._once("account")
        if isinstance(account, Absent | Unreadable):
            return account
        return await terms.read_role_terms(self._session, account.object_id)

    async def _role_grants(self) -> Reading[Mapping[str, datetime]]:
        account: Reading[UserState] = await self._once("account")
        if isinstance(account, Absent | Unreadable):
            return account
        return await terms.read_role_grants(self._session, account.object_id)

    async def _role_first_seen(self) -> Reading[Mapping[str, datetime]]:
        return self._guard_memory.first_seen

    async def _role_last_absent(self) -> Reading[Mapping[str, datetime]]:
        held: Reading[RoleHoldings] = await self._once("roles")
        entries = held.held if isinstance(held, RoleHoldings) else ()
        return self._guard_memory.absences({entry.role_template_id for entry in entries})

    async def _asked_reopening(self) -> Reading[ReopeningState]:
        return Absent("a second window to open") if self._reopening is None else self._reopening.state

    async def _reopened(self) -> Reading[RoleTerm]:
        if not may_be_reopened(self._tenant):
            return Absent("a second window")
        account: Reading[UserState] = await self._once("account")
        if isinstance(account, Absent | Unreadable):
            return account
        methods: Reading[MethodsState] = await self._once("methods")
        terms: Reading[tuple[RoleTerm, ...]] = await self._once("role_terms")
        return find_reopened(account, methods, terms, self._tenant)

    async def _client_grants(self) -> Reading[GrantsState]:
        client_id = self._tenant.application.client_id
        if client_id is None:
            stack: Reading[StackState] = await self._known_stack()
            if isinstance(stack, Absent | Unreadable):
                return stack
            client_id = stack.application_client_id
        if client_id is None:
            return Absent("the application")
        return await reads.read_grants(self._session, client_id, self._declared_apis(), needs_all_apis=False)

    async def _remains(self) -> Reading[tuple[Remain, ...]]:
        return await read_remains(self._session, self._tenant)

    async def _destroy_plan(self) -> Reading[PlanState]:
        return NOT_ASKED if self._workspace is None else await self._workspace.read_destroy_plan()
