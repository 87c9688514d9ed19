"""Federated identity credentials of an application."""

from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Tenant, refusal
from tests.sandbox.rows.registrations import FEDERATED
from tests.sandbox.test_applications import register


@pytest.fixture
def client(tenant: Tenant) -> httpx.Client:
    return tenant.client("deploy")


@pytest.fixture
def path(client: httpx.Client) -> str:
    """The credentials of an application that the caller owns."""
    return f"/v1.0/applications/{register(client)['id']}/federatedIdentityCredentials"


def test_credential_is_made_read_changed_and_taken_away(client: httpx.Client, path: str) -> None:
    created = client.post(path, json=FEDERATED)
    assert created.status_code == 201
    credential = created.json()
    assert {name: credential[name] for name in FEDERATED} == FEDERATED
    one = f"{path}/{credential['id']}"
    # The azuread provider repeats the id and everything else.
    body = {**FEDERATED, "id": credential["id"], "subject": "repo:contoso/iac:environment:prod"}
    assert client.patch(one, json=body).status_code == 204
    assert client.get(one).json()["subject"] == "repo:contoso/iac:environment:prod"
    assert client.get(f"{path}/main").json()["id"] == credential["id"]
    listed = client.get(path, params={"$filter": "name eq 'main'"}).json()["value"]
    assert [each["id"] for each in listed] == [credential["id"]]
    assert client.delete(one).status_code == 204
    assert client.get(one).status_code == client.delete(one).status_code == 404


def test_id_is_kept_whatever_a_change_says(client: httpx.Client, path: str) -> None:
    own = client.post(path, json=FEDERATED).json()["id"]
    other = "11111111-1111-4111-8111-111111111111"
    assert client.patch(f"{path}/{own}", json={**FEDERATED, "id": other}).status_code == 400
    assert [each["id"] for each in client.get(path).json()["value"]] == [own]


def test_refused_credential_leaves_nothing_behind(tenant: Tenant, client: httpx.Client, path: str) -> None:
    assert client.post(path, json={**FEDERATED, "issuer": "http://plain.example"}).status_code == 400
    assert tenant.control.snapshot()["federated_credentials"] == {}


def test_name_is_taken_once(client: httpx.Client, path: str) -> None:
    client.post(path, json=FEDERATED).raise_for_status()
    response = client.post(path, json={**FEDERATED, "subject": "other"})
    assert refusal(response) == (
        409,
        "Request_MultipleObjectsWithSameKeyValue",
        "FederatedIdentityCredential with name main already exists.",
    )


def test_issuer_and_subject_are_taken_once(client: httpx.Client, path: str) -> None:
    client.post(path, json=FEDERATED).raise_for_status()
    other = client.post(path, json={**FEDERATED, "name": "other", "subject": "other"}).json()
    for response in (
        client.post(path, json={**FEDERATED, "name": "third"}),
        client.patch(f"{path}/{other['id']}", json={"subject": FEDERATED["subject"]}),
    ):
        status, code, message = refusal(response)
        assert (status, code) == (400, "InvalidFederatedIdentityCredentialValue")
        assert message.startswith("The combination of issuer and subject must be unique for the application.")


def test_name_cannot_be_changed(client: httpx.Client, path: str) -> None:
    credential = client.post(path, json=FEDERATED).json()
    assert "'name'" in refusal(client.patch(f"{path}/{credential['id']}", json={"name": "other"}))[2]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "x"},
        {"name": "with space"},
        {"name": ""},
        {"issuer": ""},
        {"issuer": "http://token.actions.example"},
        {"issuer": "https://"},
        {"issuer": "https://[x"},
        {"subject": ""},
        {"subject": "x" * 601},
        {"description": "x" * 601},
        {"audiences": []},
        {"audiences": ["a", "b"]},
        {"audiences": [""]},
    ],
)
def test_credential_that_entra_would_not_take_is_refused(
    client: httpx.Client, path: str, changes: dict[str, Any]
) -> None:
    assert client.post(path, json={**FEDERATED, **changes}).status_code == 400
    assert client.get(path).json()["value"] == []


def test_application_holds_twenty(client: httpx.Client, path: str) -> None:
    for number in range(20):
        body = {**FEDERATED, "name": f"name-{number}", "subject": f"subject {number}"}
        assert client.post(path, json=body).status_code == 201
    assert client.post(path, json={**FEDERATED, "name": "last"}).status_code == 400


def test_flexible_credentials_are_refused_by_name(client: httpx.Client, path: str) -> None:
    response = client.post(path.replace("/v1.0/", "/beta/"), json=FEDERATED)
    assert refusal(response)[0] == 501
    assert "'federatedIdentityCredentials'" in refusal(response)[2]
    expression = {"value": "claims['sub'] matches 'x'", "languageVersion": 1}
    assert (
        "'claimsMatchingExpression'"
        in refusal(client.post(path, json={**FEDERATED, "claimsMatchingExpression": expression}))[2]
    )


def test_credential_of_an_application_of_somebody_else_is_forbidden(tenant: Tenant, client: httpx.Client) -> None:
    other = register(tenant.client("administer"))
    response = client.post(f"/v1.0/applications/{other['id']}/federatedIdentityCredentials", json=FEDERATED)
    assert response.status_code == 403
