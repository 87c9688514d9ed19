"""The sign-in log: one entry for every attempt to sign in, and what of the logs can be read when.

Whoever signs in is described by an `Attempt`; conditional access adds what it decided. Entries carry the values of
learn.microsoft.com, "signIn resource type" (v1.0 and beta), and are kept as long as "How long does Microsoft Entra ID
store reporting data" says (read November 2026).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sandbox.clock import as_stamp, from_stamp
from sandbox.directory.premium import has_p1
from sandbox.directory.store import Directory, Record
from sandbox.identifiers import new_id

INTERACTIVE = "interactiveUser"
NON_INTERACTIVE = "nonInteractiveUser"
SERVICE_PRINCIPAL = "servicePrincipal"
_KEPT = timedelta(days=30)
_KEPT_WITHOUT_PREMIUM = timedelta(days=7)
_DAY = 24 * 3600  # how long a browser's session lasts, too
_DIALOGUE_SECONDS = 3600
# How the log calls the methods that sign-in here knows.
_METHOD_NAMES = {
    "password": "Password",
    "softwareOath": "OATH verification code",
    "microsoftAuthenticatorPush": "Mobile app notification",
    "temporaryAccessPassOneTime": "Temporary Access Pass",
    "temporaryAccessPassMultiUse": "Temporary Access Pass",
}


@dataclass(frozen=True)
class Attempt:
    """Who tries to sign in to what, from where and how; `methods` are the ones that were used."""

    kind: str
    client_id: str
    client_name: str
    resource_id: str | None = None
    resource_name: str | None = None
    user: Record | None = None
    principal: Record | None = None
    login: str | None = None
    address: str | None = None
    user_agent: str | None = None
    client_app: str = "Browser"
    protocol: str = "none"
    methods: Sequence[str] = ()
    is_second_factor_asked: bool = False
    correlation_id: str = field(default_factory=new_id)


@dataclass(frozen=True)
class Judgement:
    """What conditional access said, in the log's words."""

    status: str = "notApplied"
    policies: Sequence[Record] = ()


def record(
    directory: Directory, attempt: Attempt, judgement: Judgement, *, error_code: int = 0, reason: str | None = None
) -> Record:
    """Add an entry about an attempt; `error_code` is the AADSTS number, 0 for a success."""
    user, principal = attempt.user or {}, attempt.principal or {}
    now = directory.clock.stamp()
    entry: Record = {
        "id": new_id(),
        "appDisplayName": attempt.client_name,
        "appId": attempt.client_id,
        "appliedConditionalAccessPolicies": list(judgement.policies),
        "authenticationDetails": [_detail(each, now, succeeded=error_code == 0) for each in attempt.methods],
        "authenticationMethodsUsed": [_METHOD_NAMES.get(each, each) for each in attempt.methods],
        "authenticationProtocol": attempt.protocol,
        "authenticationRequirement": (
            "multiFactorAuthentication" if attempt.is_second_factor_asked else "singleFactorAuthentication"
        ),
        "clientAppUsed": attempt.client_app,
        "conditionalAccessStatus": judgement.status,
        "correlationId": attempt.correlation_id,
        "createdDateTime": now,
        "deviceDetail": {"browser": _browser(attempt.user_agent), "operatingSystem": platform(attempt.user_agent)},
        "homeTenantId": directory.tenant_id,
        "ipAddress": attempt.address,
        "isInteractive": attempt.kind == INTERACTIVE,
        "location": {"city": None, "countryOrRegion": None, "geoCoordinates": None, "state": None},
        "resourceDisplayName": attempt.resource_name,
        "resourceId": attempt.resource_id,
        "resourceTenantId": directory.tenant_id,
        "riskDetail": "none",
        "riskEventTypes": [],
        "riskEventTypes_v2": [],
        "riskLevelAggregated": "none",
        "riskLevelDuringSignIn": "none",
        "riskState": "none",
        "servicePrincipalId": principal.get("id", ""),
        "servicePrincipalName": attempt.client_name if principal else None,
        "signInEventTypes": [attempt.kind],
        "status": {"additionalDetails": None, "errorCode": error_code, "failureReason": reason or "Other."},
        "userAgent": attempt.user_agent,
        "userDisplayName": user.get("displayName", ""),
        # Not null in Graph's metadata, whoever signs in.
        "userId": user.get("id", ""),
        "userPrincipalName": user.get("userPrincipalName") or attempt.login or "",
    }
    directory.sign_in_entries.append(entry)
    return entry


def readable(directory: Directory, entries: Iterable[Record], *, stamp: str) -> Iterator[Record]:
    """List the entries that can be read by now, the latest first; `stamp` names the property with their time."""
    now = directory.clock.now()
    delay = timedelta(seconds=directory.behaviour.log_delay_seconds)
    kept = _KEPT if has_p1(directory) else _KEPT_WITHOUT_PREMIUM
    for entry in reversed(list(entries)):
        if delay <= now - from_stamp(entry[stamp]) <= kept:
            yield entry


def forget_ended(directory: Directory) -> None:
    """Drop what signing in leaves behind once nobody can use it: codes and tokens a day after their end."""
    now = directory.clock.now().timestamp()
    ended: tuple[tuple[dict[str, Record], Callable[[Record], float]], ...] = (
        (directory.authorization_codes, lambda each: each["expires"] + _DAY),
        (directory.refresh_tokens, lambda each: each["expires"] + _DAY),
        (directory.device_codes, lambda each: each["expires"] + _DAY),
        (directory.browser_sessions, lambda each: each["since"] + _DAY),
        (directory.dialogues, lambda each: each["started"] + _DIALOGUE_SECONDS),
    )
    for collection, end_of in ended:
        for key in [key for key, each in collection.items() if now >= end_of(each)]:
            del collection[key]
            directory.oath_secrets.pop(key, None)
    kept = _KEPT if has_p1(directory) else _KEPT_WITHOUT_PREMIUM
    oldest = as_stamp(directory.clock.now() - kept)
    for entries, stamp in (
        (directory.sign_in_entries, "createdDateTime"),
        (directory.audit_entries, "activityDateTime"),
    ):
        if entries and entries[0][stamp] < oldest:
            entries[:] = [each for each in entries if each[stamp] >= oldest]


def platform(user_agent: str | None) -> str:
    """Tell the device platform that a client's user agent names, as the log and conditional access call it."""
    text = (user_agent or "").lower()
    known = {"windows phone": "windowsPhone", "android": "android", "iphone": "iOS", "ipad": "iOS"}
    known |= {"windows": "windows", "mac os": "macOS", "linux": "linux"}
    return next((name for mark, name in known.items() if mark in text), "")


def _browser(user_agent: str | None) -> str:
    return (user_agent or "").split(" ")[0].replace("/", " ")


def _detail(method: str, now: str, *, succeeded: bool) -> Record:
    return {
        "authenticationMethod": _METHOD_NAMES.get(method, method),
        "authenticationMethodDetail": None,
        "authenticationStepDateTime": now,
        "authenticationStepRequirement": "Primary authentication" if method in _FIRST else "Secondary authentication",
        "authenticationStepResultDetail": None,
        "succeeded": succeeded,
    }


_FIRST = frozenset({"password", "temporaryAccessPassOneTime", "temporaryAccessPassMultiUse"})
