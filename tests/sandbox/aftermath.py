"""What must go on working after a write that was accepted: reading, judging sign-ins, signing in, registering methods.

What is kept as it was sent shows its faults only when something reads it, so that the fuzz tests look everywhere
after each write that they bring through.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from sandbox.control import ControlError
from tests.sandbox.mutations import require_graphs_answer
from tests.sandbox.rows.privileged import GLOBAL_ADMINISTRATOR
from tests.sandbox.rows.scene import Ask, Scene

_GRAPH = "00000003-0000-0000-c000-000000000000"
_PASSWORD = "Kelp-9-lantern"
_LOGIN = "after.math@contoso.example"
_CONDITIONAL_ACCESS = "/identity/conditionalAccess"
_RULED = "/policies/roleManagementPolicies/"
_PHONE = {"phoneNumber": "+49 15112345678", "phoneType": "mobile"}
_LISTS = (
    f"{_CONDITIONAL_ACCESS}/policies",
    f"{_CONDITIONAL_ACCESS}/namedLocations",
    "/reports/authenticationMethods/userRegistrationDetails",
    "/roleManagement/directory/roleAssignmentSchedules",
    "/roleManagement/directory/roleEligibilityScheduleInstances",
    "/servicePrincipals",
    "/auditLogs/directoryAudits",
    "/auditLogs/signIns",
)


class Aftermath:
    """The tenant of a scene after one accepted write."""

    def __init__(self, scene: Scene, sent: object) -> None:
        self._scene = scene
        self._sent = sent
        self._control = scene.tenant.control
        self._client = scene.tenant.anonymous()

    def require_sound(self, ask: Ask, answered: Mapping[str, Any]) -> None:
        """Fail for a defect of anything that reads what the write has left."""
        for path in _addresses(ask, answered):
            self._act("GET", path)
        for path in _LISTS:
            self._act("GET", path)
        user_id = self._new_user()["id"]
        self._judge(user_id)
        self._register(user_id)
        self._sign_in()
        if ask.path.startswith(_RULED):
            self._activate(user_id)
        if ask.path.startswith(("/applications", "/servicePrincipals")):
            self._use_application(ask, answered)

    def _act(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        try:
            return self._control.act(method, f"/v1.0{path}", body)
        except ControlError as refusal:
            if "sandboxDefect" in str(refusal):
                pytest.fail(f"{method} {path} is a defect of the sandbox after {self._sent}")
            return {}

    def _new_user(self) -> dict[str, Any]:
        profile = {"forceChangePasswordNextSignIn": False, "password": _PASSWORD}
        body = {"accountEnabled": True, "displayName": "After Math", "mailNickname": "after.math"}
        return self._control.act(
            "POST", "/v1.0/users", {**body, "userPrincipalName": _LOGIN, "passwordProfile": profile}
        )

    def _judge(self, user_id: str) -> None:
        for country, address, platform in (("DE", "192.0.2.1", "windows"), ("", "2001:db8::1", "iOS")):
            conditions = {
                "clientAppType": "browser",
                "country": country,
                "deviceInfo": {"model": "x", "isCompliant": True},
                "devicePlatform": platform,
                "insiderRiskLevel": "minor",
                "ipAddress": address,
                "signInRiskLevel": "high",
                "userRiskLevel": "high",
            }
            context = {"@odata.type": "#microsoft.graph.applicationContext", "includeApplications": [_GRAPH]}
            identity = {"@odata.type": "#microsoft.graph.userSignIn", "userId": user_id}
            body = {"signInIdentity": identity, "signInContext": context, "signInConditions": conditions}
            judged = self._act("POST", f"{_CONDITIONAL_ACCESS}/evaluate", body)
            assert judged, self._sent

    def _register(self, user_id: str) -> None:
        base = f"/users/{user_id}/authentication"
        self._act("POST", f"{base}/phoneMethods", _PHONE)
        self._act("POST", f"{base}/temporaryAccessPassMethods", {})
        self._act("GET", f"{base}/methods")

    def _sign_in(self) -> None:
        application = self._control.act(
            "POST", "/v1.0/applications", {"displayName": "Aftermath", "isFallbackPublicClient": True}
        )
        principal = self._act("POST", "/servicePrincipals", {"appId": application["appId"]})
        graph = self._act("GET", f"/servicePrincipals(appId='{_GRAPH}')")
        grant = {"consentType": "AllPrincipals", "scope": "User.Read", "resourceId": graph["id"]}
        self._act("POST", "/oauth2PermissionGrants", {**grant, "clientId": principal["id"]})
        person = {"username": _LOGIN, "password": _PASSWORD, "scope": "User.Read"}
        self._ask_token(grant_type="password", client_id=application["appId"], **person)

    def _activate(self, user_id: str) -> None:
        about = {
            "principalId": user_id,
            "roleDefinitionId": GLOBAL_ADMINISTRATOR,
            "directoryScopeId": "/",
            "justification": "Rehearsal",
        }
        base = "/roleManagement/directory"
        forever, hours = (
            {"expiration": {"type": "noExpiration"}},
            {"expiration": {"type": "afterDuration", "duration": "PT1H"}},
        )
        self._act(
            "POST",
            f"{base}/roleEligibilityScheduleRequests",
            {**about, "action": "adminAssign", "scheduleInfo": forever},
        )
        token = self._control.user_token("nobody", _LOGIN, "RoleManagement.ReadWrite.Directory")
        response = self._client.post(
            f"/v1.0{base}/roleAssignmentScheduleRequests",
            json={**about, "action": "selfActivate", "scheduleInfo": hours},
            headers={"Authorization": f"Bearer {token}"},
        )
        require_graphs_answer(response, self._sent)

    def _use_application(self, ask: Ask, answered: Mapping[str, Any]) -> None:
        shown = answered if "appId" in answered else self._act("GET", "/" + "/".join(ask.path.split("/")[1:3]))
        client_id = shown.get("appId")
        if not client_id:
            return
        self._act("POST", "/servicePrincipals", {"appId": client_id})
        application = self._act("GET", f"/applications(appId='{client_id}')")
        principal = self._act("GET", f"/servicePrincipals(appId='{client_id}')")
        if not application or not principal:
            return
        for role in principal["appRoles"]:
            body = {"principalId": principal["id"], "resourceId": principal["id"], "appRoleId": role["id"]}
            self._act("POST", f"/servicePrincipals/{principal['id']}/appRoleAssignedTo", body)
        secret = self._act("POST", f"/applications/{application['id']}/addPassword", {}).get("secretText", "")
        for scope in (f"{client_id}/.default", f"{self._scene.base_url}/.default"):
            self._ask_token(grant_type="client_credentials", client_id=client_id, client_secret=secret, scope=scope)
        for scope in (f"{client_id}/kelp", f"{client_id}/.default", "User.Read"):
            person = {"username": _LOGIN, "password": _PASSWORD, "scope": scope}
            self._ask_token(grant_type="password", client_id=client_id, client_secret=secret, **person)
        tenant_id = self._scene.tenant.running.tenant_id
        address = {"client_id": client_id, "redirect_uri": "http://localhost", "response_type": "code"}
        for path, scope in (
            ("oauth2/v2.0/authorize", "openid"),
            ("v2.0/adminconsent", f"{client_id}/.default"),
            ("adminconsent", ""),
        ):
            self._require_no_defect(self._client.get(f"/{tenant_id}/{path}", params={**address, "scope": scope}))

    def _ask_token(self, **form: str) -> None:
        tenant_id = self._scene.tenant.running.tenant_id
        self._require_no_defect(self._client.post(f"/{tenant_id}/oauth2/v2.0/token", data=form))

    def _require_no_defect(self, response: httpx.Response) -> None:
        assert response.status_code < 500, (self._sent, response.text)
        assert "Traceback" not in response.text, self._sent


def _addresses(ask: Ask, answered: Mapping[str, Any]) -> Iterator[str]:
    """Tell where what was written can be read: its own address, and those above it."""
    path = ask.path.partition("?")[0]
    if isinstance(answered.get("id"), str):
        yield f"{path}/{answered['id']}"
    while path:
        yield path
        path = path.rpartition("/")[0]
