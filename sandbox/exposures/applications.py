"""How registered applications and their federated credentials are shown."""

from sandbox.exposures.exposure import SAME, TEXT, Exposure

_WRITABLE = frozenset(
    {
        "addIns",
        "api",
        "appRoles",
        "defaultRedirectUri",
        "description",
        "displayName",
        "groupMembershipClaims",
        "identifierUris",
        "info",
        "isDeviceOnlyAuthSupported",
        "isFallbackPublicClient",
        "keyCredentials",
        "notes",
        "oauth2RequirePostResponse",
        "optionalClaims",
        "parentalControlSettings",
        "publicClient",
        "requestSignatureVerification",
        "requiredResourceAccess",
        "samlMetadataUrl",
        "serviceManagementReference",
        "servicePrincipalLockConfiguration",
        "signInAudience",
        "spa",
        "tags",
        "tokenEncryptionKeyId",
        "web",
    }
)
# What Entra sets, and nobody else.
_OWN = (
    "id",
    "deletedDateTime",
    "appId",
    "applicationTemplateId",
    "certification",
    "createdDateTime",
    "disabledByMicrosoftStatus",
    "passwordCredentials",
    "publisherDomain",
    "uniqueName",
    "verifiedPublisher",
)

# Filters and orders as the page of the resource lists them (learn.microsoft.com, "application resource type", read
# November 2026).
APPLICATION = Exposure(
    "application",
    default=(*_OWN, *sorted(_WRITABLE)),
    filterable={
        "appId": SAME,
        "applicationTemplateId": SAME,
        "createdDateTime": (*SAME, "ge", "le"),
        "displayName": TEXT,
        "id": SAME,
        "identifierUris": ("any",),
        "publisherDomain": TEXT,
        "signInAudience": SAME,
        "tags": ("any",),
        "uniqueName": SAME,
    },
    sortable_advanced=("displayName",),
    searchable=("displayName", "description"),
    expandable=("owners",),
    writable=_WRITABLE,
    create_only=frozenset({"passwordCredentials", "uniqueName"}),
)

FEDERATED_CREDENTIAL = Exposure(
    "federatedIdentityCredential",
    default=("id", "audiences", "description", "issuer", "name", "subject"),
    filterable={"name": SAME, "issuer": SAME, "subject": SAME},
    writable=frozenset({"audiences", "description", "issuer", "name", "subject"}),
)

APP_MANAGEMENT_POLICY = Exposure(
    "tenantAppManagementPolicy",
    default=(
        "id",
        "deletedDateTime",
        "displayName",
        "description",
        "isEnabled",
        "applicationRestrictions",
        "servicePrincipalRestrictions",
    ),
)
