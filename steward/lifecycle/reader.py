"""Reads the facts that a step asks for, each at most once a pass, from the tenant and Terraform, never from memory."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from steward.config.model import SignIn, Tenant
from steward.facts import (
    Absent,
    Caller,
    Facts,
    GrantsState,
    GroupState,
    LatchState,
    MethodsState,
    Organization,
    PassPolicy,
    PlanState,
    PolicyState,
    Reading,
    RoleHoldings,
    StackState,
    Unreadable,
    UserState,
    WhatIf,
)
from steward.graph import conditional_access, reads
from steward.graph.session import GraphSession
from steward.terraform import Workspace
from steward.wellknown.latch import SEALED
from steward.wellknown.permissions import MICROSOFT_GRAPH_APP_ID

# A policy counts when it reads back this many times: right after a change one replica may still know the old one.
_READ_BACKS = 3


class FactReader:
    """One pass over a tenant; make a new one whenever fresh facts are needed."""

    def __init__(self, session: GraphSession, workspace: Workspace, tenant: Tenant) -> None:
        self._session = session
        self._workspace = workspace
        self._tenant = tenant
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
                "roles": self._roles,
                "other_administrators": self._other_administrators,
                "policies": self._policies,
                "what_if": self._what_if,
                "grants": self._grants,
                "twins": self._twins,
                "stack": self._stack,
                "plan": self._plan,
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
        stack: Reading[StackState] = await self._once("stack")
        known_id = stack.account_id if isinstance(stack, StackState) else None
        return await reads.read_account(self._session, self._tenant.account.login, known_id)

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
        return await reads.read_pass_policy(self._session)

    async def _roles(self) -> Reading[RoleHoldings]:
        account: Reading[UserState] = await self._once("account")
        if isinstance(account, Absent | Unreadable):
            return account
        return await reads.read_roles(self._session, account.object_id)

    async def _other_administrators(self) -> Reading[tuple[str, ...]]:
        account: Reading[UserState] = await self._once("account")
        if isinstance(account, Unreadable):
            return account
        account_id = None if isinstance(account, Absent) else account.object_id
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
        stack: Reading[StackState] = await self._once("stack")
        if isinstance(account, Absent | Unreadable):
            return account
        apps = [MICROSOFT_GRAPH_APP_ID]
        if isinstance(stack, StackState) and stack.application_client_id:
            apps.append(stack.application_client_id)
        return await conditional_access.read_what_if(self._session, account.object_id, apps)

    async def _grants(self) -> Reading[GrantsState]:
        stack: Reading[StackState] = await self._once("stack")
        if isinstance(stack, Absent | Unreadable):
            return stack
        if stack.application_client_id is None:
            return Absent("the application")
        declared = self._tenant.application.permissions
        apis = sorted({entry.resource_app_id for entry in (*declared.application, *declared.delegated)})
        return await reads.read_grants(self._session, stack.application_client_id, apis)

    async def _twins(self) -> Reading[RoleHoldings]:
        account: Reading[UserState] = await self._once("account")
        account_id = account.object_id if isinstance(account, UserState) else None
        return await reads.read_twins(self._session, self._tenant.account.login, account_id)

    async def _stack(self) -> Reading[StackState]:
        return await self._workspace.read_stack()

    async def _plan(self) -> Reading[PlanState]:
        # A plan is worth its seconds only once the latch is sealed: before that it would show the role as it stands.
        stack: Reading[StackState] = await self._once("stack")
        if isinstance(stack, Absent | Unreadable):
            return stack
        if not isinstance(stack.latch, LatchState) or stack.latch.phase != SEALED:
            return Absent("the plan of a sealed stack")
        return await self._workspace.read_plan()
