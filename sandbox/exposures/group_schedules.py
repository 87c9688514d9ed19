"""How schedules of Privileged Identity Management for Groups, their instances and requests are shown."""

from sandbox.exposures.exposure import Exposure

_EQUAL = ("eq",)
_ABOUT = {"accessId": _EQUAL, "groupId": _EQUAL, "principalId": _EQUAL}
_RELATION = ("id", "accessId", "groupId", "memberType", "principalId")
_SCHEDULE = (*_RELATION, "createdDateTime", "createdUsing", "modifiedDateTime", "scheduleInfo", "status")
_INSTANCE = (*_RELATION, "endDateTime", "startDateTime")
_REQUEST = (
    "id",
    "accessId",
    "action",
    "completedDateTime",
    "createdBy",
    "createdDateTime",
    "groupId",
    "isValidationOnly",
    "justification",
    "principalId",
    "scheduleInfo",
    "status",
    "targetScheduleId",
    "ticketInfo",
)
_ASKED = frozenset(
    {
        "accessId",
        "action",
        "createdBy",  # sent as null by the azuread provider; anything else is refused as read-only
        "groupId",
        "isValidationOnly",
        "justification",
        "principalId",
        "scheduleInfo",
        "ticketInfo",
    }
)
_EXPANDED = ("principal",)

GROUP_ASSIGNMENT_SCHEDULE = Exposure(
    "privilegedAccessGroupAssignmentSchedule",
    default=(*_SCHEDULE, "assignmentType"),
    filterable={**_ABOUT, "assignmentType": _EQUAL, "memberType": _EQUAL},
    expandable=_EXPANDED,
)

GROUP_ELIGIBILITY_SCHEDULE = Exposure(
    "privilegedAccessGroupEligibilitySchedule",
    default=_SCHEDULE,
    filterable={**_ABOUT, "memberType": _EQUAL},
    expandable=_EXPANDED,
)

GROUP_ASSIGNMENT_INSTANCE = Exposure(
    "privilegedAccessGroupAssignmentScheduleInstance",
    default=(*_INSTANCE, "assignmentScheduleId", "assignmentType"),
    filterable={
        **_ABOUT,
        "assignmentScheduleId": ("eq", "ne"),
        "assignmentType": _EQUAL,
        "memberType": _EQUAL,
    },
    expandable=_EXPANDED,
)

GROUP_ELIGIBILITY_INSTANCE = Exposure(
    "privilegedAccessGroupEligibilityScheduleInstance",
    default=(*_INSTANCE, "eligibilityScheduleId"),
    filterable={**_ABOUT, "eligibilityScheduleId": ("eq", "ne"), "memberType": _EQUAL},
    expandable=_EXPANDED,
)

GROUP_ASSIGNMENT_REQUEST = Exposure(
    "privilegedAccessGroupAssignmentScheduleRequest",
    default=_REQUEST,
    filterable={**_ABOUT, "status": _EQUAL, "targetScheduleId": ("eq", "ne")},
    create_only=_ASKED,
    expandable=_EXPANDED,
)

GROUP_ELIGIBILITY_REQUEST = Exposure(
    "privilegedAccessGroupEligibilityScheduleRequest",
    default=_REQUEST,
    filterable={**_ABOUT, "status": _EQUAL, "targetScheduleId": ("eq", "ne")},
    create_only=_ASKED,
    expandable=_EXPANDED,
)
