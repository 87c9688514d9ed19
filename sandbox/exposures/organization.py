"""How the tenant itself, its domains and its licences are shown."""

from sandbox.exposures.exposure import Exposure

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

AUTHORIZATION_POLICY = Exposure(
    "authorizationPolicy",
    default=(
        "id",
        "deletedDateTime",
        "description",
        "displayName",
        "allowEmailVerifiedUsersToJoinOrganization",
        "allowInvitesFrom",
        "allowUserConsentForRiskyApps",
        "allowedToSignUpEmailBasedSubscriptions",
        "allowedToUseSSPR",
        "blockMsolPowerShell",
        "defaultUserRolePermissions",
        "guestUserRoleId",
    ),
    writable=frozenset(
        {
            "allowEmailVerifiedUsersToJoinOrganization",
            "allowInvitesFrom",
            "allowUserConsentForRiskyApps",
            "allowedToSignUpEmailBasedSubscriptions",
            "allowedToUseSSPR",
            "blockMsolPowerShell",
            "defaultUserRolePermissions",
            "guestUserRoleId",
        }
    ),
)
