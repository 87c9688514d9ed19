"""The tenant's default app management policy: which credentials applications may have, and for how long.

The policy always exists and is off as delivered; switched on, a credential that breaks it is refused by the codes that
live tenants were seen to use (Learn, "tenantAppManagementPolicy", read November 2026). It binds applications and
service principals alike, whenever they were created.
"""

from datetime import datetime, timedelta

from sandbox.directory.store import Directory, Record
from sandbox.errors import GraphError, bad_request
from sandbox.seed import ApplicationManagement

_POLICY_ID = "00000000-0000-0000-0000-000000000000"
_TOO_LONG = "Credential lifetime exceeds the max value allowed as per assigned policy"
_NOT_ALLOWED = "Credential type not allowed as per assigned policy"


def establish(directory: Directory, settings: ApplicationManagement) -> None:
    """Give the tenant its policy, in the shape in which Graph shows it."""
    secrets: list[Record] = []
    if not settings.secrets_allowed:
        secrets.append(_restriction("passwordAddition", None))
    if settings.longest_secret_days is not None:
        secrets.append(_restriction("passwordLifetime", settings.longest_secret_days))
    certificates: list[Record] = []
    if settings.longest_certificate_days is not None:
        certificates.append(_restriction("asymmetricKeyLifetime", settings.longest_certificate_days))
    restrictions = {"passwordCredentials": secrets, "keyCredentials": certificates}
    directory.app_management_policy = {
        "id": _POLICY_ID,
        "deletedDateTime": None,
        "displayName": "Default app management tenant policy",
        "description": "What the credentials of all applications and service principals of the tenant may be.",
        "isEnabled": settings.is_enabled,
        "applicationRestrictions": {**restrictions, "identifierUris": None},
        "servicePrincipalRestrictions": dict(restrictions),
    }


def require_secret(directory: Directory, start: datetime, end: datetime) -> None:
    """Refuse a new secret that the policy does not allow."""
    for restriction in _restrictions(directory, "passwordCredentials"):
        if restriction["restrictionType"] == "passwordAddition":
            raise bad_request(_NOT_ALLOWED, code="CredentialTypeNotAllowedAsPerAppPolicy")
        _require_lifetime(restriction, start, end)


def require_certificate(directory: Directory, start: datetime, end: datetime) -> None:
    """Refuse a new certificate that the policy does not allow."""
    for restriction in _restrictions(directory, "keyCredentials"):
        _require_lifetime(restriction, start, end)


def _restrictions(directory: Directory, kind: str) -> list[Record]:
    policy = directory.app_management_policy
    found: list[Record] = policy["applicationRestrictions"][kind] if policy.get("isEnabled") else []
    return found


def _require_lifetime(restriction: Record, start: datetime, end: datetime) -> None:
    if end - start > timedelta(days=int(restriction["maxLifetime"].removeprefix("P").removesuffix("D"))):
        raise _lifetime_refused()


def _lifetime_refused() -> GraphError:
    return bad_request(_TOO_LONG, code="CredentialInvalidLifetimeAsPerAppPolicy")


def _restriction(kind: str, days: int | None) -> Record:
    return {
        "restrictionType": kind,
        "maxLifetime": None if days is None else f"P{days}D",
        "restrictForAppsCreatedAfterDateTime": None,
        "excludeActors": None,
        "state": "enabled",
    }
