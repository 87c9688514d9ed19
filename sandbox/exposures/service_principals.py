"""How service principals are shown."""

from sandbox.exposures.exposure import SAME, TEXT, Exposure

_WRITABLE = frozenset(
    {
        "accountEnabled",
        "addIns",
        "alternativeNames",
        "appRoleAssignmentRequired",
        "description",
        "keyCredentials",
        "loginUrl",
        "notes",
        "notificationEmailAddresses",
        "preferredSingleSignOnMode",
        "preferredTokenSigningKeyThumbprint",
        "samlSingleSignOnSettings",
        "tags",
        "tokenEncryptionKeyId",
    }
)
# What comes from the application, or from Entra.
_MIRRORED = (
    "id",
    "deletedDateTime",
    "appDescription",
    "appDisplayName",
    "appId",
    "appOwnerOrganizationId",
    "appRoles",
    "applicationTemplateId",
    "disabledByMicrosoftStatus",
    "displayName",
    "homepage",
    "info",
    "logoutUrl",
    "oauth2PermissionScopes",
    "passwordCredentials",
    "replyUrls",
    "resourceSpecificApplicationPermissions",
    "servicePrincipalNames",
    "servicePrincipalType",
    "signInAudience",
    "verifiedPublisher",
)

# Filters and orders as the page of the resource lists them (learn.microsoft.com, "servicePrincipal resource type", read
# November 2026).
SERVICE_PRINCIPAL = Exposure(
    "servicePrincipal",
    default=(*_MIRRORED, *sorted(_WRITABLE)),
    further=("samlMetadataUrl",),
    filterable={
        "accountEnabled": SAME,
        "alternativeNames": ("any",),
        "appId": SAME,
        "appOwnerOrganizationId": SAME,
        "displayName": TEXT,
        "id": SAME,
        "servicePrincipalNames": ("any",),
        "servicePrincipalType": SAME,
        "signInAudience": SAME,
        "tags": ("any",),
    },
    sortable_advanced=("displayName",),
    searchable=("displayName", "description"),
    expandable=("memberOf", "owners"),
    writable=_WRITABLE,
    create_only=frozenset({"appId"}),
)
