"""The requests whose answers are timed; each is sent to a tenant of every size."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from sandbox.seed import Seed

_GRAPH = "00000003-0000-0000-c000-000000000000"


@dataclass(frozen=True)
class Subject:
    """One tenant as requests address it."""

    seed: Seed
    user_id: str
    application_id: str  # of the last application, or of the reader where there is no other

    @property
    def login(self) -> str:
        """Tell the login of the last user."""
        return self.seed.users[-1].user_principal_name


@dataclass(frozen=True)
class Timed:
    """A request under the name that the table of results shows."""

    name: str
    send: Callable[[httpx.Client, Subject], httpx.Response]


def _what_if(client: httpx.Client, subject: Subject) -> httpx.Response:
    body: dict[str, Any] = {
        "signInIdentity": {"@odata.type": "#microsoft.graph.userSignIn", "userId": subject.user_id},
        "signInContext": {
            "@odata.type": "#microsoft.graph.applicationContext",
            "includeApplications": [_GRAPH],
        },
        "signInConditions": {"clientAppType": "browser", "devicePlatform": "windows"},
        "appliedPoliciesOnly": True,
    }
    return client.post("/v1.0/identity/conditionalAccess/evaluate", json=body)


REQUESTS = (
    Timed("read by id", lambda client, subject: client.get(f"/v1.0/users/{subject.user_id}")),
    Timed("read by login", lambda client, subject: client.get(f"/v1.0/users/{subject.login}")),
    Timed(
        "filter by login, indexed",
        lambda client, subject: client.get(
            "/v1.0/users", params={"$filter": f"userPrincipalName eq '{subject.login}'"}
        ),
    ),
    Timed(
        "filter by appId, indexed",
        lambda client, subject: client.get(
            "/v1.0/servicePrincipals", params={"$filter": f"appId eq '{subject.application_id}'"}
        ),
    ),
    Timed("page of 4 users", lambda client, _: client.get("/v1.0/users", params={"$top": "4"})),
    Timed("page of 100 users", lambda client, _: client.get("/v1.0/users", params={"$top": "100"})),
    Timed(
        "filter by display name, not indexed",
        lambda client, subject: client.get(
            "/v1.0/users", params={"$filter": f"startsWith(displayName, '{subject.seed.users[-1].display_name}')"}
        ),
    ),
    Timed("What-If, applied policies only", _what_if),
)
