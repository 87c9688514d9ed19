"""One request a second to conditional access, for the whole tenant, whoever asks; 429 names no time to wait."""

import time

from sandbox.behaviour import Behaviour
from tests.sandbox.conftest import Tenant, refusal
from tests.sandbox.rows.conditional_access import sign_in
from tests.sandbox.rows.scene import Scene

_POLICIES = "/v1.0/identity/conditionalAccess/policies"
_LOCATIONS = "/v1.0/identity/conditionalAccess/namedLocations"
_A_SECOND = 1.0


def test_second_request_within_a_second_is_refused_even_of_another_application(tenant: Tenant) -> None:
    tenant.reseed(conditional_access_requests_per_second=1)
    deploy, post_apply = tenant.client("deploy"), tenant.client("post-apply")
    assert deploy.get(_POLICIES).status_code == 200
    response = post_apply.get(_LOCATIONS)
    assert refusal(response)[:2] == (429, "TooManyRequests")
    assert "Retry-After" not in response.headers
    assert deploy.get("/v1.0/policies/authenticationStrengthPolicies").status_code == 200
    time.sleep(_A_SECOND)
    assert post_apply.get(_LOCATIONS).status_code == 200


def test_tenants_clock_brings_no_earlier_answer(tenant: Tenant) -> None:
    tenant.reseed(conditional_access_requests_per_second=1)
    client = tenant.client("deploy")
    client.get(_POLICIES)
    tenant.control.advance_clock(60)
    assert client.get(_POLICIES).status_code == 429


def test_portal_is_not_counted(tenant: Tenant) -> None:
    tenant.reseed(conditional_access_requests_per_second=1)
    for _ in range(2):
        tenant.control.act("GET", _POLICIES)
    assert tenant.client("deploy").get(_POLICIES).status_code == 200


def test_what_if_counts_where_the_tenant_says_so(tenant: Tenant) -> None:
    for is_rated, status in ((True, 429), (False, 200)):
        behaviour = Behaviour(what_if_is_rated=is_rated)
        tenant.reseed(conditional_access_requests_per_second=1, behaviour=behaviour)
        body, client = sign_in(Scene(tenant)), tenant.client("deploy")
        client.get(_POLICIES)
        assert client.post("/v1.0/identity/conditionalAccess/evaluate", json=body).status_code == status
