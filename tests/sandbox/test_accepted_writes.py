"""Bodies that say little, sent to what is kept and read again: refused, or whatever reads it goes on working."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from sandbox.control import ControlError
from sandbox.resources import ROUTES
from sandbox.seed import SeedLicence
from tests.sandbox.aftermath import Aftermath
from tests.sandbox.conftest import Tenant
from tests.sandbox.rows.authentication_methods import POLICY
from tests.sandbox.rows.authentication_strengths import STRENGTHS
from tests.sandbox.rows.policies import country_location, ip_location, policy, strength
from tests.sandbox.rows.role_policies import POLICIES as ROLE_POLICIES
from tests.sandbox.rows.role_policies import policy_id
from tests.sandbox.rows.scene import Ask, Scene
from tests.sandbox.sparse import sparse

_ACCESS = "/identity/conditionalAccess"
_CONFIGURATIONS = f"{POLICY}/authenticationMethodConfigurations"
_CLIENT = "11111111-1111-4111-8111-111111111111"
_ROLE = {"id": _CLIENT, "displayName": "Read", "isEnabled": True, "allowedMemberTypes": ["User", "Application"]}
_ACCESS_WANTED = {"resourceAppId": _CLIENT, "resourceAccess": [{"id": _CLIENT, "type": "Scope"}]}
_FULL_POLICY = policy(
    conditions__authenticationFlows={"transferMethods": "deviceCodeFlow"},
    conditions__devices={"deviceFilter": {"mode": "include", "rule": 'device.model -eq "x"'}},
    conditions__locations={"includeLocations": ["All"], "excludeLocations": []},
    conditions__platforms={"includePlatforms": ["all"], "excludePlatforms": []},
)
_APPLICATION = {
    "displayName": "Portal",
    "api": {"oauth2PermissionScopes": [{"id": _CLIENT, "isEnabled": True, "value": "kelp", "type": "User"}]},
    "appRoles": [_ROLE],
    "requiredResourceAccess": [_ACCESS_WANTED],
    "web": {"redirectUris": ["http://localhost"]},
}

Prepare = Callable[[Scene], Iterator[Ask]]


def _creating(path: str, *bodies: Mapping[str, Any]) -> Prepare:
    return lambda _scene: (Ask(path, each) for each in bodies)


def _changing(path: str, body: Mapping[str, Any]) -> Prepare:
    def prepare(scene: Scene) -> Iterator[Ask]:
        made = scene.tenant.control.act("POST", f"/v1.0{path}", body)
        yield Ask(f"{path}/{made['id']}", body)

    return prepare


def _changing_some(path: Callable[[Scene], str], *ids: str) -> Prepare:
    def prepare(scene: Scene) -> Iterator[Ask]:
        for each in ids:
            address = f"{path(scene)}/{each}"
            kept = scene.tenant.control.act("GET", f"/v1.0{address}")
            yield Ask(address, {name: value for name, value in kept.items() if name != "@odata.context"})

    return prepare


def _principal(scene: Scene) -> Iterator[Ask]:
    application = scene.tenant.control.act("POST", "/v1.0/applications", {"displayName": "Portal"})
    yield Ask("/servicePrincipals", {"appId": application["appId"]})


_ROWS: Mapping[str, tuple[str, Prepare]] = {
    f"POST {_ACCESS}/policies": ("conditionalAccessPolicy", _creating(f"{_ACCESS}/policies", _FULL_POLICY)),
    f"PATCH {_ACCESS}/policies/{{id}}": ("conditionalAccessPolicy", _changing(f"{_ACCESS}/policies", policy())),
    f"POST {_ACCESS}/namedLocations": (
        "namedLocation",
        _creating(f"{_ACCESS}/namedLocations", ip_location(), country_location("DE", unknown=True)),
    ),
    f"PATCH {_ACCESS}/namedLocations/{{id}}": (
        "namedLocation",
        _changing(f"{_ACCESS}/namedLocations", country_location("DE")),
    ),
    f"POST {STRENGTHS}": ("authenticationStrengthPolicy", _creating(STRENGTHS, strength())),
    f"PATCH {_CONFIGURATIONS}/{{configuration_id}}": (
        "authenticationMethodConfiguration",
        _changing_some(lambda _scene: _CONFIGURATIONS, "Sms", "TemporaryAccessPass"),
    ),
    f"PATCH {ROLE_POLICIES}/{{id}}/rules/{{rule_id}}": (
        "unifiedRoleManagementPolicyRule",
        _changing_some(
            lambda scene: f"{ROLE_POLICIES}/{policy_id(scene)}/rules",
            "Approval_EndUser_Assignment",
            "AuthenticationContext_EndUser_Assignment",
            "Enablement_EndUser_Assignment",
            "Expiration_EndUser_Assignment",
        ),
    ),
    "POST /applications": ("application", _creating("/applications", _APPLICATION)),
    "POST /servicePrincipals": ("servicePrincipal", _principal),
}


@pytest.mark.parametrize("row", _ROWS)
def test_whatever_reads_what_a_sparse_write_has_left_goes_on_working(tenant: Tenant, row: str) -> None:
    route = next(each for each in ROUTES if each.key == row)
    type_name, prepare = _ROWS[row]
    tenant.reseed(licences=(SeedLicence("AAD_PREMIUM_P2"),))
    scene = Scene(tenant)
    asks = list(prepare(scene))
    before = tenant.control.export()
    kept = 0
    for ask in asks:
        for body in sparse(type_name, ask.body or {}, route.accepts.names()):
            answered = _try_write(tenant, route.method, ask.path, body)
            if answered is None:
                continue
            kept += 1
            Aftermath(scene, (ask.path, body)).require_sound(ask, answered)
            tenant.control.load(before)
    assert kept > 0


def _try_write(tenant: Tenant, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
    """Tell the answer of a write that was accepted; none of one that was refused."""
    try:
        return tenant.control.act(method, f"/v1.0{path}", body)
    except ControlError as refusal:
        if "sandboxDefect" in str(refusal):
            pytest.fail(f"{method} {path} is a defect of the sandbox with {body}")
        return None
