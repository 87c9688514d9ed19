"""The sink that is a key vault, over verified TLS with the unmodified client: what is kept, told and refused."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.behaviour import Behaviour
from sandbox.seed import Seed
from steward.config.clouds import CLOUDS
from steward.errors import FinalRefusalError
from steward.facts import DeliveryState, SinkState, Unreadable
from steward.secret import Secret
from steward.sinks import key_vault
from steward.sinks.sink import Label, SecretKind
from tests.sinks.conftest import LOGIN, SEED, STRANGER, Place

CANARY = "Canary-b81e!only-in-the-vault"
PASSWORD = Label(SecretKind.PASSWORD, LOGIN, "account-1")
ENDS = datetime(2099, 1, 2, 3, 4, 5, tzinfo=UTC)
PASS = Label(SecretKind.PASS, LOGIN, "account-1", ENDS)
SET_AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_vault, "_LONGEST_WAIT", 0.05)


def deliver(place: Place, label: Label = PASSWORD, **changes: Any) -> str:
    return asyncio.run(place.vault_sink(**changes).deliver(label, Secret(CANARY)))


def read(place: Place, account_id: str = "account-1") -> Any:
    return asyncio.run(place.vault_sink().read_delivery(account_id))


def test_secret_says_what_it_is_beside_its_name(place: Place) -> None:
    deliver(place)
    kept = place.receiver.get_secret(place.secret_name)
    assert kept.value == CANARY
    assert kept.properties.content_type == "password of an account in Microsoft Entra ID"
    assert kept.properties.tags == {
        "kind": "password",
        "login": LOGIN,
        "account-id": "account-1",
        "tenant": "contoso",
    }
    assert not [word for word in ("password", "keller", "contoso", "admin") if word in place.secret_name]


def test_pass_ends_in_the_vault_when_it_ends_in_the_tenant(place: Place) -> None:
    deliver(place, PASS)
    kept = place.receiver.get_secret(place.secret_name).properties
    assert (kept.expires_on, (kept.tags or {})["kind"]) == (ENDS, "pass")


def test_permissions_to_write_and_to_read_properties_are_enough(place: Place) -> None:
    sink = place.vault_sink()

    async def life() -> Any:
        receipt = await sink.deliver(PASSWORD, Secret(CANARY))
        await sink.confirm(receipt, SET_AT)
        return await sink.probe(), await sink.read_delivery("account-1")

    assert asyncio.run(life()) == (
        SinkState(f"{place.sandbox.base_url}/secrets/{place.secret_name}"),
        DeliveryState(SET_AT),
    )
    kept = place.receiver.get_secret(place.secret_name).properties
    assert {"kind", "login", "account-id", "tenant", "password-changed"} == set(kept.tags or {})


def test_password_that_was_not_set_to_the_end_is_not_the_accounts(place: Place) -> None:
    sink = place.vault_sink()

    async def life() -> None:
        receipt = await sink.deliver(PASSWORD, Secret(CANARY))
        await sink.confirm(receipt, SET_AT)

    asyncio.run(life())
    place.control.advance_clock(5)
    deliver(place)
    assert read(place) == DeliveryState(None), "the newest one is what somebody would sign in with"


def test_pass_and_other_accounts_do_not_count(place: Place) -> None:
    sink = place.vault_sink()

    async def life() -> None:
        await sink.confirm(await sink.deliver(PASSWORD, Secret(CANARY)), SET_AT)

    asyncio.run(life())
    place.control.advance_clock(5)
    deliver(place, PASS)
    assert read(place) == DeliveryState(SET_AT)
    assert read(place, "account-2") == DeliveryState(None)


@pytest.mark.parametrize("tag", ["yesterday", ""])
def test_tag_that_somebody_wrote_by_hand_is_no_password_of_ours(place: Place, tag: str) -> None:
    version = deliver(place)
    kept = place.receiver.get_secret(place.secret_name).properties
    place.receiver.update_secret_properties(
        place.secret_name, version, tags={**(kept.tags or {}), "password-changed": tag}
    )
    assert read(place) == DeliveryState(None)


@pytest.mark.parametrize("answer", ["refused", "empty"])
def test_vault_without_the_secret_has_none_and_takes_one(place: Place, answer: Any) -> None:
    behaviour = Behaviour(list_of_unknown_versions=answer)
    place.control.reseed(Seed(**{**vars(SEED), "tenant_id": place.sandbox.tenant_id, "behaviour": behaviour}))
    assert read(place) == DeliveryState(None)
    assert isinstance(asyncio.run(place.vault_sink().probe()), SinkState)


def test_identity_that_is_not_permitted_is_told_what_it_lacks(place: Place) -> None:
    with pytest.raises(FinalRefusalError, match="Key Vault Secrets Officer") as told:
        deliver(place, identity=STRANGER)
    assert "ForbiddenByRbac" in str(told.value)
    assert CANARY not in str(told.value)
    probed = asyncio.run(place.vault_sink(STRANGER).probe())
    assert isinstance(probed, SinkState)
    assert "readMetadata" in probed.why
    assert isinstance(asyncio.run(place.vault_sink(STRANGER).read_delivery("account-1")), Unreadable)


def test_deleted_secret_is_named_with_the_ways_out(place: Place) -> None:
    deliver(place)
    place.receiver.begin_delete_secret(place.secret_name, _polling_interval=0).wait()
    with pytest.raises(FinalRefusalError, match="recover or purge"):
        deliver(place)


def test_vault_that_fails_for_a_moment_is_asked_again(place: Place) -> None:
    deliver(place)
    place.control.declare_faults(
        {"route": "PUT /secrets/{name}", "status": 429, "headers": {"Retry-After": "3600"}},
        {"route": "PUT /secrets/{name}", "nth": 2, "reset": True, "takes_effect": True},
    )
    deliver(place)
    assert place.control.unused_faults() == []


def test_vault_that_fails_for_good_is_a_failure(place: Place) -> None:
    place.control.declare_faults({"path": "/secrets/.*", "times": 20, "status": 503, "message": f"no {CANARY}"})
    with pytest.raises(FinalRefusalError, match="503") as told:
        deliver(place)
    assert CANARY not in str(told.value)
    assert isinstance(asyncio.run(place.vault_sink().probe()), Unreadable)


def test_address_where_nothing_answers_could_not_tell(place: Place) -> None:
    found = asyncio.run(place.vault_sink(vault="https://localhost:1").probe())
    assert isinstance(found, Unreadable)


def test_token_is_not_given_to_a_host_that_asks_for_another_resource(place: Place) -> None:
    public = CLOUDS["global"].model_copy(update={"ca_file": place.sandbox.ca_file})
    with pytest.raises(FinalRefusalError, match="does not match the requested domain"):
        deliver(place, cloud=public)
    assert place.control.snapshot()["vault_secrets"] == {}


def test_certificate_is_verified(place: Place) -> None:
    found = asyncio.run(place.vault_sink(cloud=place.cloud.model_copy(update={"ca_file": None})).probe())
    assert isinstance(found, Unreadable)
    assert "certificate" in found.why.lower()


def test_long_wait_of_the_service_is_not_waited_for(place: Place) -> None:
    place.control.declare_faults(
        {"path": "/secrets/.*", "times": 20, "status": 429, "headers": {"Retry-After": "3600"}}
    )
    started = datetime.now(UTC)
    with pytest.raises(FinalRefusalError, match="429"):
        deliver(place)
    assert datetime.now(UTC) - started < timedelta(seconds=20)
