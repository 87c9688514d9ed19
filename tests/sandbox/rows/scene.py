"""What the good requests of the table are made from: a tenant, an administrator's client, and objects to ask about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from sandbox.routing import Route
from tests.sandbox.conftest import Tenant, create_user


@dataclass(frozen=True)
class Ask:
    """A request below the version: `path` begins with a slash."""

    path: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None  # where the body is no JSON


class Scene:
    """The tenant in which one row is tried."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.administrator = tenant.client("administer")

    def client_for(self, route: Route) -> httpx.Client:
        """Tell who may ask: the administrator's application, or an administrator where Graph wants one signed in."""
        if route.requirement().alternatives:
            return self.administrator
        client = self.tenant.anonymous()
        client.headers["Authorization"] = f"Bearer {self.user_token(route)}"
        return client

    def user_token(self, route: Route) -> str:
        """Get a token with which an application does what a route answers for a signed-in Global Administrator."""
        scopes = {name for each in route.requirements().delegated.alternatives for name in each.permissions}
        return self.tenant.control.user_token("nobody", "breakglass1@contoso.onmicrosoft.com", *sorted(scopes))

    @property
    def base_url(self) -> str:
        """Tell the address that references name."""
        return self.tenant.running.base_url

    def make(self, path: str, body: Mapping[str, Any], *, version: str = "v1.0") -> dict[str, Any]:
        """Create something as the administrator and return it; the path is below the version."""
        return self._send("POST", f"/{version}{path}", body)

    def act(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Do something as the administrator; the path is below v1.0."""
        return self._send(method, f"/v1.0{path}", body)

    def user(self, login: str = "mara.holt@contoso.example", **changes: Any) -> dict[str, Any]:
        """Create an ordinary, disabled user."""
        return create_user(self.administrator, login, **changes)

    def reference(self, object_id: str) -> dict[str, str]:
        """Refer to a directory object."""
        return {"@odata.id": f"{self.base_url}/v1.0/directoryObjects/{object_id}"}

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        response: httpx.Response = self.administrator.request(method, path, json=body)
        assert response.is_success, response.text
        answered: dict[str, Any] = response.json() if response.content else {}
        return answered


Row = Callable[[Scene], Ask]
