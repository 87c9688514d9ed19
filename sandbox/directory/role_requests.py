"""Requests to Privileged Identity Management: who asks for which schedule, what refuses it, and what it brings about.

Each request is read, held against what the directory has and against the rules of the role's policy, and then
carried out, at once or when its time comes. Sources: learn.microsoft.com, "Create roleAssignmentScheduleRequests",
"unifiedRoleAssignmentScheduleRequest: cancel", "Assign Microsoft Entra roles in Privileged Identity Management",
"Configure Microsoft Entra role settings", "Extend or renew assignments", read November 2026; codes and texts of the
refusals are those that clients have on record.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from sandbox.clock import as_stamp, from_duration, from_stamp
from sandbox.directory import role_policies, role_schedules, roles
from sandbox.directory.role_schedules import ASSIGNMENT, ELIGIBILITY, SHORTEST, Kind
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import GraphError, bad_request, malformed, not_emulated
from sandbox.identifiers import canonical_id, new_id
from sandbox.schema import graph_schema

_REMOVALS = frozenset({"adminRemove", "selfDeactivate"})
_PENDING = frozenset({"PendingAdminDecision", "PendingApproval"})
_CANCELLABLE = _PENDING | {"Granted"}
_SECOND_FACTOR = "mfa"
_EARLIEST_YEAR, _LATEST_YEAR = 1900, 3000
_LONGEST = timedelta(days=36500)
_NO_TICKET = {"ticketNumber": None, "ticketSystem": None}


@dataclass(frozen=True)
class Ask:
    """A request as it was read: whom it is about, what it wants, and for how long."""

    kind: Kind
    action: str
    principal_id: str
    definition_id: str
    scope: str
    begins: datetime
    ends: datetime | None
    body: Mapping[str, Any]
    caller: Caller

    @property
    def wanted(self) -> tuple[str, str, str]:
        """Tell principal, role and scope."""
        return self.principal_id, self.definition_id, self.scope

    @property
    def is_own(self) -> bool:
        """Say whether somebody asks for himself."""
        return self.action.startswith("self")


def create(directory: Directory, kind: Kind, body: Mapping[str, Any], caller: Caller) -> Record:
    """Take a request and carry it out, now or later; one for validation only is answered and not kept."""
    role_schedules.require_licence(directory)
    ask = _read(directory, kind, body, caller)
    step = _STEPS[ask.action]
    step.check(directory, ask)
    _require_rules(directory, ask)
    request = _new_request(directory, ask)
    if body.get("isValidationOnly"):
        request["status"] = "Granted"
        return request
    step.carry_out(directory, ask, request)
    kind.requests(directory)[request["id"]] = request
    return request


def cancel(directory: Directory, kind: Kind, request_id: str, caller: Caller) -> None:
    """Take a request back that has not come into force."""
    role_schedules.require_licence(directory)
    request = role_schedules.require(kind.requests(directory).values(), request_id)
    if request["status"] not in _CANCELLABLE:
        raise invalid(f"A request with the status '{request['status']}' cannot be canceled.")
    kind.schedules(directory).pop(request["id"], None)
    # The pages of the two actions name different words.
    request.update(status="Canceled" if kind.gives else "Revoked", canceledDateTime=directory.clock.stamp())
    permanent = request["scheduleInfo"]["expiration"]["type"] == "noExpiration"
    named = role_schedules.entry_names(kind, request["action"], permanent=permanent)
    roles.record(directory, caller, named["canceled"], request, service="PIM")


def _read(directory: Directory, kind: Kind, body: Mapping[str, Any], caller: Caller) -> Ask:
    if body.get("createdBy") is not None:
        raise malformed(f"Property 'createdBy' is read-only and cannot be set on a role {kind.name.lower()} request.")
    action = enum_member("unifiedRoleScheduleRequestActions", body.get("action"))
    if action not in _STEPS or (action in {"selfActivate", "selfDeactivate"} and not kind.gives):
        raise invalid(f"The action '{body.get('action')}' is not one of a role {kind.name.lower()} request.")
    for name in ("principalId", "roleDefinitionId"):
        if not body.get(name):
            raise invalid(f"The property '{name}' is required.")
    definition_id = str(body["roleDefinitionId"]).lower()
    if definition_id not in directory.role_definitions:
        raise GraphError(HTTPStatus.NOT_FOUND, "RoleNotFound", "The role is not found.")
    principal_id = canonical_id(str(body["principalId"]))
    type_name, principal = directory.find_object(principal_id) or ("", {})
    if type_name not in {"user", "group", "servicePrincipal"}:
        raise GraphError(HTTPStatus.NOT_FOUND, "SubjectNotFound", "The subject is not found.")
    scope = roles.require_scope(directory, body)
    roles.require_may_hold(type_name, principal)
    begins, ends = (directory.clock.now(), None) if action in _REMOVALS else read_period(directory, body)
    return Ask(kind, action, principal_id, definition_id, scope, begins, ends, body, caller)


def read_period(directory: Directory, body: Mapping[str, Any]) -> tuple[datetime, datetime | None]:
    """Read from when until when something is asked for, None for no end; what has no length is refused."""
    info = body.get("scheduleInfo")
    if not info or not info.get("expiration"):
        raise invalid("The property 'scheduleInfo' with its 'expiration' is required.")
    if info.get("recurrence") is not None:
        raise not_emulated("a schedule that recurs ('recurrence')")
    now = directory.clock.now()
    begins = max(now, _moment(info["startDateTime"])) if info.get("startDateTime") else now
    ends = _end(info["expiration"], begins)
    if ends is not None and ends - begins < SHORTEST:
        raise role_schedules.too_short()
    return begins, ends


def _end(expiration: Mapping[str, Any], begins: datetime) -> datetime | None:
    kind = enum_member("expirationPatternType", expiration.get("type"))
    if kind == "noExpiration":
        return None
    if kind == "afterDuration" and expiration.get("duration"):
        length = from_duration(expiration["duration"])
        if length > _LONGEST:
            raise invalid("The duration is longer than an assignment can be.")
        return begins + length
    if kind == "afterDateTime" and expiration.get("endDateTime"):
        return _moment(expiration["endDateTime"])
    raise invalid("The property 'expiration' needs a type, and the end or duration that the type asks for.")


def _moment(text: str) -> datetime:
    moment = from_stamp(text)
    # Moments at the edges of the calendar cannot be reckoned with.
    if not _EARLIEST_YEAR < moment.year < _LATEST_YEAR:
        raise invalid(f"The moment '{text}' is not one at which an assignment can begin or end.")
    return moment.astimezone(UTC)


def _new_request(directory: Directory, ask: Ask) -> Record:
    now = directory.clock.stamp()
    app_only = ask.caller.user_id is None
    who = {"displayName": None, "id": ask.caller.object_id or None}
    return {
        "id": new_id(),
        "action": ask.action,
        "appScopeId": None,
        "approvalId": None,
        "completedDateTime": now,
        "createdBy": {"application": who if app_only else None, "device": None, "user": None if app_only else who},
        "createdDateTime": now,
        "customData": ask.body.get("customData"),
        "directoryScopeId": ask.scope,
        "isValidationOnly": bool(ask.body.get("isValidationOnly")),
        "justification": ask.body.get("justification"),
        "principalId": ask.principal_id,
        "roleDefinitionId": ask.definition_id,
        "scheduleInfo": None if ask.action in _REMOVALS else _shown_period(ask),
        "status": "Provisioned",
        "targetScheduleId": None,
        "ticketInfo": {**_NO_TICKET, **(ask.body.get("ticketInfo") or {})},
    }


def _shown_period(ask: Ask) -> Record:
    expiration = ask.body["scheduleInfo"]["expiration"]
    return {
        "startDateTime": as_stamp(ask.begins),
        "recurrence": None,
        "expiration": {
            "type": enum_member("expirationPatternType", expiration["type"]),
            "endDateTime": expiration.get("endDateTime"),
            "duration": expiration.get("duration"),
        },
    }


# What the directory must have, or must not have, for an action.


def _check_new(directory: Directory, ask: Ask) -> None:
    _require_none_pending(directory, ask)
    if _find(directory, ask) is not None:
        raise refused("RoleAssignmentExists", "The Role assignment already exists.")


def _check_activation(directory: Directory, ask: Ask) -> None:
    _require_own(ask)
    if _eligibility(directory, ask) is None:
        raise rules_failed(["EligibilityRule"])
    _check_new(directory, ask)


def _check_change(directory: Directory, ask: Ask) -> None:
    schedule = _require_present(directory, ask)
    if schedule.get("assignmentType") == "Activated":
        raise invalid("An activation cannot be changed while it runs.")
    if schedule["isInForce"] and ask.begins > directory.clock.now():
        raise not_emulated("a later beginning of what is in force already ('startDateTime')")


def _check_extension(directory: Directory, ask: Ask) -> None:
    if ask.is_own:
        _require_own(ask)
    _check_change(directory, ask)
    ends = _require_present(directory, ask)["endsAt"]
    if ends is None or (ask.ends is not None and ask.ends <= from_stamp(ends)):
        raise invalid("Only an assignment that ends can be extended, and only beyond its end.")
    _require_none_pending(directory, ask)


def _check_renewal(directory: Directory, ask: Ask) -> None:
    if ask.is_own:
        _require_own(ask)
    _check_new(directory, ask)
    ended = directory.ended_role_schedules.values()
    if not any(roles.triple(each) == ask.wanted and each["kind"] == ask.kind.name for each in ended):
        raise missing()


def _check_removal(directory: Directory, ask: Ask) -> None:
    schedule = _require_present(directory, ask)
    guarded = directory.behaviour.own_removal_by_schedule_request == "refused"
    if guarded and ask.kind.gives and ask.action == "adminRemove":
        roles.require_not_own(schedule, ask.caller)
    # The azuread provider's own tests remove eligible assignments within seconds, so that the floor is no rule there.
    if ask.kind.gives:
        _require_known(directory, schedule)
        role_schedules.require_past_floor(directory, schedule)
    role_schedules.require_other_assigned(directory, ask.kind, schedule)


def _require_known(directory: Directory, schedule: Record) -> None:
    unknown = timedelta(seconds=directory.behaviour.role_unknown_seconds)
    if schedule["beganAt"] is not None and directory.clock.now() - from_stamp(schedule["beganAt"]) < unknown:
        raise missing()


def _check_deactivation(directory: Directory, ask: Ask) -> None:
    _require_own(ask)
    if _require_present(directory, ask).get("assignmentType") != "Activated":
        raise missing()
    _check_removal(directory, ask)


def _find(directory: Directory, ask: Ask) -> Record | None:
    found = role_schedules.find(directory, ask.kind, ask.wanted)
    return found or (roles.find_assignment(directory, *ask.wanted) if ask.kind.gives else None)


def _require_present(directory: Directory, ask: Ask) -> Record:
    for each in role_schedules.schedules(directory, ask.kind):
        if roles.triple(each) == ask.wanted:
            return each
    raise missing()


def _require_none_pending(directory: Directory, ask: Ask) -> None:
    for each in ask.kind.requests(directory).values():
        if each["status"] in _PENDING and roles.triple(each) == ask.wanted:
            text = "There is already an existing pending Role assignment request."
            raise refused("PendingRoleAssignmentRequest", text)


def _require_own(ask: Ask) -> None:
    if ask.caller.object_id != ask.principal_id:
        raise invalid(f"The action '{ask.action}' is for oneself; the principal is somebody else.")


def _eligibility(directory: Directory, ask: Ask) -> Record | None:
    """Find by which eligibility somebody may activate a role, his own or one of his groups'."""
    involved = {ask.principal_id, *directory.containers_of(ask.principal_id, nested=False)}
    for each in role_schedules.schedules(directory, ELIGIBILITY):
        same = each["principalId"] in involved and roles.triple(each)[1:] == ask.wanted[1:]
        if same and each["isInForce"]:
            return each
    return None


