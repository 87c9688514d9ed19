"""How directory roles, their assignments, their schedules and requests, and their policies are shown."""

from sandbox.exposures.exposure import SAME, TEXT, Exposure

_OTHER = ("eq", "ne", "in")
_SCOPED = {"principalId": _OTHER, "roleDefinitionId": _OTHER, "directoryScopeId": _OTHER}
_EXPANDED = ("principal", "roleDefinition")

DIRECTORY_ROLE = Exposure(
    "directoryRole",
    default=("id", "deletedDateTime", "description", "displayName", "roleTemplateId"),
    filterable={"displayName": SAME, "roleTemplateId": SAME},
    create_only=frozenset({"roleTemplateId"}),
)

DIRECTORY_ROLE_TEMPLATE = Exposure(
    "directoryRoleTemplate", default=("id", "deletedDateTime", "description", "displayName")
)

ROLE_DEFINITION = Exposure(
    "unifiedRoleDefinition",
    default=(
        "id",
        "description",
        "displayName",
        "isBuiltIn",
        "isEnabled",
        "resourceScopes",
        "rolePermissions",
        "templateId",
        "version",
    ),
    filterable={"displayName": TEXT, "id": SAME, "isBuiltIn": SAME, "templateId": SAME},
)

ROLE_ASSIGNMENT = Exposure(
    "unifiedRoleAssignment",
    default=(
        "id",
        "principalId",
        "principalOrganizationId",
        "directoryScopeId",
        "appScopeId",
        "condition",
        "roleDefinitionId",
    ),
    filterable={"principalId": SAME, "roleDefinitionId": SAME, "directoryScopeId": SAME},
    create_only=frozenset({"principalId", "roleDefinitionId", "directoryScopeId", "appScopeId"}),
    expandable=_EXPANDED,
)

_SCHEDULE = (
    "id",
    "appScopeId",
    "createdDateTime",
    "createdUsing",
    "directoryScopeId",
    "memberType",
    "modifiedDateTime",
    "principalId",
    "roleDefinitionId",
    "scheduleInfo",
    "status",
)
_INSTANCE = (
    "id",
    "appScopeId",
    "directoryScopeId",
    "endDateTime",
    "memberType",
    "principalId",
    "roleDefinitionId",
    "startDateTime",
)

ROLE_ASSIGNMENT_SCHEDULE = Exposure(
    "unifiedRoleAssignmentSchedule",
    default=(*_SCHEDULE, "assignmentType"),
    filterable={**_SCOPED, "assignmentType": _OTHER, "memberType": _OTHER, "status": _OTHER},
    expandable=(*_EXPANDED, "activatedUsing"),
)

ROLE_ASSIGNMENT_SCHEDULE_INSTANCE = Exposure(
    "unifiedRoleAssignmentScheduleInstance",
    default=(*_INSTANCE, "assignmentType", "roleAssignmentOriginId", "roleAssignmentScheduleId"),
    filterable={
        **_SCOPED,
        "assignmentType": _OTHER,
        "memberType": _OTHER,
        "roleAssignmentOriginId": _OTHER,
        "roleAssignmentScheduleId": _OTHER,
    },
    expandable=(*_EXPANDED, "activatedUsing"),
)

ROLE_ELIGIBILITY_SCHEDULE = Exposure(
    "unifiedRoleEligibilitySchedule",
    default=_SCHEDULE,
    filterable={**_SCOPED, "memberType": _OTHER, "status": _OTHER},
    expandable=_EXPANDED,
)

ROLE_ELIGIBILITY_SCHEDULE_INSTANCE = Exposure(
    "unifiedRoleEligibilityScheduleInstance",
    default=(*_INSTANCE, "roleEligibilityScheduleId"),
    filterable={**_SCOPED, "memberType": _OTHER, "roleEligibilityScheduleId": _OTHER},
    expandable=_EXPANDED,
)

_REQUEST = (
    "id",
    "action",
    "appScopeId",
    "approvalId",
    "completedDateTime",
    "createdBy",
    "createdDateTime",
    "customData",
    "directoryScopeId",
    "isValidationOnly",
    "justification",
    "principalId",
    "roleDefinitionId",
    "scheduleInfo",
    "status",
    "targetScheduleId",
    "ticketInfo",
)
_ASKED = frozenset(
    {
        "action",
        "appScopeId",
        "createdBy",  # sent as null by the azuread provider; anything else is refused as read-only
        "customData",
        "directoryScopeId",
        "isValidationOnly",
        "justification",
        "principalId",
        "roleDefinitionId",
        "scheduleInfo",
        "ticketInfo",
    }
)
_REQUESTED_BY = {**_SCOPED, "action": _OTHER, "status": _OTHER, "targetScheduleId": _OTHER}

ROLE_ASSIGNMENT_REQUEST = Exposure(
    "unifiedRoleAssignmentScheduleRequest",
    default=_REQUEST,
    filterable=_REQUESTED_BY,
    create_only=_ASKED,
    expandable=(*_EXPANDED, "activatedUsing"),
)

ROLE_ELIGIBILITY_REQUEST = Exposure(
    "unifiedRoleEligibilityScheduleRequest",
    default=_REQUEST,
    filterable=_REQUESTED_BY,
    create_only=_ASKED,
    expandable=_EXPANDED,
)

ROLE_POLICY = Exposure(
    "unifiedRoleManagementPolicy",
    default=(
        "id",
        "description",
        "displayName",
        "isOrganizationDefault",
        "lastModifiedBy",
        "lastModifiedDateTime",
        "scopeId",
        "scopeType",
    ),
    filterable={"scopeId": ("eq",), "scopeType": ("eq",)},
    expandable=("rules",),
)

ROLE_POLICY_ASSIGNMENT = Exposure(
    "unifiedRoleManagementPolicyAssignment",
    default=("id", "policyId", "roleDefinitionId", "scopeId", "scopeType"),
    filterable={"scopeId": ("eq",), "scopeType": ("eq",), "roleDefinitionId": ("eq",)},
    expandable=("policy",),
)


def _rule(kind: str, *names: str) -> Exposure:
    return Exposure(
        f"unifiedRoleManagementPolicy{kind}Rule", default=("id", "target", *names), writable=frozenset(names)
    )


POLICY_RULES = (
    _rule("Approval", "setting"),
    _rule("AuthenticationContext", "claimValue", "isEnabled"),
    _rule("Enablement", "enabledRules"),
    _rule("Expiration", "isExpirationRequired", "maximumDuration"),
    _rule(
        "Notification",
        "isDefaultRecipientsEnabled",
        "notificationLevel",
        "notificationRecipients",
        "notificationType",
        "recipientType",
    ),
)

# The body of a change, whichever rule it is for; it names the rule's type.
POLICY_RULE = Exposure(
    "unifiedRoleManagementPolicyRule",
    default=("id", "target"),
    writable=frozenset({"id", "target"}).union(*(each.writable for each in POLICY_RULES)),
)
