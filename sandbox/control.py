"""A client of the control endpoints, for tests and scripts."""

import ssl
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from sandbox.seed import Seed


class ControlError(Exception):
    """A control request that the sandbox refused, with its reason."""


class Control:
    """Speaks to the control endpoints of one sandbox over verified TLS, about one of its tenants."""

    def __init__(self, base_url: str, ca_file: Path, tenant_id: str | None = None) -> None:
        """Speak about the tenant of an id, or about the first one."""
        context = ssl.create_default_context(cafile=str(ca_file))
        about = {} if tenant_id is None else {"tenant": tenant_id}
        self._client = httpx.Client(base_url=f"{base_url}/_sandbox", verify=context, trust_env=False, params=about)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def reset(self) -> None:
        """Bring the tenant back to its seed, with the same ids and secrets."""
        self._ask("POST", "reset")

    def reseed(self, seed: Seed) -> dict[str, Any]:
        """Replace the tenant by another seed's, and tell its identities."""
        identities: dict[str, Any] = self._send("POST", "seed", content=seed.to_json())
        return identities

    def add_tenant(self, seed: Seed) -> dict[str, Any]:
        """Serve one more tenant, and tell its id and identities."""
        added: dict[str, Any] = self._send("POST", "tenants", content=seed.to_json())
        return added

    def tenants(self) -> list[dict[str, str]]:
        """List the served tenants by id and name."""
        listed: list[dict[str, str]] = self._ask("GET", "tenants")
        return listed

    def journal(self) -> list[dict[str, Any]]:
        """List the requests since the last clearing, secrets masked."""
        entries: list[dict[str, Any]] = self._ask("GET", "journal")
        return entries

    def clear_journal(self) -> None:
        """Forget the requests so far."""
        self._ask("DELETE", "journal")

    def snapshot(self) -> dict[str, Any]:
        """Show the whole directory, secrets as hashes."""
        shown: dict[str, Any] = self._ask("GET", "snapshot")
        return shown

    def try_password(self, user_principal_name: str, password: str) -> dict[str, bool]:
        """Say whether a password is a user's (`valid`), and whether the account is open (`enabled`)."""
        body = {"userPrincipalName": user_principal_name, "password": password}
        tried: dict[str, bool] = self._ask("POST", "try-password", body)
        return tried

    def act(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Do a Graph request, such as `PATCH /v1.0/users/<id>`, as somebody in the portal; empty for no content."""
        answered = self._ask("POST", "act", {"method": method, "path": path, "body": body})
        return answered or {}

    def grant(self, identity: str, permission: str) -> None:
        """Give a seeded identity a Graph application permission; its next token shows it."""
        self._ask("POST", "grant", {"identity": identity, "permission": permission})

    def withdraw(self, identity: str, permission: str) -> None:
        """Take a Graph application permission from a seeded identity; its next token lacks it."""
        self._ask("POST", "withdraw", {"identity": identity, "permission": permission})

    def identities(self) -> dict[str, Any]:
        """Show the seeded identities with what they sign in with."""
        shown: dict[str, Any] = self._ask("GET", "identities")
        return shown

    def advance_clock(self, seconds: int) -> None:
        """Move the tenant's time by seconds, for tokens and passes to end; a reset brings real time back."""
        self._ask("POST", "advance-clock", {"seconds": seconds})

    def register_method(
        self, user_principal_name: str, temporary_access_pass: str, method: str = "microsoftAuthenticator"
    ) -> dict[str, Any]:
        """Enrol a second factor as the person who holds a pass."""
        body = {
            "userPrincipalName": user_principal_name,
            "temporaryAccessPass": temporary_access_pass,
            "method": method,
        }
        enrolled: dict[str, Any] = self._ask("POST", "register-method", body)
        return enrolled

    def _ask(self, method: str, name: str, body: Mapping[str, Any] | None = None) -> Any:
        return self._send(method, name, json=body)

    def _send(self, method: str, name: str, **content: Any) -> Any:
        response = self._client.request(method, f"/{name}", **content)
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            error = response.json()["error"]
            raise ControlError(f"{method} {name}: {response.status_code} {error['code']}: {error['message']}")
        return response.json() if response.content else None
