"""How app role assignments and delegated permission grants are shown."""

from sandbox.exposures.exposure import SAME, TEXT, Exposure

APP_ROLE_ASSIGNMENT = Exposure(
    "appRoleAssignment",
    default=(
        "id",
        "deletedDateTime",
        "appRoleId",
        "createdDateTime",
        "principalDisplayName",
        "principalId",
        "principalType",
        "resourceDisplayName",
        "resourceId",
    ),
    filterable={"principalId": SAME, "resourceId": SAME, "appRoleId": SAME, "principalDisplayName": TEXT},
    create_only=frozenset({"appRoleId", "principalId", "resourceId"}),
)

PERMISSION_GRANT = Exposure(
    "oAuth2PermissionGrant",
    default=("id", "clientId", "consentType", "principalId", "resourceId", "scope"),
    filterable={"clientId": SAME, "consentType": SAME, "principalId": SAME, "resourceId": SAME},
    writable=frozenset({"clientId", "consentType", "principalId", "resourceId", "scope"}),
)