# What the role's policy asks of a request.


def _require_rules(directory: Directory, ask: Ask) -> None:
    if ask.action in _REMOVALS:
        return
    own = ask.is_own and ask.kind.gives
    about = "EndUser_Assignment" if own else f"Admin_{ask.kind.name}"
    failed = [*_failed_expiration(directory, ask, about), *_failed_enablement(directory, ask, about)]
    if failed:
        raise rules_failed(failed)
    context = role_policies.rule(directory, ask.definition_id, "AuthenticationContext_EndUser_Assignment")
    if own and context["isEnabled"]:
        # No token states an authentication context here, so that every activation is sent back for one.
        challenge = {"access_token": {"acrs": {"essential": True, "value": context["claimValue"]}}}
        text = f"&claims={quote(json.dumps(challenge))}"
        raise refused("RoleAssignmentRequestAcrsValidationFailed", text)


def _failed_expiration(directory: Directory, ask: Ask, about: str) -> list[str]:
    rule = role_policies.rule(directory, ask.definition_id, f"Expiration_{about}")
    if not rule["isExpirationRequired"]:
        return []
    longest = from_duration(rule["maximumDuration"])
    # The moment between reading the clock twice must not make a full length too long.
    within = ask.ends is not None and ask.ends - ask.begins <= longest + timedelta(seconds=1)
    return [] if within else ["ExpirationRule"]


