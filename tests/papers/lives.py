"""Evidence of whole lives with times of their own: the lines that runs write, chained as they chain them.

A life is a few runs; each is a list of lines with the second at which it is written. What a line says is what real runs
of the rehearsal say, as far as papers read it.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from steward.evidence.chain import hash_line, hash_start

TENANT_ID = "8f4c1f0e-6f0a-4a8e-9d43-2f5b1c7e9a10"
LOGIN = "j.keller@contoso.com"
ACCOUNT_ID = "0e6d1242-aac9-48c7-9653-6a1df09fb27e"
BREAK_GLASS_ID = "ead7d883-c2d5-5ddf-872f-2154ec5b0f1d"
POLICY_ID = "ae32a51a-dcbe-4c56-92d3-46158f680e8e"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
CONTACTS_READ_WRITE = "6918b873-d17a-4dc1-b314-35f528134491"
GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
FULL_ACCESS_AS_APP = "dc890d15-9560-4a4c-9b7f-a736ec74ec40"
EXCHANGE_APP_ID = "00000002-0000-0ff1-ce00-000000000000"
BEGAN = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)
CREATED = BEGAN - timedelta(seconds=12)
RAN_AGAINST = {"sign_in": "login.microsoftonline.com", "graph": "graph.microsoft.com"}
REHEARSED = {"sign_in": "localhost:8443", "graph": "localhost:8443"}
ENGINE = {"program": "Terraform", "version": "1.15.5", "provider": "hashicorp/azuread 3.7.0"}

Line = tuple[float, str, str, str, dict[str, Any]]
ABSENT: dict[str, Any] = {"held": [], "unreadable": [], "unseen": []}


def held(path: str = "direct", *, is_scheduled: bool = False) -> dict[str, Any]:
    """What a look shows of a privileged role."""
    entry = {
        "role_template_id": GLOBAL_ADMINISTRATOR,
        "role_name": "Global Administrator",
        "path": path,
        "assignment_id": "assignment-1",
        "role_id": None,
        "is_scheduled": is_scheduled,
    }
    return {"held": [entry], "unreadable": [], "unseen": []}


def account(*, is_enabled: bool, login: str = LOGIN, **others: Any) -> dict[str, Any]:
    """What a look shows of the account."""
    return {
        "object_id": ACCOUNT_ID,
        "login": login,
        "is_enabled": is_enabled,
        "stamp": "CiraSync service account",
        "is_synchronised": False,
        "usage_location": "US",
        "licensed_skus": [],
        "created": CREATED.isoformat(),
        "password_changed": CREATED.isoformat(),
        **others,
    }


def policy(**others: Any) -> dict[str, Any]:
    """The account's policy as it reads back."""
    return {
        "object_id": POLICY_ID,
        "name": f"Require MFA for {LOGIN}",
        "state": "enabled",
        "include_users": [ACCOUNT_ID],
        "exclude_users": [],
        "exclude_groups": [BREAK_GLASS_ID],
        "exclude_roles": [],
        "include_applications": ["All"],
        "exclude_applications": [],
        "client_app_types": ["all"],
        "built_in_controls": ["mfa"],
        "strength_id": None,
        "has_other_controls": False,
        "is_narrowed": False,
        **others,
    }


def grants(*role_ids: str) -> dict[str, Any]:
    """What the application is granted."""
    return {
        "client": {"object_id": "client-1", "app_id": "5f96e611-3fa4-4c4f-b33c-6538e14ef629", "name": "CiraSync"},
        "resources": {
            GRAPH_APP_ID: {"object_id": "graph-1", "app_id": GRAPH_APP_ID, "name": "Microsoft Graph"},
            EXCHANGE_APP_ID: {
                "object_id": "exchange-1",
                "app_id": EXCHANGE_APP_ID,
                "name": "Office 365 Exchange Online",
            },
        },
        "app_roles": [
            {
                "assignment_id": f"a-{role_id}",
                "resource_id": "exchange-1" if role_id == FULL_ACCESS_AS_APP else "graph-1",
                "role_id": role_id,
            }
            for role_id in role_ids
        ],
        "delegated": [{"grant_id": "g-1", "resource_id": "graph-1", "principal_id": None, "scopes": ["User.Read"]}],
    }


