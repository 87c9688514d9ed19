"""Which properties each kind of object shows, by default and when selected, and which may be filtered or written.

Names here are Graph's; their types and nullability come from Graph's metadata (`sandbox.schema`). What is not
listed here but known to Graph is refused as not emulated; what Graph does not know is refused as unknown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.errors import not_emulated
from sandbox.filters import Filterable
from sandbox.schema import graph_schema, unknown_property

_TEXT = ("eq", "in", "startsWith")
_SAME = ("eq", "in")


@dataclass(frozen=True)
class Exposure:
    """How one kind of object is shown."""

    type_name: str
    default: tuple[str, ...]
    further: tuple[str, ...] = ()
    filterable: Filterable = field(default_factory=dict)
    writable: frozenset[str] = frozenset()
    create_only: frozenset[str] = frozenset()
    expandable: tuple[str, ...] = ()

    def names(self, select: Sequence[str] | None, *, beta: bool) -> tuple[str, ...]:
        """Tell which properties an answer holds, refusing a selected one by name."""
        known = graph_schema().properties(self.type_name, beta=beta)
        if select is None:
            return tuple(name for name in self.default if name in known)
        for name in select:
            if name not in known:
                raise unknown_property(self.type_name, name)
            if name not in self.default and name not in self.further:
                raise not_emulated(f"the property '{name}' of '{self.type_name}'")
        return tuple(select)


USER = Exposure(
    "user",
    default=(
        "businessPhones",
        "displayName",
        "givenName",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
        "id",
    ),
    further=(
        "aboutMe",
        "accountEnabled",
        "ageGroup",
        "assignedLicenses",
        "city",
        "companyName",
        "consentProvidedForMinor",
        "country",
        "createdDateTime",
        "creationType",
        "deletedDateTime",
        "department",
        "employeeHireDate",
        "employeeId",
        "employeeOrgData",
        "employeeType",
        "externalUserState",
        "faxNumber",
        "imAddresses",
        "lastPasswordChangeDateTime",
        "mailNickname",
        "onPremisesDistinguishedName",
        "onPremisesDomainName",
        "onPremisesImmutableId",
        "onPremisesSamAccountName",
        "onPremisesSecurityIdentifier",
        "onPremisesSyncEnabled",
        "onPremisesUserPrincipalName",
        "otherMails",
        "passwordPolicies",
        "passwordProfile",
        "postalCode",
        "proxyAddresses",
        "showInAddressList",
        "signInSessionsValidFromDateTime",
        "state",
        "streetAddress",
        "usageLocation",
        "userType",
    ),
    filterable={
        "accountEnabled": _SAME,
        "displayName": _TEXT,
        "employeeId": _TEXT,
        "employeeType": _SAME,
        "id": _SAME,
        "mail": _TEXT,
        "mailNickname": _TEXT,
        "userPrincipalName": _TEXT,
        "userType": _SAME,
    },
    writable=frozenset(
        {
            "accountEnabled",
            "ageGroup",
            "businessPhones",
            "city",
            "companyName",
            "consentProvidedForMinor",
            "country",
            "department",
            "displayName",
            "employeeHireDate",
            "employeeId",
            "employeeOrgData",
            "employeeType",
            "faxNumber",
            "givenName",
            "jobTitle",
            "mail",
            "mailNickname",
            "mobilePhone",
            "officeLocation",
            "onPremisesImmutableId",
            "otherMails",
            "passwordPolicies",
            "passwordProfile",
            "postalCode",
            "preferredLanguage",
            "showInAddressList",
            "state",
            "streetAddress",
            "surname",
            "usageLocation",
            "userPrincipalName",
            "userType",
        }
    ),
)

GROUP = Exposure(
    "group",
    default=(
        "id",
        "deletedDateTime",
        "classification",
        "createdDateTime",
        "description",
        "displayName",
        "expirationDateTime",
        "groupTypes",
        "isAssignableToRole",
        "mail",
        "mailEnabled",
        "mailNickname",
        "membershipRule",
        "membershipRuleProcessingState",
        "onPremisesDomainName",
        "onPremisesLastSyncDateTime",
        "onPremisesNetBiosName",
        "onPremisesSamAccountName",
        "onPremisesSecurityIdentifier",
        "onPremisesSyncEnabled",
        "preferredDataLocation",
        "preferredLanguage",
        "proxyAddresses",
        "renewedDateTime",
        "resourceBehaviorOptions",
        "resourceProvisioningOptions",
        "securityEnabled",
        "securityIdentifier",
        "theme",
        "visibility",
        "writebackConfiguration",
    ),
    further=("allowExternalSenders", "autoSubscribeNewMembers", "hideFromAddressLists", "hideFromOutlookClients"),
    filterable={
        "displayName": _TEXT,
        "id": _SAME,
        "isAssignableToRole": _SAME,
        "mail": _TEXT,
        "mailEnabled": _SAME,
        "mailNickname": _TEXT,
        "securityEnabled": _SAME,
    },
    writable=frozenset(
        {
            "allowExternalSenders",
            "autoSubscribeNewMembers",
            "description",
            "displayName",
            "hideFromAddressLists",
            "hideFromOutlookClients",
            "mailEnabled",
            "mailNickname",
            "membershipRule",
            "membershipRuleProcessingState",
            "preferredLanguage",
            "securityEnabled",
            "theme",
            "visibility",
            "writebackConfiguration",
        }
    ),
    create_only=frozenset(
        {"groupTypes", "isAssignableToRole", "resourceBehaviorOptions", "resourceProvisioningOptions"}
    ),
)

APPLICATION = Exposure(
    "application",
    default=(
        "id",
        "deletedDateTime",
        "addIns",
        "api",
        "appId",
        "appRoles",
        "applicationTemplateId",
        "certification",
        "createdDateTime",
        "defaultRedirectUri",
        "description",
        "disabledByMicrosoftStatus",
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
        "passwordCredentials",
        "publicClient",
        "publisherDomain",
        "requiredResourceAccess",
        "samlMetadataUrl",
        "serviceManagementReference",
        "signInAudience",
        "spa",
        "tags",
        "tokenEncryptionKeyId",
        "uniqueName",
        "web",
    ),
    filterable={
        "appId": _SAME,
        "applicationTemplateId": _SAME,
        "displayName": _TEXT,
        "id": _SAME,
        "identifierUris": ("any",),
    },
    writable=frozenset(
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
            "notes",
            "oauth2RequirePostResponse",
            "optionalClaims",
            "publicClient",
            "requiredResourceAccess",
            "samlMetadataUrl",
            "serviceManagementReference",
            "signInAudience",
            "spa",
            "tags",
            "tokenEncryptionKeyId",
            "web",
        }
    ),
    create_only=frozenset({"passwordCredentials"}),
)

SERVICE_PRINCIPAL = Exposure(
    "servicePrincipal",
    default=(
        "id",
        "deletedDateTime",
        "accountEnabled",
        "addIns",
        "alternativeNames",
        "appDescription",
        "appDisplayName",
        "appId",
        "appOwnerOrganizationId",
        "appRoleAssignmentRequired",
        "appRoles",
        "applicationTemplateId",
        "description",
        "disabledByMicrosoftStatus",
        "displayName",
        "homepage",
        "info",
        "keyCredentials",
        "loginUrl",
        "logoutUrl",
        "notes",
        "notificationEmailAddresses",
        "oauth2PermissionScopes",
        "passwordCredentials",
        "preferredSingleSignOnMode",
        "preferredTokenSigningKeyThumbprint",
        "replyUrls",
        "resourceSpecificApplicationPermissions",
        "samlSingleSignOnSettings",
        "servicePrincipalNames",
        "servicePrincipalType",
        "signInAudience",
        "tags",
        "tokenEncryptionKeyId",
    ),
    further=("samlMetadataUrl",),
    filterable={
        "accountEnabled": _SAME,
        "appId": _SAME,
        "displayName": _TEXT,
        "id": _SAME,
        "servicePrincipalNames": ("any",),
        "servicePrincipalType": _SAME,
    },
    writable=frozenset(
        {
            "accountEnabled",
            "alternativeNames",
            "appRoleAssignmentRequired",
            "description",
            "loginUrl",
            "notes",
            "notificationEmailAddresses",
            "preferredSingleSignOnMode",
            "samlSingleSignOnSettings",
            "tags",
        }
    ),
    create_only=frozenset({"appId"}),
)

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
    filterable={"principalId": _SAME, "resourceId": _SAME, "appRoleId": _SAME, "principalDisplayName": _TEXT},
    create_only=frozenset({"appRoleId", "principalId", "resourceId"}),
)

PERMISSION_GRANT = Exposure(
    "oAuth2PermissionGrant",
    default=("id", "clientId", "consentType", "principalId", "resourceId", "scope"),
    filterable={"clientId": _SAME, "consentType": _SAME, "principalId": _SAME, "resourceId": _SAME},
    writable=frozenset({"clientId", "consentType", "principalId", "resourceId", "scope"}),
)

DIRECTORY_ROLE = Exposure(
    "directoryRole",
    default=("id", "deletedDateTime", "description", "displayName", "roleTemplateId"),
    filterable={"displayName": _SAME, "roleTemplateId": _SAME},
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
    filterable={"displayName": _TEXT, "id": _SAME, "isBuiltIn": _SAME, "templateId": _SAME},
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
    filterable={"principalId": _SAME, "roleDefinitionId": _SAME, "directoryScopeId": _SAME},
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
    filterable={"principalId": _SAME, "roleDefinitionId": _SAME, "directoryScopeId": _SAME, "status": _SAME},
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
    filterable={"principalId": _SAME, "roleDefinitionId": _SAME, "directoryScopeId": _SAME, "assignmentType": _SAME},
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
    filterable={"principalId": _SAME, "roleDefinitionId": _SAME, "directoryScopeId": _SAME, "status": _SAME},
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
    filterable={"principalId": _SAME, "roleDefinitionId": _SAME, "directoryScopeId": _SAME},
    expandable=("principal", "roleDefinition"),
)

ACCESS_POLICY = Exposure(
    "conditionalAccessPolicy",
    default=(
        "id",
        "templateId",
        "displayName",
        "createdDateTime",
        "modifiedDateTime",
        "state",
        "conditions",
        "grantControls",
        "sessionControls",
    ),
    filterable={"displayName": _SAME, "state": _SAME, "id": _SAME},
    writable=frozenset({"displayName", "state", "conditions", "grantControls", "sessionControls"}),
)

WHAT_IF_RESULT = Exposure("whatIfAnalysisResult", default=(*ACCESS_POLICY.default, "policyApplies", "analysisReasons"))

AUTHENTICATION_STRENGTH = Exposure(
    "authenticationStrengthPolicy",
    default=(
        "id",
        "createdDateTime",
        "modifiedDateTime",
        "displayName",
        "description",
        "policyType",
        "requirementsSatisfied",
        "allowedCombinations",
    ),
    filterable={"displayName": _SAME, "policyType": _SAME},
)

SECURITY_DEFAULTS = Exposure(
    "identitySecurityDefaultsEnforcementPolicy",
    default=("id", "displayName", "description", "isEnabled"),
    writable=frozenset({"isEnabled"}),
)

DOMAIN = Exposure(
    "domain",
    default=(
        "id",
        "authenticationType",
        "availabilityStatus",
        "isAdminManaged",
        "isDefault",
        "isInitial",
        "isRoot",
        "isVerified",
        "manufacturer",
        "model",
        "passwordNotificationWindowInDays",
        "passwordValidityPeriodInDays",
        "state",
        "supportedServices",
    ),
)

SUBSCRIBED_SKU = Exposure(
    "subscribedSku",
    default=(
        "id",
        "accountId",
        "accountName",
        "appliesTo",
        "capabilityStatus",
        "consumedUnits",
        "prepaidUnits",
        "servicePlans",
        "skuId",
        "skuPartNumber",
        "subscriptionIds",
    ),
)

LICENCE_DETAILS = Exposure("licenseDetails", default=("id", "servicePlans", "skuId", "skuPartNumber"))

ORGANIZATION = Exposure(
    "organization",
    default=(
        "id",
        "deletedDateTime",
        "assignedPlans",
        "countryLetterCode",
        "createdDateTime",
        "displayName",
        "onPremisesSyncEnabled",
        "tenantType",
        "verifiedDomains",
    ),
)

TEMPORARY_ACCESS_PASS = Exposure(
    "temporaryAccessPassAuthenticationMethod",
    default=(
        "id",
        "createdDateTime",
        "isUsable",
        "isUsableOnce",
        "lifetimeInMinutes",
        "methodUsabilityReason",
        "startDateTime",
        "temporaryAccessPass",
    ),
    create_only=frozenset({"isUsableOnce", "lifetimeInMinutes", "startDateTime"}),
)

AUTHENTICATOR_METHOD = Exposure(
    "microsoftAuthenticatorAuthenticationMethod",
    default=("id", "createdDateTime", "deviceTag", "displayName", "phoneAppVersion"),
)

PASSWORD_METHOD = Exposure("passwordAuthenticationMethod", default=("id", "createdDateTime", "password"))

METHODS_POLICY = Exposure(
    "authenticationMethodsPolicy",
    default=("id", "description", "displayName", "lastModifiedDateTime", "policyMigrationState", "policyVersion"),
)

PASS_CONFIGURATION = Exposure(
    "temporaryAccessPassAuthenticationMethodConfiguration",
    default=(
        "id",
        "state",
        "excludeTargets",
        "defaultLength",
        "defaultLifetimeInMinutes",
        "isUsableOnce",
        "maximumLifetimeInMinutes",
        "minimumLifetimeInMinutes",
    ),
)

DIRECTORY_AUDIT = Exposure(
    "directoryAudit",
    default=(
        "id",
        "activityDateTime",
        "activityDisplayName",
        "additionalDetails",
        "category",
        "correlationId",
        "initiatedBy",
        "loggedByService",
        "operationType",
        "result",
        "resultReason",
        "targetResources",
    ),
    filterable={
        "activityDateTime": ("eq", "ge", "le", "gt", "lt"),
        "activityDisplayName": ("eq", "startsWith"),
        "category": ("eq",),
        "initiatedBy/app/appId": ("eq",),
        "loggedByService": ("eq",),
        "targetResources": ("any",),
    },
)

# The exposure of each kind of object that occurs in lists of mixed kinds.
BY_TYPE: Mapping[str, Exposure] = {
    each.type_name: each
    for each in (
        USER,
        GROUP,
        APPLICATION,
        SERVICE_PRINCIPAL,
        DIRECTORY_ROLE,
        PASSWORD_METHOD,
        TEMPORARY_ACCESS_PASS,
        AUTHENTICATOR_METHOD,
    )
}
