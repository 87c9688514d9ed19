"""How authentication methods and the policy over them are shown."""

from sandbox.exposures.exposure import Exposure

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
