"""Security defaults: beside which policies they can be on, and what they demand of a sign-in."""

from typing import Any

import pytest

from sandbox.behaviour import Behaviour
from sandbox.directory.store import Directory
from sandbox.evaluation.decision import decide
from sandbox.evaluation.sign_in import of_user
from tests.sandbox.conftest import Tenant, refusal
from tests.sandbox.directories import directory_of
from tests.sandbox.rows.policies import policy

_PATH = "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy"
_POLICIES = "/v1.0/identity/conditionalAccess/policies"
_GRAPH = "00000003-0000-0000-c000-000000000000"
_AZURE_MANAGEMENT = "797f4846-ba00-4fd7-ba43-dac1f8f63013"


def test_security_defaults_allow_no_enabled_policy(tenant: Tenant) -> None:
    tenant.reseed(security_defaults=True)
    client = tenant.client("deploy")
    assert client.get(_PATH).json()["isEnabled"] is True
    _, _, message = refusal(client.post(_POLICIES, json=policy()))
    assert message.startswith("Security Defaults is enabled")
    created = client.post(_POLICIES, json=policy(state="enabledForReportingButNotEnforced"))
    assert created.status_code == 201
    path = f"{_POLICIES}/{created.json()['id']}"
    assert client.patch(path, json={"state": "enabled"}).status_code == 400
    assert client.get(path).json()["state"] == "enabledForReportingButNotEnforced"


def test_security_defaults_are_switched_off_before_and_not_on_beside_an_enabled_policy(tenant: Tenant) -> None:
    tenant.reseed(security_defaults=True)
    client = tenant.client("deploy")
    assert client.patch(_PATH, json={"isEnabled": False}).status_code == 204
    path = f"{_POLICIES}/{client.post(_POLICIES, json=policy()).json()['id']}"
    assert client.patch(_PATH, json={"isEnabled": True}).status_code == 400
    assert client.patch(path, json={"state": "disabled"}).status_code == 204
    assert client.patch(_PATH, json={"isEnabled": True}).status_code == 204


def _defaults(**behaviour: Any) -> Directory:
    return directory_of(security_defaults=True, behaviour=Behaviour(**behaviour))


@pytest.mark.parametrize(
    ("ask", "login", "application", "code"),
    [
        ("everyone", "alex.moore@contoso.example", _GRAPH, 50076),
        ("administrators", "alex.moore@contoso.example", _GRAPH, None),
        ("administrators", "breakglass1@contoso.onmicrosoft.com", _GRAPH, 50076),
        ("administrators", "alex.moore@contoso.example", _AZURE_MANAGEMENT, 50076),
    ],
)
def test_security_defaults_ask_for_a_second_factor(ask: str, login: str, application: str, code: int | None) -> None:
    directory = _defaults(security_defaults_ask=ask)
    decision = decide(directory, of_user(directory, directory.require_user(login), [application]))
    assert decision.refusal({"password"}) == code
    assert decision.allows({"password", "softwareOath"})


@pytest.mark.parametrize(("blocks", "code"), [(True, 530035), (False, 50076)])
def test_device_code_flow_is_blocked_where_security_defaults_do(blocks: bool, code: int) -> None:
    directory = _defaults(security_defaults_block_device_code=blocks)
    alex = directory.require_user("alex.moore@contoso.example")
    decision = decide(directory, of_user(directory, alex, [_GRAPH], transfer_method="deviceCodeFlow"))
    assert decision.refusal({"password"}) == code


def test_legacy_authentication_is_blocked() -> None:
    directory = _defaults()
    alex = directory.require_user("alex.moore@contoso.example")
    decision = decide(directory, of_user(directory, alex, [_GRAPH], client_app_type="other"))
    assert decision.is_blocked
    assert decision.refusal({"password", "softwareOath"}) == 530035
    (entry,) = decision.log({"password"})
    assert (entry["id"], entry["enforcedGrantControls"], entry["result"]) == ("SecurityDefaults", ["Block"], "failure")
