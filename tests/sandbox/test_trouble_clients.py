"""Faults met by unmodified clients: what msgraph-sdk and azure-identity make of them, and that the journal shows it."""

from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from kiota_abstractions.api_error import APIError

from tests.sandbox.conftest import Tenant
from tests.sandbox.sdk import with_client

# The SDK's generated code warns about its own older classes whenever one of its modules is first imported.
pytestmark = [
    pytest.mark.filterwarnings("ignore:GetQueryParameters is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:This class is deprecated. Please use the generic:DeprecationWarning"),
]
KIM = "kim.berg@contoso.example"
READ = "GET /users/{id}"


async def _read(client: Any) -> str:
    user = await client.users.by_user_id(KIM).get()
    return str(user.user_principal_name)


def _statuses(tenant: Tenant, method: str = "GET") -> list[int | None]:
    return [each["status"] for each in tenant.control.journal() if each["method"] == method]


@pytest.mark.parametrize("wait", ["1", "0.128"])
def test_sdk_waits_as_told_and_repeats_a_throttled_read(tenant: Tenant, wait: str) -> None:
    fault = {"route": READ, "status": 429, "code": "TooManyRequests", "headers": {"Retry-After": wait}}
    tenant.control.declare_faults(fault)
    assert with_client(tenant, "administer", _read) == KIM
    assert _statuses(tenant) == [429, 200]
    assert tenant.control.unused_faults() == []


def test_sdk_repeats_a_read_that_met_an_unavailable_service(tenant: Tenant) -> None:
    tenant.control.declare_faults({"route": READ, "status": 503, "headers": {"Retry-After": "1"}})
    assert with_client(tenant, "administer", _read) == KIM
    assert _statuses(tenant) == [503, 200]


def test_sdk_tells_a_page_that_is_no_json_by_its_status(tenant: Tenant) -> None:
    tenant.control.declare_faults({"route": READ, "status": 502, "text": "<html>Bad Gateway</html>", "times": 9})
    with pytest.raises(APIError) as met:
        with_client(tenant, "administer", _read)
    assert met.value.response_status_code == 502


def test_credential_repeats_a_token_request_that_met_an_unavailable_service(tenant: Tenant) -> None:
    tenant.control.declare_faults({"route": "POST /{tenant}/oauth2/v2.0/token", "status": 503})
    assert with_client(tenant, "administer", _read) == KIM
    assert _statuses(tenant, "POST") == [503, 200]


def test_credential_gives_up_on_a_refused_token_request(tenant: Tenant) -> None:
    tenant.control.declare_faults(
        {
            "route": "POST /{tenant}/oauth2/v2.0/token",
            "status": 400,
            "code": "invalid_client",
            "message": "AADSTS7000215",
        }
    )
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        with_client(tenant, "administer", _read)
    assert _statuses(tenant, "POST") == [400]
