"""Deleted policies and locations: kept for 30 days, restored with all they held, and gone for good."""

from typing import Literal

import pytest

from sandbox.behaviour import Behaviour
from tests.sandbox.conftest import Tenant, refusal
from tests.sandbox.rows.policies import country_location, ip_location, policy, strength

_ROOT = "/v1.0/identity/conditionalAccess"
_30_DAYS = 30 * 24 * 3600


@pytest.mark.parametrize(("kind", "body"), [("policies", policy()), ("namedLocations", country_location("DE", "AT"))])
def test_what_was_deleted_is_listed_and_comes_back_as_it_was(
    tenant: Tenant, kind: str, body: dict[str, object]
) -> None:
    client = tenant.client("deploy")
    made = client.post(f"{_ROOT}/{kind}", json=body).json()
    assert client.get(f"{_ROOT}/deletedItems/{kind}").json()["value"] == []
    client.delete(f"{_ROOT}/{kind}/{made['id']}")
    path = f"{_ROOT}/deletedItems/{kind}/{made['id']}"
    assert [each["id"] for each in client.get(f"{_ROOT}/deletedItems/{kind}").json()["value"]] == [made["id"]]
    assert client.get(path).status_code == 200
    assert client.post(f"{path}/restore").status_code == 200
    assert client.get(path).status_code == 404
    back = client.get(f"{_ROOT}/{kind}/{made['id']}").json()
    assert {**back, "@odata.context": None} == {**made, "@odata.context": None}


@pytest.mark.parametrize(("kind", "body"), [("policies", policy()), ("namedLocations", country_location("DE"))])
def test_what_was_deleted_for_good_or_30_days_ago_is_gone(tenant: Tenant, kind: str, body: dict[str, object]) -> None:
    client = tenant.client("deploy")
    first, second = (client.post(f"{_ROOT}/{kind}", json=body).json()["id"] for _ in range(2))
    for each in (first, second):
        client.delete(f"{_ROOT}/{kind}/{each}")
    assert client.delete(f"{_ROOT}/deletedItems/{kind}/{first}").status_code == 204
    assert [each["id"] for each in client.get(f"{_ROOT}/deletedItems/{kind}").json()["value"]] == [second]
    tenant.control.advance_clock(_30_DAYS)
    later = tenant.client("deploy")
    assert later.get(f"{_ROOT}/deletedItems/{kind}").json()["value"] == []
    assert later.post(f"{_ROOT}/deletedItems/{kind}/{second}/restore").status_code == 404


def test_a_deleted_policy_is_no_deleted_location(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    policy_id = client.post(f"{_ROOT}/policies", json=policy()).json()["id"]
    client.delete(f"{_ROOT}/policies/{policy_id}")
    assert client.get(f"{_ROOT}/deletedItems/namedLocations/{policy_id}").status_code == 404


@pytest.mark.parametrize(
    ("restored", "state"), [("kept", "enabled"), ("reportOnly", "enabledForReportingButNotEnforced")]
)
def test_restored_policy_is_on_where_the_tenant_keeps_states(
    tenant: Tenant, restored: Literal["kept", "reportOnly"], state: str
) -> None:
    tenant.reseed(behaviour=Behaviour(restored_policy_state=restored))
    client = tenant.client("deploy")
    policy_id = client.post(f"{_ROOT}/policies", json=policy()).json()["id"]
    client.delete(f"{_ROOT}/policies/{policy_id}")
    assert client.post(f"{_ROOT}/deletedItems/policies/{policy_id}/restore").json()["state"] == state


def test_enabled_policy_does_not_come_back_beside_security_defaults(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    policy_id = client.post(f"{_ROOT}/policies", json=policy()).json()["id"]
    client.delete(f"{_ROOT}/policies/{policy_id}")
    client.patch("/v1.0/policies/identitySecurityDefaultsEnforcementPolicy", json={"isEnabled": True})
    path = f"{_ROOT}/deletedItems/policies/{policy_id}"
    assert client.post(f"{path}/restore").status_code == 400
    assert client.get(path).status_code == 200


def test_policy_does_not_come_back_without_the_strength_it_demands(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    strengths = "/v1.0/policies/authenticationStrengthPolicies"
    made = tenant.control.act("POST", strengths, strength())["id"]
    demanding = policy(grantControls__builtInControls=[], grantControls__authenticationStrength={"id": made})
    policy_id = client.post(f"{_ROOT}/policies", json=demanding).json()["id"]
    client.delete(f"{_ROOT}/policies/{policy_id}")
    tenant.control.act("DELETE", f"{strengths}/{made}")
    path = f"{_ROOT}/deletedItems/policies/{policy_id}"
    status, _, message = refusal(client.post(f"{path}/restore"))
    assert (status, made in message) == (400, True)
    assert client.get(path).status_code == 200


def test_restored_location_is_not_trusted_any_more(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    made = client.post(f"{_ROOT}/namedLocations", json=ip_location(is_trusted=True)).json()
    path = f"{_ROOT}/namedLocations/{made['id']}"
    assert client.delete(path).status_code == 400
    client.patch(path, json={"@odata.type": "#microsoft.graph.ipNamedLocation", "isTrusted": False})
    assert client.delete(path).status_code == 204
    restored = client.post(f"{_ROOT}/deletedItems/namedLocations/{made['id']}/restore").json()
    assert restored["isTrusted"] is False