def _failed_enablement(directory: Directory, ask: Ask, about: str) -> list[str]:
    enabled = role_policies.rule(directory, ask.definition_id, f"Enablement_{about}")["enabledRules"]
    if ask.caller.user_id is None and not ask.caller.unrestricted:
        applying = {"all": enabled, "justification": [each for each in enabled if each == "Justification"], "none": []}
        enabled = applying[directory.behaviour.rules_for_applications]
    tests: Mapping[str, tuple[str, bool]] = {
        "Justification": ("JustificationRule", bool((ask.body.get("justification") or "").strip())),
        "MultiFactorAuthentication": ("MfaRule", _has_second_factor(ask.caller)),
        "Ticketing": (
            "TicketingRule",
            all((ask.body.get("ticketInfo") or _NO_TICKET).get(each) for each in _NO_TICKET),
        ),
    }
    failed = [tests[each][0] for each in sorted(enabled) if not tests[each][1]]
    # Whoever extends or renews his own assignment needs a second factor whatever the policy says.
    if ask.action in {"selfExtend", "selfRenew"} and not _has_second_factor(ask.caller) and "MfaRule" not in failed:
        failed.append("MfaRule")
    return failed


def _has_second_factor(caller: Caller) -> bool:
    return caller.unrestricted or _SECOND_FACTOR in caller.methods