def asked(**others: Any) -> dict[str, Any]:
    """What-If's answers with the policies behind them."""
    clients = ("browser", "mobileAppsAndDesktopClients", "exchangeActiveSync", "other")
    return {
        "policies": [policy(**others)],
        "break_glass": {"object_id": BREAK_GLASS_ID, "name": "sg-breakglass", "user_ids": ["one", "two"]},
        "what_if": [{"client_app_type": each, "applied_policy_ids": [POLICY_ID]} for each in clients],
    }


def latch(phase: str) -> dict[str, Any]:
    """What Terraform's state shows of the latch."""
    return {"latch": {"phase": phase, "until": "2026-11-23T10:00:00Z"}, "has_role_assignment": False}


def saw(at: float, step: str, **facts: Any) -> Line:
    return at, step, "saw", "", facts


def act(at: float, step: str, name: str, verb: str, subject: str, **detail: Any) -> tuple[Line, Line]:
    """An act that was intended at one moment and answered a tenth of a second later."""
    return (at, step, "intends", subject, {"act": name, **detail}), (at + 0.1, step, verb, subject, {})


def confirmed(at: float, step: str) -> Line:
    return at, step, "confirmed", "", {}


OTHERS = ["breakglass1@contoso.com", "breakglass2@contoso.com"]
CONSENT = (
    saw(
        4, "consent", account=account(is_enabled=False), stack=latch("privileged"), grants={**grants(), "delegated": []}
    ),
    *act(
        4.2, "consent", "GrantAppRole", "granted", "Contacts.ReadWrite on Microsoft Graph", role_id=CONTACTS_READ_WRITE
    ),
    *act(4.5, "consent", "CreateDelegatedGrant", "granted", "User.Read on Microsoft Graph", scopes=["User.Read"]),
    confirmed(5, "consent"),
)


def end(at: float, *, is_enabled: bool) -> tuple[Line, ...]:
    """Seal, settle and verify."""
    name, verb = ("DeliverPassword", "delivered") if is_enabled else ("ReplacePassword", "replaced")
    return (
        *act(at, "seal", "TurnLatch", "turned", "latch of contoso to sealed", phase="sealed"),
        confirmed(at + 1, "seal"),
        *act(at + 2, "settle", name, verb, f"password of {LOGIN}", user_id=ACCOUNT_ID),
        confirmed(at + 3, "settle"),
        saw(
            at + 4,
            "verify",
            account=account(is_enabled=is_enabled),
            methods={
                "second_factors": ["#microsoft.graph.fido2AuthenticationMethod"] if is_enabled else [],
                "passes": [],
            },
            roles=ABSENT,
            stack=latch("sealed"),
            grants=grants(CONTACTS_READ_WRITE, FULL_ACCESS_AS_APP),
            other_administrators=OTHERS,
            **asked(),
        ),
        (at + 4.1, "verify", "already", "grants", {"why": "equal to the declared set"}),
        confirmed(at + 5, "verify"),
        (at + 6, "run", "ended", "", {"exit_code": 0}),
    )


def apply_run(verb: str = "applied", *, is_admitted: bool = True) -> tuple[Line, ...]:
    """A plan file that was applied, or refused, before anything was touched or after."""
    admitted: Line = (1, "apply", "admitted", "", {"changes": [{"address": "azuread_a.b", "actions": ["update"]}]})
    return (
        (0, "apply", "compared", "", {"plan_sha256": "a" * 64, "approved_sha256": "a" * 64}),
        *((admitted,) if is_admitted else ()),
        (5, "apply", verb, "", {}),
        (6, "run", "ended", "", {"exit_code": 0 if verb == "applied" else 1}),
    )


AT_DEPLOY: tuple[Line, ...] = (
    saw(0, "preflight", account=account(is_enabled=False), roles=held(), stack=latch("privileged")),
    confirmed(1, "preflight"),
    saw(2, "prove", account=account(is_enabled=False), **asked()),
    confirmed(3, "prove"),
    *CONSENT,
    saw(6, "close", account=account(is_enabled=False), roles=held(), other_administrators=OTHERS),
    *act(6.4, "close", "RemoveRoleAssignment", "removed", f"Global Administrator from {LOGIN}"),
    saw(8, "close", account=account(is_enabled=False), roles=ABSENT),
    confirmed(9, "close"),
    *end(10, is_enabled=False),
)
NONE: tuple[Line, ...] = (
    saw(0, "preflight", account=account(is_enabled=False), roles=ABSENT, stack=latch("prepared")),
    confirmed(1, "preflight"),
    *CONSENT,
    saw(8, "close", account=account(is_enabled=False), roles=ABSENT),
    confirmed(9, "close"),
    *end(10, is_enabled=False),
)


