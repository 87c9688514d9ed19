"""Authentication strengths: the built-in ones, the tenant's own, and what a policy that uses one forbids."""

from typing import Any

import pytest

from tests.sandbox.conftest import Tenant, refusal
from tests.sandbox.rows.policies import policy, strength

_PATH = "/v1.0/policies/authenticationStrengthPolicies"
_POLICIES = "/v1.0/identity/conditionalAccess/policies"
_PHISHING_RESISTANT = "00000000-0000-0000-0000-000000000004"
_NOWHERE = "11111111-1111-4111-8111-111111111111"


def _used(tenant: Tenant, strength_id: str) -> str:
    controls = {"grantControls__builtInControls": [], "grantControls__authenticationStrength": {"id": strength_id}}
    response = tenant.client("deploy").post(_POLICIES, json=policy(**controls))
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def test_built_in_strengths_are_listed_and_never_changed(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    listed = client.get(_PATH).json()["value"]
    assert {each["displayName"] for each in listed} == {
        "Multifactor authentication",
        "Passwordless MFA",
        "Phishing-resistant MFA",
    }
    path = f"{_PATH}/{_PHISHING_RESISTANT}"
    assert "temporaryAccessPassOneTime" not in client.get(path).json()["allowedCombinations"]
    assert client.get(f"{_PATH}/{_NOWHERE}").status_code == 404
    assert client.patch(path, json={"displayName": "Weaker"}).status_code == 400
    assert client.post(f"{path}/updateAllowedCombinations", json={"allowedCombinations": ["sms"]}).status_code == 400
    assert client.delete(path).status_code == 400


def test_strength_of_the_tenants_own_lives_and_goes(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    created = client.post(_PATH, json=strength())
    assert created.status_code == 201
    assert (created.json()["policyType"], created.json()["requirementsSatisfied"]) == ("custom", "mfa")
    path = f"{_PATH}/{created.json()['id']}"
    assert client.patch(path, json={"displayName": "Strong 2", "description": None}).status_code == 204
    changed = client.post(f"{path}/updateAllowedCombinations", json={"allowedCombinations": ["fido2"]})
    assert changed.status_code == 200
    assert changed.json()["previousCombinations"] == ["fido2", "password,microsoftAuthenticatorPush"]
    assert changed.json()["currentCombinations"] == ["fido2"]
    shown = client.get(path).json()
    assert (shown["displayName"], shown["description"], shown["allowedCombinations"]) == ("Strong 2", None, ["fido2"])
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


def test_both_addresses_show_the_same_strengths(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    made = client.post(_PATH, json=strength()).json()
    alias = "/v1.0/identity/conditionalAccess/authenticationStrength/policies"
    assert client.get(f"{alias}/{made['id']}").json()["displayName"] == "Strong"


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({**strength(), "allowedCombinations": []}, "allowedCombinations"),
        (strength("password,fido2"), "password,fido2"),
        (strength("softwareOath"), "softwareOath"),
        (strength("telepathy"), "telepathy"),
        (strength("fido2", "fido2"), "twice"),
        (strength("fido2", name=""), "displayName"),
        ({**strength(), "policyType": "builtIn"}, "policyType"),
    ],
)
def test_strength_that_entra_would_not_save_is_refused(tenant: Tenant, body: dict[str, Any], named: str) -> None:
    status, code, message = refusal(tenant.client("deploy").post(_PATH, json=body))
    assert (status, code) == (400, "BadRequest")
    assert named in message


def test_combination_written_with_a_space_is_the_same(tenant: Tenant) -> None:
    created = tenant.client("deploy").post(_PATH, json=strength("password, hardwareOath"))
    assert created.status_code == 201, created.text
    assert created.json()["allowedCombinations"] == ["password,hardwareOath"]


def test_combinations_change_by_their_action_only(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    path = f"{_PATH}/{client.post(_PATH, json=strength()).json()['id']}"
    status, _, message = refusal(client.patch(path, json={"allowedCombinations": ["fido2"]}))
    assert status == 400
    assert "allowedCombinations" in message


def test_strength_in_use_is_not_deleted_nor_made_weaker_than_mfa(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    strength_id = client.post(_PATH, json=strength()).json()["id"]
    policy_id = _used(tenant, strength_id)
    path = f"{_PATH}/{strength_id}"
    usage = client.get(f"{path}/usage").json()
    assert [each["id"] for each in usage["mfa"]] == [policy_id]
    assert usage["none"] == []
    assert client.delete(path).status_code == 400
    weaker = client.post(f"{path}/updateAllowedCombinations", json={"allowedCombinations": ["password"]})
    assert weaker.status_code == 400
    other = client.post(f"{path}/updateAllowedCombinations", json={"allowedCombinations": ["password,sms"]})
    assert other.json()["conditionalAccessReferences"] == [policy_id]
    client.delete(f"{_POLICIES}/{policy_id}")
    assert client.delete(path).status_code == 204


def test_combination_configurations_are_refused_by_name(tenant: Tenant) -> None:
    client = tenant.client("deploy")
    path = f"{_PATH}/{_PHISHING_RESISTANT}/combinationConfigurations"
    status, _, message = refusal(client.get(path))
    assert status == 501
    assert "combinationConfigurations" in message
