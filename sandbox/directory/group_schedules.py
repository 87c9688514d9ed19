"""Privileged Identity Management for Groups: who is, or may make himself, a member or owner of a group for a time.

A schedule of the assignment kind is in force as a membership or ownership, made when it begins and gone when it ends;
one of the eligibility kind gives nothing until somebody takes it up. Sources: learn.microsoft.com, "Create
assignmentScheduleRequest", "Create eligibilityScheduleRequest" and "List eligibilityScheduleInstances" of
privilegedAccessGroup, "Privileged Identity Management (PIM) for Groups", read November 2026; the form of a schedule's
id as the azuread provider parses it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from sandbox.clock import as_stamp, from_stamp
from sandbox.directory import groups, role_schedules
from sandbox.directory.role_requests import enum_member, invalid, missing, read_period, refused, rules_failed
from sandbox.directory.role_schedules import SERVICE, require_licence, require_past_floor
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import GraphError, malformed, not_emulated
from sandbox.identifiers import canonical_id, encoded_id, new_id

_MEMBER, _OWNER = "member", "owner"
_ASSIGN, _REMOVE = "adminAssign", "adminRemove"
# Nested groups are for members alone; an owner is somebody.
_PRINCIPALS = {_MEMBER: frozenset({"user", "group"}), _OWNER: frozenset({"user"})}


@dataclass(frozen=True, kw_only=True)
class Kind(role_schedules.Kind):
    """One of the two kinds of schedules, as of roles, and what a group's policy says at first."""

    longest: timedelta
    wants_justification: bool


# An assumption: "Configure PIM for Groups settings" (learn.microsoft.com, read November 2026) names the settings and no
# defaults. Lengths and justification are those of a directory role ("List rules (for a role management policy)", its
# sample), and nothing may be without an end, as a role may: the worse for the caller. That a policy refuses a permanent
# eligibility is on record (azuread provider #1450), and no more than that.
ASSIGNMENT = Kind(
    "assignment",
    "group_assignment_schedules",
    "group_assignment_requests",
    gives=True,
    longest=timedelta(days=180),
    wants_justification=True,
)
ELIGIBILITY = Kind(
    "eligibility",
    "group_eligibility_schedules",
    "group_eligibility_requests",
    gives=False,
    longest=timedelta(days=365),
    wants_justification=False,
)
KINDS = (ASSIGNMENT, ELIGIBILITY)


def schedules(directory: Directory, kind: Kind) -> Iterator[Record]:
    """List the schedules of a kind whose group and principal exist."""
    return (each for each in kind.schedules(directory).values() if directory.is_live(each, "groupId", "principalId"))


def instances(directory: Directory, kind: Kind) -> Iterator[Record]:
    """List what is in force now, one instance for each schedule that has begun."""
    for each in schedules(directory, kind):
        if each["isInForce"]:
            yield {
                **each,
                "id": encoded_id(each["groupId"], each["createdUsing"], suffix=f"-{each['accessId']}"),
                "endDateTime": each["endsAt"],
                f"{kind.name}ScheduleId": each["id"],
                "startDateTime": each["beganAt"],
            }


def request(directory: Directory, kind: Kind, body: Mapping[str, Any], caller: Caller) -> Record:
    """Take an administrator's request and carry it out, now or later; one for validation only is not kept."""
    require_licence(directory)
    if body.get("createdBy") is not None:
        raise malformed("Property 'createdBy' is read-only and cannot be set on a group's request.")
    action = enum_member("scheduleRequestActions", body.get("action"))
    if action not in {"", _ASSIGN, _REMOVE}:
        raise not_emulated(f"the action '{action}' of a group's {kind.name} request")
    if not action:
        raise invalid("The property 'action' is required.")
    wanted = _read_wanted(directory, body)
    made = _new_request(directory, body, action, wanted, caller)
    found = next((each for each in kind.schedules(directory).values() if _triple(each) == wanted), None)
    if action == _REMOVE:
        if found is None:
            raise missing()
        require_past_floor(directory, found)
        made.update(status="Revoked", targetScheduleId=found["id"])
        if not body.get("isValidationOnly"):
            _take(directory, kind, found)
            kind.requests(directory)[made["id"]] = made
        return made
    schedule = _new_schedule(directory, kind, body, made, wanted)
    if found is not None or (kind.gives and wanted[2] in _held(directory, *wanted[:2])):
        raise refused("RoleAssignmentExists", "The Role assignment already exists.")
    if body.get("isValidationOnly"):
        return {**made, "status": "Granted"}
    kind.schedules(directory)[schedule["id"]] = schedule
    kind.requests(directory)[made["id"]] = made
    if from_stamp(schedule["beginsAt"]) <= directory.clock.now():
        _begin(directory, kind, schedule, directory.clock.now())
    return made


def let_begin_and_end(directory: Directory) -> None:
    """Begin the schedules that are due, end those whose time is over, and forget those that were undone elsewhere."""
    now = directory.clock.now()
    for kind in KINDS:
        for schedule in list(kind.schedules(directory).values()):
            if kind.gives and schedule["isInForce"] and schedule["principalId"] not in _of(directory, schedule):
                del kind.schedules(directory)[schedule["id"]]
            elif not schedule["isInForce"] and from_stamp(schedule["beginsAt"]) <= now:
                _begin(directory, kind, schedule, from_stamp(schedule["beginsAt"]))
            if schedule["endsAt"] is not None and from_stamp(schedule["endsAt"]) <= now:
                _end(directory, kind, schedule)


