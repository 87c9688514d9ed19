"""How app role assignments and delegated permission grants are shown."""

from sandbox.exposures.exposure import Exposure

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
    # By principal or role these lists cannot be filtered (microsoftgraph/microsoft-graph-docs, issues 10665 and 1783
    # of its successor): ask on the side of the one that is known.
    filterable={"resourceId": ("eq",), "principalDisplayName": ("eq", "startsWith")},
    create_only=frozenset({"appRoleId", "principalId", "resourceId"}),
)

PERMISSION_GRANT = Exposure(
    "oAuth2PermissionGrant",
    default=("id", "clientId", "consentType", "principalId", "resourceId", "scope"),
    filterable=dict.fromkeys(("clientId", "consentType", "principalId", "resourceId"), ("eq",)),
    writable=frozenset({"clientId", "consentType", "principalId", "resourceId", "scope"}),
)
