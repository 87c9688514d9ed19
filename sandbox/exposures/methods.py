"""How authentication methods, the policy over them and the report about them are shown."""

from sandbox.exposures.exposure import SAME, TEXT, Exposure

_CREATED = ("id", "createdDateTime")

TEMPORARY_ACCESS_PASS = Exposure(
    "temporaryAccessPassAuthenticationMethod",
    default=(
        *_CREATED,
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
    default=(*_CREATED, "deviceTag", "displayName", "phoneAppVersion"),
)

PASSWORD_METHOD = Exposure("passwordAuthenticationMethod", default=(*_CREATED, "password"))

PHONE_METHOD = Exposure(
    "phoneAuthenticationMethod",
    default=(*_CREATED, "phoneNumber", "phoneType", "smsSignInState"),
    writable=frozenset({"phoneNumber", "phoneType"}),
)

EMAIL_METHOD = Exposure(
    "emailAuthenticationMethod", default=(*_CREATED, "emailAddress"), writable=frozenset({"emailAddress"})
)

SOFTWARE_OATH_METHOD = Exposure("softwareOathAuthenticationMethod", default=(*_CREATED, "secretKey"))

FIDO2_METHOD = Exposure(
    "fido2AuthenticationMethod",
    default=(
        *_CREATED,
        "aaGuid",
        "attestationCertificates",
        "attestationLevel",
        "displayName",
        "model",
        "passkeyType",
    ),
)

METHOD_KINDS: tuple[Exposure, ...] = (
    PASSWORD_METHOD,
    TEMPORARY_ACCESS_PASS,
    AUTHENTICATOR_METHOD,
    PHONE_METHOD,
    EMAIL_METHOD,
    SOFTWARE_OATH_METHOD,
    FIDO2_METHOD,
)

METHODS_POLICY = Exposure(
    "authenticationMethodsPolicy",
    default=(
        "id",
        "description",
        "displayName",
        "lastModifiedDateTime",
        "policyMigrationState",
        "policyVersion",
        "reconfirmationInDays",
        "registrationEnforcement",
        "authenticationMethodConfigurations",
    ),
    writable=frozenset({"policyMigrationState", "registrationEnforcement"}),
)


def _configuration(method: str, *further: str) -> Exposure:
    names = ("state", "excludeTargets", "includeTargets", *further)
    return Exposure(
        f"{method}AuthenticationMethodConfiguration", default=("id", *names), writable=frozenset({"id", *names})
    )


PASS_CONFIGURATION = _configuration(
    "temporaryAccessPass",
    "defaultLength",
    "defaultLifetimeInMinutes",
    "isUsableOnce",
    "maximumLifetimeInMinutes",
    "minimumLifetimeInMinutes",
)

METHOD_CONFIGURATIONS: tuple[Exposure, ...] = (
    _configuration("email", "allowExternalIdToUseEmailOtp"),
    _configuration(
        "fido2", "defaultPasskeyProfile", "isAttestationEnforced", "isSelfServiceRegistrationAllowed", "keyRestrictions"
    ),
    _configuration("microsoftAuthenticator", "featureSettings", "isSoftwareOathEnabled"),
    _configuration("sms"),
    _configuration("softwareOath"),
    PASS_CONFIGURATION,
    _configuration("voice", "isOfficePhoneAllowed"),
)

REGISTRATION_DETAILS = Exposure(
    "userRegistrationDetails",
    default=(
        "id",
        "isAdmin",
        "isMfaCapable",
        "isMfaRegistered",
        "isPasswordlessCapable",
        "isSsprCapable",
        "isSsprEnabled",
        "isSsprRegistered",
        "isSystemPreferredAuthenticationMethodEnabled",
        "lastUpdatedDateTime",
        "methodsRegistered",
        "systemPreferredAuthenticationMethods",
        "userDisplayName",
        "userPreferredMethodForSecondaryAuthentication",
        "userPrincipalName",
        "userType",
    ),
    filterable={
        "id": SAME,
        "isAdmin": SAME,
        "isMfaCapable": SAME,
        "isMfaRegistered": SAME,
        "isPasswordlessCapable": SAME,
        "isSsprCapable": SAME,
        "isSsprEnabled": SAME,
        "isSsprRegistered": SAME,
        "methodsRegistered": ("any",),
        "userDisplayName": TEXT,
        "userPrincipalName": TEXT,
    },
)
