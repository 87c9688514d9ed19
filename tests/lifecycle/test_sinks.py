"""What the steps make of a sink: asked before anything is touched, and believed about the password that it has."""

from dataclasses import replace
from datetime import timedelta

import pytest

from steward.errors import ExitCode
from steward.facts import Absent, DeliveryState, Facts, MethodsState, PassPolicy, Reading, SinkState, Unreadable
from steward.lifecycle.actions import Blocked
from steward.lifecycle.steps import PREFLIGHT, SETTLE
from tests.lifecycle import situation as s

CHANGED = s.CREATED + timedelta(minutes=5)
ENABLED = replace(s.ACCOUNT, is_enabled=True, password_changed=CHANGED)
SETTLED = replace(
    s.SEALED,
    account=ENABLED,
    methods=MethodsState(frozenset({"softwareOath"}), ()),
    pass_policy=PassPolicy(True, 60, 480),
)
LOGIN = s.ACCOUNT.login
UNREADABLE = Unreadable("the vault", "403 ForbiddenByRbac")


def settle(delivery: Reading[DeliveryState], facts: Facts = SETTLED) -> list[str]:
    return s.in_short(s.intend(SETTLE, replace(facts, delivery=delivery), s.ALLOWED_TENANT))


@pytest.mark.parametrize(
    ("delivery", "expected"),
    [
        (DeliveryState(CHANGED), f"already {LOGIN}"),
        (Absent("the sink's record"), f"already {LOGIN}"),
        (DeliveryState(CHANGED - timedelta(seconds=1)), "disabled DisableAccount"),
        (DeliveryState(CHANGED + timedelta(seconds=1)), "disabled DisableAccount"),
        (DeliveryState(None), "disabled DisableAccount"),
        (UNREADABLE, "blocked the vault"),
    ],
)
def test_settled_account_keeps_only_a_password_that_the_sink_has(
    delivery: Reading[DeliveryState], expected: str
) -> None:
    assert settle(delivery) == [expected]


def test_account_that_was_closed_for_rotation_gets_a_new_password() -> None:
    closed = replace(SETTLED, account=replace(ENABLED, is_enabled=False))
    assert settle(DeliveryState(None), closed) == ["delivered DeliverPassword"]


def test_record_that_cannot_be_read_is_could_not_tell() -> None:
    (action,) = s.intend(SETTLE, replace(SETTLED, delivery=UNREADABLE), s.ALLOWED_TENANT)
    assert isinstance(action, Blocked)
    assert action.exit_code is ExitCode.COULD_NOT_TELL


def preflight(sink: Reading[SinkState], facts: Facts = s.SEALED, **changes: object) -> list[str]:
    tenant = s.ALLOWED_TENANT.model_copy(update=changes)
    facts = replace(facts, pass_policy=PassPolicy(True, 60, 480), sink=sink)
    return [word for word in s.in_short(s.intend(PREFLIGHT, facts, tenant)) if "sink" in word or "vault" in word]


@pytest.mark.parametrize(
    ("sink", "expected"),
    [
        (SinkState("secrets"), "already sink secrets"),
        (SinkState("secrets", "read-only file system", "name another folder"), "blocked sink secrets"),
        (UNREADABLE, "blocked the vault"),
        (Absent("a sink"), "blocked a sink"),
    ],
)
def test_preflight_asks_the_sink_before_anything_is_touched(sink: Reading[SinkState], expected: str) -> None:
    assert preflight(sink) == [expected]


@pytest.mark.parametrize("sink", [SinkState("secrets", "read-only file system", "name another folder"), UNREADABLE])
def test_sink_that_fails_does_not_keep_a_role_from_being_taken_away(sink: Reading[SinkState]) -> None:
    (told,) = preflight(sink, s.DEPLOYED)
    assert told.startswith("found ")


def test_preflight_asks_no_sink_where_nothing_is_delivered() -> None:
    assert preflight(Absent("a sink"), account=s.TENANT.account) == []
