"""Which authentication methods the tenant allows, for whom, and what an authentication strength of its own takes."""

from collections.abc import Collection
from typing import Any

import httpx
from kiota_abstractions.api_error import APIError
from msgraph.generated.models.temporary_access_pass_authentication_method_configuration import (
    TemporaryAccessPassAuthenticationMethodConfiguration,
)

from steward.facts import Absent, PassPolicy, Reading
from steward.graph.failures import reading
from steward.graph.paging import read_all
from steward.graph.session import GraphSession

_EVERYBODY = "all_users"
# What a person enrols by himself, signed in with a pass, and what then counts as a second factor everywhere.
_STRONG = ("Fido2", "MicrosoftAuthenticator", "SoftwareOath")


async def read_pass_policy(session: GraphSession, account_id: str | None) -> Reading[PassPolicy]:
    """Read whether Temporary Access Passes are allowed, how long they may live, and what can be enrolled with one.

    Whether the account is among those for whom a method is allowed is asked of its memberships; an account that does
    not exist yet (`account_id` None) is in no group.
    """

    async def read() -> Reading[PassPolicy]:
        policy = await session.client.policies.authentication_methods_policy.get()
        configurations = policy.authentication_method_configurations or ()
        groups = await _groups_of(session, account_id) if _names_groups(configurations) else frozenset[str]()
        strong = frozenset(
            entry.id for entry in configurations if entry.id in _STRONG and _is_on(entry) and _is_for(entry, groups)
        )
        for entry in configurations:
            if isinstance(entry, TemporaryAccessPassAuthenticationMethodConfiguration):
                return PassPolicy(
                    is_enabled=_is_on(entry),
                    shortest=entry.minimum_lifetime_in_minutes,
                    longest=entry.maximum_lifetime_in_minutes,
                    is_for_account=_is_for(entry, groups),
                    strong_methods=strong,
                )
        return Absent("the policy for Temporary Access Passes")

    return await reading("the authentication methods policy", read)


async def read_strength(session: GraphSession, strength_id: str) -> Reading[frozenset[str]]:
    """Read which combinations of methods an authentication strength takes."""

    async def read() -> Reading[frozenset[str]]:
        strengths = session.client.policies.authentication_strength_policies
        try:
            found = await strengths.by_authentication_strength_policy_id(strength_id).get()
        except APIError as error:
            if error.response_status_code == httpx.codes.NOT_FOUND:
                return Absent(f"the authentication strength {strength_id}")
            raise
        return frozenset(str(getattr(entry, "value", entry)) for entry in found.allowed_combinations or ())

    return await reading(f"the authentication strength {strength_id}", read)


async def _groups_of(session: GraphSession, account_id: str | None) -> frozenset[str]:
    if account_id is None:
        return frozenset()
    return frozenset(
        entry.id for entry in await read_all(session.client.users.by_user_id(account_id).transitive_member_of)
    )


def _names_groups(configurations: Collection[Any]) -> bool:
    return any((_included(entry) | _excluded(entry)) - {_EVERYBODY} for entry in configurations)


def _is_on(entry: Any) -> bool:
    return entry.state is not None and entry.state.value == "enabled"


def _is_for(entry: Any, groups: Collection[str]) -> bool:
    asked = {_EVERYBODY, *groups}
    return bool(_included(entry) & asked) and not _excluded(entry) & asked


def _included(entry: Any) -> set[str]:
    return {target.id for target in getattr(entry, "include_targets", None) or ()}


def _excluded(entry: Any) -> set[str]:
    return {target.id for target in entry.exclude_targets or ()}