def _read_wanted(directory: Directory, body: Mapping[str, Any]) -> tuple[str, str, str]:
    """Tell the group, the relation and the principal that a request is about."""
    access = str(body.get("accessId") or "")
    if access not in _PRINCIPALS:
        raise invalid("The property 'accessId' must be 'owner' or 'member'.")
    for name in ("groupId", "principalId"):
        if not body.get(name):
            raise invalid(f"The property '{name}' is required.")
    group = groups.require(directory, canonical_id(str(body["groupId"])))
    groups.require_assigned_membership(group)
    principal_id = canonical_id(str(body["principalId"]))
    type_name, _ = directory.find_object(principal_id) or ("", {})
    if type_name not in _PRINCIPALS[access] or principal_id == group["id"]:
        raise GraphError(HTTPStatus.NOT_FOUND, "SubjectNotFound", "The subject is not found.")
    return group["id"], access, principal_id


def _new_request(
    directory: Directory, body: Mapping[str, Any], action: str, wanted: tuple[str, str, str], caller: Caller
) -> Record:
    now = directory.clock.stamp()
    who = {"displayName": None, "id": caller.object_id or None}
    is_app = caller.user_id is None
    group_id, access, principal_id = wanted
    return {
        "id": new_id(),
        "accessId": access,
        "action": action,
        "completedDateTime": now,
        "createdBy": {"application": who if is_app else None, "device": None, "user": None if is_app else who},
        "createdDateTime": now,
        "groupId": group_id,
        "isValidationOnly": bool(body.get("isValidationOnly")),
        "justification": body.get("justification"),
        "principalId": principal_id,
        "scheduleInfo": None,
        "status": "Provisioned",
        "targetScheduleId": None,
        "ticketInfo": {"ticketNumber": None, "ticketSystem": None, **(body.get("ticketInfo") or {})},
    }


def _new_schedule(
    directory: Directory, kind: Kind, body: Mapping[str, Any], made: Record, wanted: tuple[str, str, str]
) -> Record:
    """Make the schedule that a request asks for, not yet in force, and note it in the request."""
    group_id, access, principal_id = wanted
    begins, ends = read_period(directory, body)
    # The moment between reading the clock twice must not make a full length too long.
    is_short = ends is not None and ends - begins <= kind.longest + timedelta(seconds=1)
    is_justified = bool((body.get("justification") or "").strip()) or not kind.wants_justification
    failed = [*([] if is_short else ["ExpirationRule"]), *([] if is_justified else ["JustificationRule"])]
    if failed:
        raise rules_failed(failed)
    if kind.gives and access == _MEMBER:
        groups.require_may_join(directory, directory.groups[group_id], principal_id)
    end, asked = None if ends is None else as_stamp(ends), body["scheduleInfo"]["expiration"]
    made["scheduleInfo"] = {
        "startDateTime": as_stamp(begins),
        "recurrence": None,
        "expiration": {
            "type": enum_member("expirationPatternType", asked["type"]),
            "endDateTime": asked.get("endDateTime"),
            "duration": asked.get("duration"),
        },
    }
    schedule = {
        "id": f"{group_id}_{access}_{made['id']}",
        "accessId": access,
        "assignmentType": "assigned",
        "beganAt": None,
        "beginsAt": as_stamp(begins),
        "createdDateTime": made["createdDateTime"],
        "createdUsing": made["id"],
        "endsAt": end,
        "groupId": group_id,
        "isInForce": False,
        "memberType": "direct",
        "modifiedDateTime": None,
        "principalId": principal_id,
        "scheduleInfo": {
            "startDateTime": as_stamp(begins),
            "recurrence": None,
            "expiration": {"type": "afterDateTime", "endDateTime": end, "duration": None},
        },
        "status": "Granted",
    }
    made.update(targetScheduleId=schedule["id"], status="Granted")
    return schedule


def _begin(directory: Directory, kind: Kind, schedule: Record, at: datetime) -> None:
    """Put a schedule in force; one for what somebody gave elsewhere meanwhile fails."""
    if not directory.is_live(schedule, "groupId", "principalId"):
        return
    made = kind.requests(directory).get(schedule["createdUsing"], {})
    if kind.gives:
        try:
            _join(directory, schedule)
        except GraphError:
            del kind.schedules(directory)[schedule["id"]]
            made["status"] = "Failed"
            return
    schedule.update(beganAt=as_stamp(at), isInForce=True, status="Provisioned")
    made["status"] = "Provisioned"


def _end(directory: Directory, kind: Kind, schedule: Record) -> None:
    try:
        _take(directory, kind, schedule)
    except GraphError:
        # The tenant's last administrator and a group's last owner stay, and what is deleted waits to be restored.
        return


def _take(directory: Directory, kind: Kind, schedule: Record) -> None:
    """End a schedule, whether it has begun or not; refused where the group may not lose what it gives."""
    if kind.gives and schedule["isInForce"]:
        leave = groups.remove_member if schedule["accessId"] == _MEMBER else groups.remove_owner
        leave(directory, schedule["groupId"], schedule["principalId"], SERVICE)
    kind.schedules(directory).pop(schedule["id"], None)


def _join(directory: Directory, schedule: Record) -> None:
    join = groups.add_member if schedule["accessId"] == _MEMBER else groups.add_owner
    join(directory, schedule["groupId"], f"directoryObjects/{schedule['principalId']}", SERVICE)


def _held(directory: Directory, group_id: str, access: str) -> list[str]:
    return (directory.members if access == _MEMBER else directory.owners).get(group_id, [])


def _of(directory: Directory, schedule: Record) -> list[str]:
    return _held(directory, schedule["groupId"], schedule["accessId"])


def _triple(entry: Record) -> tuple[str, str, str]:
    return entry["groupId"], entry["accessId"], entry["principalId"]