# What an action brings about.


def _give(directory: Directory, ask: Ask, request: Record) -> None:
    named = role_schedules.entry_names(ask.kind, ask.action, permanent=ask.ends is None)
    approval = role_policies.rule(directory, ask.definition_id, "Approval_EndUser_Assignment")["setting"]
    roles.record(directory, ask.caller, named["requested"], request, service="PIM")
    if ask.action == "selfActivate" and approval["isApprovalRequired"]:
        request.update(status="PendingApproval", approvalId=request["id"], completedDateTime=None)
        return
    schedule = role_schedules.new_schedule(request, ask.begins, ask.ends, named)
    if ask.kind is ASSIGNMENT:
        schedule.update(_how_assigned(directory, ask))
        request["activatedUsing"] = schedule["activatedUsing"]
    request["targetScheduleId"] = schedule["id"]
    ask.kind.schedules(directory)[schedule["id"]] = schedule
    if ask.begins > directory.clock.now():
        request.update(status="Granted", completedDateTime=as_stamp(ask.begins))
    else:
        role_schedules.begin(directory, ask.kind, schedule, directory.clock.now())


def _how_assigned(directory: Directory, ask: Ask) -> Record:
    used = _eligibility(directory, ask) if ask.action == "selfActivate" else None
    if used is None:
        return {"activatedUsing": None, "assignmentType": "Assigned"}
    through_group = used["principalId"] != ask.principal_id
    return {
        "activatedUsing": used["id"],
        "assignmentType": "Activated",
        "memberType": "Group" if through_group else "Direct",
    }