def in_window(act_of: str = "GrantRole") -> tuple[Line, ...]:
    """A life in which a person signs in with the role: enabled from 11 to 20.1, privileged from 14 to 19.1."""
    return (
        saw(0, "preflight", account=account(is_enabled=False), roles=ABSENT, stack=latch("prepared")),
        confirmed(1, "preflight"),
        *CONSENT,
        saw(10, "admit", account=account(is_enabled=False), roles=ABSENT, methods={"second_factors": [], "passes": []}),
        *act(10.5, "admit", "IssuePass", "issued", f"one-time pass for {LOGIN}", user_id=ACCOUNT_ID),
        *act(11, "admit", "EnableAccount", "enabled", LOGIN, user_id=ACCOUNT_ID),
        saw(12, "elevate", account=account(is_enabled=True), roles=ABSENT),
        *act(13, "elevate", "TurnLatch", "turned", "latch of contoso to privileged", phase="privileged"),
        *act(14, "elevate", act_of, "granted", f"Global Administrator to {LOGIN}"),
        saw(16, "elevate", account=account(is_enabled=True), roles=held(is_scheduled=act_of != "GrantRole")),
        saw(
            17,
            "attend",
            account=account(is_enabled=True),
            window={"ends": "2026-11-23T10:00:00+00:00"},
            first_sign_in={"at": (BEGAN + timedelta(seconds=16)).isoformat(), "application": "CiraSync"},
        ),
        saw(18, "close", account=account(is_enabled=True), roles=held()),
        *act(19, "close", "RemoveRoleAssignment", "removed", f"Global Administrator from {LOGIN}"),
        *act(20, "close", "DisableAccount", "disabled", LOGIN, user_id=ACCOUNT_ID),
        saw(22, "close", account=account(is_enabled=False), roles=ABSENT),
        confirmed(23, "close"),
        *end(24, is_enabled=True),
    )


def write_run(
    folder: Path,
    lines: Sequence[Line],
    *,
    began: datetime = BEGAN,
    number: int = 1,
    about: dict[str, Any] | None = None,
    is_closed: bool = True,
) -> Path:
    """Write a run as the writer does, with these times; it names the runs that are in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    previous = []
    for path in sorted(folder.glob("*.jsonl")):
        sha256, size = hash_start(path)
        previous.append({"file": path.name, "sha256": sha256, "size": size, "is_over": True})
    run_id = f"{number:012x}"
    first: dict[str, Any] = {"run": run_id, "previous": previous[-1:], "tenant": "contoso", "tenant_id": TENANT_ID}
    first |= {"ran_against": RAN_AGAINST, "engine": ENGINE, **(about or {})}
    all_lines: list[Line] = [(0, "run", "started", "", first), *lines]
    if is_closed:
        all_lines.append((lines[-1][0] if lines else 0, "run", "closed", "", {}))
    written, before = b"", None
    for counted, (at, step, verb, subject, detail) in enumerate(all_lines, 1):
        line = {
            "line": counted,
            "before": before,
            "time": (began + timedelta(seconds=at)).isoformat(timespec="milliseconds"),
            "actor": "app",
            "step": step,
            "verb": verb,
            "subject": subject,
            **({"detail": detail} if detail else {}),
            **({"answers": answers} if (answers := _answers(counted, verb, detail)) else {}),
        }
        content = (json.dumps(line) + "\n").encode()
        before = hash_line(content)
        written += content
    path = folder / f"{began:%Y%m%dT%H%M%S%fZ}-{run_id}.jsonl"
    path.write_bytes(written)
    return path


def _answers(number: int, verb: str, detail: dict[str, Any]) -> list[dict[str, Any]]:
    if verb == "saw":
        path = "/v1.0/identity/conditionalAccess/evaluate" if "what_if" in detail else "/v1.0/users"
        return [{"method": "GET", "path": path, "status": 200, "request_id": f"look-{number}"}]
    if verb in {"granted", "removed", "replaced", "delivered", "disabled", "enabled", "issued"}:
        return [{"method": "POST", "path": "/v1.0/thing", "status": 201, "request_id": f"request-{number}"}]
    return []
