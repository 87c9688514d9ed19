"""A client of the control endpoints, for tests and scripts."""

import ssl
from collections.abc import Mapping, Sequence
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

    def remove_tenant(self) -> None:
        """Serve the tenant that this client speaks about no longer."""
        self._ask("DELETE", "tenants")

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
        """Show the directory by its fields, secrets as hashes; sign-ins under way are not in it."""
        shown: dict[str, Any] = self._ask("GET", "snapshot")
        return shown

    def try_password(self, user_principal_name: str, password: str) -> dict[str, bool]:
        """Say whether a password is a user's (`valid`), and whether the account is open (`enabled`)."""
        body = {"userPrincipalName": user_principal_name, "password": password}
        tried: dict[str, bool] = self._ask("POST", "try-password", body)
        return tried

    def try_pass(self, user_principal_name: str, temporary_access_pass: str) -> dict[str, bool]:
        """Say whether a pass could be used now (`valid`), without using it, and whether the account is open."""
        body = {"userPrincipalName": user_principal_name, "temporaryAccessPass": temporary_access_pass}
        tried: dict[str, bool] = self._ask("POST", "try-pass", body)
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

    def user_token(
        self,
        identity: str,
        user_principal_name: str,
        *scopes: str,
        continuous: bool = False,
        methods: Sequence[str] = ("pwd", "mfa"),
    ) -> str:
        """Get a Graph token with which a seeded identity's application acts for a user, as after a sign-in with MFA."""
        body = {
            "identity": identity,
            "userPrincipalName": user_principal_name,
            "scopes": scopes,
            "methods": list(methods),
            "continuous": continuous,
        }
        token: str = self._ask("POST", "user-token", body)["accessToken"]
        return token

    def identities(self) -> dict[str, Any]:
        """Show the seeded identities with what they sign in with."""
        shown: dict[str, Any] = self._ask("GET", "identities")
        return shown

    def clock(self) -> dict[str, Any]:
        """Tell the tenant's time (`now`), and whether it passes by itself (`running`)."""
        told: dict[str, Any] = self._ask("GET", "clock")
        return told

    def advance_clock(self, seconds: float) -> None:
        """Move the tenant's time by seconds, for what ends by itself to end; a reset brings real time back."""
        self._ask("POST", "advance-clock", {"seconds": seconds})

    def set_clock(self, now: str) -> None:
        """Make it a moment such as `2026-11-23T08:00:00Z` in the tenant; a reset brings real time back."""
        self._ask("POST", "set-clock", {"now": now})

    def freeze_clock(self) -> None:
        """Let the tenant's time stand still, until it is moved or runs again."""
        self._ask("POST", "freeze-clock")

    def run_clock(self) -> None:
        """Let the tenant's time pass again, from where it stands."""
        self._ask("POST", "run-clock")

    def declare_faults(self, *faults: Mapping[str, Any]) -> list[int]:
        """Prepare faults, each with the fields of `sandbox.trouble.faults.Fault`, and tell their numbers."""
        numbers: list[int] = self._ask("POST", "faults", {"faults": faults})["numbers"]
        return numbers

    def faults(self) -> list[dict[str, Any]]:
        """List the faults with how many requests each `met` and befell (`acted`), and how many it has `left`."""
        declared: list[dict[str, Any]] = self._ask("GET", "faults")
        return declared

    def unused_faults(self) -> list[dict[str, Any]]:
        """List the faults that have not befallen as many requests as they were to."""
        return [each for each in self.faults() if each["left"]]

    def clear_faults(self) -> None:
        """Forget all faults."""
        self._ask("DELETE", "faults")

    def lag(self, *rules: Mapping[str, Any]) -> None:
        """Let replicas lag by these rules, each with the fields of `sandbox.trouble.lag.LagRule`; none ends it."""
        self._ask("POST", "lag", {"rules": rules})

    def throttle(self, **limits: Any) -> None:
        """Throttle applications by the fields of `sandbox.trouble.throttling.Throttling`; none ends it."""
        self._ask("POST", "throttling", limits)

    def export(self) -> dict[str, Any]:
        """Write the tenant down whole, secrets as hashes, for `load`."""
        exported: dict[str, Any] = self._ask("GET", "export")
        return exported

    def load(self, exported: Mapping[str, Any]) -> dict[str, Any]:
        """Replace the tenant by an exported one, and tell its identities; secrets known here go on."""
        identities: dict[str, Any] = self._ask("POST", "load", exported)
        return identities

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

    def approve_sign_in(self, user_principal_name: str) -> int:
        """Approve what waits for a person's authenticator app, and tell how many sign-ins that were."""
        answered = self._ask("POST", "approve-sign-in", {"userPrincipalName": user_principal_name})
        return int(answered["approved"])

    def _ask(self, method: str, name: str, body: Mapping[str, Any] | None = None) -> Any:
        return self._send(method, name, json=body)

    def _send(self, method: str, name: str, **content: Any) -> Any:
        response = self._client.request(method, f"/{name}", **content)
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            error = response.json()["error"]
            raise ControlError(f"{method} {name}: {response.status_code} {error['code']}: {error['message']}")
        return response.json() if response.content else None
