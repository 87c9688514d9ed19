"""How directory roles, their assignments and their schedules are shown."""

from sandbox.exposures.exposure import SAME, TEXT, Exposure

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
    expandable=("principal", "roleDefinition"),
)

ROLE_ASSIGNMENT_SCHEDULE = Exposure(
    "unifiedRoleAssignmentSchedule",
    default=(
        "id",
        "appScopeId",
        "assignmentType",
        "createdDateTime",
        "createdUsing",
        "directoryScopeId",
        "memberType",
        "modifiedDateTime",
        "principalId",
        "roleDefinitionId",
        "scheduleInfo",
        "status",
    ),
    filterable={"principalId": SAME, "roleDefinitionId": SAME, "directoryScopeId": SAME, "status": SAME},
    expandable=("principal", "roleDefinition"),
)

ROLE_ASSIGNMENT_SCHEDULE_INSTANCE = Exposure(
    "unifiedRoleAssignmentScheduleInstance",
    default=(
        "id",
        "appScopeId",
        "assignmentType",
        "directoryScopeId",
        "endDateTime",
        "memberType",
        "principalId",
        "roleAssignmentOriginId",
        "roleAssignmentScheduleId",
        "roleDefinitionId",
        "startDateTime",
    ),
    filterable={"principalId": SAME, "roleDefinitionId": SAME, "directoryScopeId": SAME, "assignmentType": SAME},
    expandable=("principal", "roleDefinition"),
)

ROLE_ELIGIBILITY_SCHEDULE = Exposure(
    "unifiedRoleEligibilitySchedule",
    default=(
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
    ),
    filterable={"principalId": SAME, "roleDefinitionId": SAME, "directoryScopeId": SAME, "status": SAME},
    expandable=("principal", "roleDefinition"),
)

ROLE_ELIGIBILITY_SCHEDULE_INSTANCE = Exposure(
    "unifiedRoleEligibilityScheduleInstance",
    default=(
        "id",
        "appScopeId",
        "directoryScopeId",
        "endDateTime",
        "memberType",
        "principalId",
        "roleDefinitionId",
        "roleEligibilityScheduleId",
        "startDateTime",
    ),
    filterable={"principalId": SAME, "roleDefinitionId": SAME, "directoryScopeId": SAME},
    expandable=("principal", "roleDefinition"),
)