def _change(directory: Directory, ask: Ask, request: Record) -> None:
    schedule = _require_present(directory, ask)
    if schedule["id"] not in ask.kind.schedules(directory):
        schedule = role_schedules.adopt(directory, schedule)
    if ask.action == "adminUpdate" and not schedule["isInForce"]:
        role_schedules.move(schedule, ask.begins)
    role_schedules.limit(schedule, ask.ends)
    schedule["modifiedDateTime"] = directory.clock.stamp()
    request["targetScheduleId"] = schedule["id"]
    named = role_schedules.entry_names(ask.kind, ask.action, permanent=ask.ends is None)
    roles.record(directory, ask.caller, named["requested"], request, service="PIM")
    roles.record(directory, role_schedules.SERVICE, named["completed"], request, service="PIM")


def _leave_to_administrators(directory: Directory, ask: Ask, request: Record) -> None:
    request.update(status="PendingAdminDecision", completedDateTime=None)
    named = role_schedules.entry_names(ask.kind, ask.action, permanent=ask.ends is None)
    roles.record(directory, ask.caller, named["requested"], request, service="PIM")


def _take(directory: Directory, ask: Ask, request: Record) -> None:
    schedule = _require_present(directory, ask)
    request["status"] = "Revoked"
    member = "member" if ask.kind.gives else "eligible member"
    how = "permanent" if schedule["endsAt"] is None else "timebound"
    activity = f"Remove {member} from role in PIM {{}} ({how})"
    if ask.action == "selfDeactivate":
        activity = "Remove member from role {} (PIM deactivate)"
    roles.record(directory, ask.caller, activity.format("requested"), request, service="PIM")
    role_schedules.take_back(directory, ask.kind, schedule, directory.clock.now())
    roles.record(directory, role_schedules.SERVICE, activity.format("completed"), request, service="PIM")


@dataclass(frozen=True)
class _Step:
    check: Callable[[Directory, Ask], None]
    carry_out: Callable[[Directory, Ask, Record], None]


_STEPS: Mapping[str, _Step] = {
    "adminAssign": _Step(_check_new, _give),
    "adminExtend": _Step(_check_extension, _change),
    "adminRemove": _Step(_check_removal, _take),
    "adminRenew": _Step(_check_renewal, _give),
    "adminUpdate": _Step(_check_change, _change),
    "selfActivate": _Step(_check_activation, _give),
    "selfDeactivate": _Step(_check_deactivation, _take),
    "selfExtend": _Step(_check_extension, _leave_to_administrators),
    "selfRenew": _Step(_check_renewal, _leave_to_administrators),
}


def enum_member(enum: str, value: object) -> str:
    """Tell a member of an enumeration as Graph writes it, whatever the letter case it came in."""
    lowered = str(value).lower()
    return next((each for each in graph_schema().enums[enum] if each.lower() == lowered), "")


def missing() -> GraphError:
    """Refuse to take what is not there."""
    return refused("RoleAssignmentDoesNotExist", "The Role assignment does not exist.")


def rules_failed(names: list[str]) -> GraphError:
    """Refuse a request by the rules of a policy that it does not keep."""
    listed = ",".join(f'"{each}"' for each in names)
    return refused("RoleAssignmentRequestPolicyValidationFailed", f"The following policy rules failed: [{listed}]")


def invalid(reason: str) -> GraphError:
    """Refuse a request that says too little, or what nothing can be."""
    return refused("InvalidRoleAssignmentRequest", f"The role assignment request is invalid. {reason}")


def refused(code: str, message: str) -> GraphError:
    """Refuse a request with the code of Privileged Identity Management."""
    return bad_request(message, code=code)
