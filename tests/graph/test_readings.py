"""A reading is a value, a confirmed absence, or a read that failed, and the last is never taken for another."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.seed import Seed, SeedIdentity
from sandbox.server import RunningSandbox, start
from steward.acts import DisableAccount, RemoveRoleAssignment
from steward.config.clouds import Cloud
from steward.config.model import GroupReference
from steward.errors import RefusedError, UnreadableError
from steward.facts import Absent, GroupState, RoleHoldings, Unreadable, UserState
from steward.graph import conditional_access, method_policy, reads, roles, writes
from steward.graph.credentials import open_credential
from steward.graph.session import GraphSession, open_session
from steward.graph.sign_in_methods import SecretSignIn
from steward.secret import Secret

NOBODY = "00000000-0000-4000-8000-00000000000f"
IDENTITIES = (
    SeedIdentity(
        "reader",
        ("User.Read.All", "Group.Read.All", "RoleManagement.Read.Directory", "UserAuthenticationMethod.Read.All"),
    ),
    SeedIdentity("stranger"),
)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with start(tmp_path_factory.mktemp("tls"), Seed(identities=IDENTITIES)) as running:
        yield running


def cloud_of(sandbox: RunningSandbox, ca_file: Path | None = None) -> Cloud:
    return Cloud(name="sandbox", authority=sandbox.base_url, graph=sandbox.base_url, ca_file=ca_file or sandbox.ca_file)


def ask(sandbox: RunningSandbox, question: Callable[[GraphSession], Awaitable[Any]], identity: str = "reader") -> Any:
    """Sign in as an identity and ask one question."""
    who = sandbox.identities[identity]
    cloud = cloud_of(sandbox)
    credential = open_credential(cloud, sandbox.tenant_id, SecretSignIn(who.client_id, Secret(who.client_secret)))

    async def conversation() -> Any:
        async with open_session(cloud, credential) as session:
            return await question(session)

    return asyncio.run(conversation())


def test_account_that_exists_is_a_value(sandbox: RunningSandbox) -> None:
    found = ask(sandbox, lambda session: reads.read_account(session, "alex.moore@contoso.example"))
    assert isinstance(found, UserState)
    assert found.is_enabled


def test_account_that_does_not_exist_is_a_confirmed_absence(sandbox: RunningSandbox) -> None:
    assert isinstance(ask(sandbox, lambda session: reads.read_account(session, "no.body@contoso.example")), Absent)


def test_account_with_an_apostrophe_is_asked_for_and_not_an_error(sandbox: RunningSandbox) -> None:
    assert isinstance(ask(sandbox, lambda session: reads.read_account(session, "o'hara@contoso.example")), Absent)


def test_group_by_an_unknown_id_is_a_confirmed_absence(sandbox: RunningSandbox) -> None:
    reference = GroupReference(object_id=NOBODY)
    assert isinstance(ask(sandbox, lambda session: reads.read_group(session, reference)), Absent)


def test_group_by_name_is_a_value(sandbox: RunningSandbox) -> None:
    found = ask(sandbox, lambda session: reads.read_group(session, GroupReference(name="sg-breakglass")))
    assert isinstance(found, GroupState)
    assert len(found.member_ids) == 2


def test_part_of_an_account_that_is_gone_is_unreadable_and_no_absence(sandbox: RunningSandbox) -> None:
    assert isinstance(ask(sandbox, lambda session: reads.read_methods(session, NOBODY)), Unreadable)
    assert [entry.what for entry in ask(sandbox, lambda session: roles.read_roles(session, NOBODY)).unreadable] == [
        "memberships of groups and directory roles"
    ]


def test_roles_that_nobody_may_read_are_unreadable_by_every_path(sandbox: RunningSandbox) -> None:
    found = ask(sandbox, lambda session: roles.read_roles(session, NOBODY, ("one",)), identity="stranger")
    assert found.held == ()
    assert [entry.what for entry in found.unreadable] == [
        "role assignments",
        "the role assignment one",
        "memberships of groups and directory roles",
        "active now roles",
        "active schedule roles",
        "eligible roles",
    ]
    assert all("403" in entry.why for entry in found.unreadable)


@pytest.mark.parametrize(
    "question",
    [
        lambda session: reads.read_account(session, "alex.moore@contoso.example"),
        lambda session: reads.read_group(session, GroupReference(name="sg-breakglass")),
        reads.read_organization,
        reads.read_security_defaults,
        lambda session: reads.read_other_administrators(session, None),
        lambda session: reads.read_other_holders(session, NOBODY),
        lambda session: reads.read_twins(session, "alex.moore@contoso.example", None),
        lambda session: method_policy.read_pass_policy(session, None),
        conditional_access.read_policies,
        lambda session: conditional_access.read_what_if(session, NOBODY, [NOBODY]),
    ],
    ids=[
        "account", "group", "organization", "security defaults", "administrators", "holders", "deleted",
        "pass policy", "policies", "what if",
    ],
)  # fmt: skip  # a name a question, in the same order
def test_read_that_is_not_permitted_is_unreadable_and_says_why(
    sandbox: RunningSandbox, question: Callable[[GraphSession], Awaitable[Any]]
) -> None:
    found = ask(sandbox, question, identity="stranger")
    assert isinstance(found, Unreadable)
    assert "403" in found.why


def test_roles_without_p2_are_readable_and_schedules_are_a_confirmed_absence(sandbox: RunningSandbox) -> None:
    account = ask(sandbox, lambda session: reads.read_account(session, "breakglass1@contoso.onmicrosoft.com"))
    found = ask(sandbox, lambda session: roles.read_roles(session, account.object_id))
    assert isinstance(found, RoleHoldings)
    assert [(entry.role_name, entry.path) for entry in found.held] == [("Global Administrator", "direct")]
    assert found.unreadable == ()


@pytest.mark.parametrize("act", [DisableAccount(NOBODY), RemoveRoleAssignment("no-such-assignment")])
def test_write_that_is_refused_says_so_with_the_servers_words(sandbox: RunningSandbox, act: Any) -> None:
    with pytest.raises(RefusedError) as refused:
        ask(sandbox, lambda session: writes.perform(session, act, None))
    assert "403" in refused.value.why


def test_wrong_secret_is_a_refusal_without_the_secret(sandbox: RunningSandbox) -> None:
    cloud = cloud_of(sandbox)
    method = SecretSignIn(sandbox.identities["reader"].client_id, Secret("not-the-secret"))

    async def conversation() -> None:
        async with open_session(cloud, open_credential(cloud, sandbox.tenant_id, method)):
            raise AssertionError("nobody should get in")

    with pytest.raises(RefusedError) as refused:
        asyncio.run(conversation())
    assert "AADSTS7000215" in refused.value.why
    assert "not-the-secret" not in str(refused.value)


def test_authority_that_does_not_answer_is_unreachable(sandbox: RunningSandbox) -> None:
    cloud = Cloud(name="sandbox", authority="https://localhost:9", graph="https://localhost:9", ca_file=sandbox.ca_file)

    async def conversation() -> None:
        async with open_session(cloud, open_credential(cloud, sandbox.tenant_id, SecretSignIn("a", Secret("b")))):
            raise AssertionError("nobody should get in")

    with pytest.raises(UnreadableError):
        asyncio.run(conversation())
