"""How conditional access policies, named locations, strengths, contexts and security defaults are shown."""

from sandbox.exposures.exposure import SAME, Exposure

_POLICY = (
    "id",
    "templateId",
    "displayName",
    "createdDateTime",
    "modifiedDateTime",
    "state",
    "conditions",
    "grantControls",
    "sessionControls",
)

ACCESS_POLICY = Exposure(
    "conditionalAccessPolicy",
    default=_POLICY,
    filterable={"displayName": SAME, "state": SAME, "id": SAME},
    writable=frozenset({"displayName", "state", "conditions", "grantControls", "sessionControls"}),
)

DELETED_ACCESS_POLICY = Exposure(
    "conditionalAccessPolicy", default=("deletedDateTime", *_POLICY), filterable={"displayName": SAME, "id": SAME}
)

WHAT_IF_RESULT = Exposure("whatIfAnalysisResult", default=(*_POLICY, "policyApplies", "analysisReasons"))

_LOCATION = ("id", "displayName", "createdDateTime", "modifiedDateTime")
_LOCATION_FURTHER = ("deletedDateTime",)

# Bodies name one of the two kinds; which of the properties fit it, Graph's schema says.
NAMED_LOCATION = Exposure(
    "namedLocation",
    default=_LOCATION,
    further=_LOCATION_FURTHER,
    filterable={"displayName": SAME, "id": SAME},
    writable=frozenset(
        {
            "displayName",
            "isTrusted",
            "ipRanges",
            "countriesAndRegions",
            "countryLookupMethod",
            "includeUnknownCountriesAndRegions",
        }
    ),
)

IP_NAMED_LOCATION = Exposure(
    "ipNamedLocation", default=(*_LOCATION, "isTrusted", "ipRanges"), further=_LOCATION_FURTHER
)

COUNTRY_NAMED_LOCATION = Exposure(
    "countryNamedLocation",
    default=(*_LOCATION, "countriesAndRegions", "countryLookupMethod", "includeUnknownCountriesAndRegions"),
    further=_LOCATION_FURTHER,
)

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
    filterable={"displayName": SAME, "policyType": SAME},
    writable=frozenset({"displayName", "description"}),
    create_only=frozenset({"allowedCombinations"}),
)

AUTHENTICATION_CONTEXT = Exposure(
    "authenticationContextClassReference",
    default=("id", "displayName", "description", "isAvailable"),
    filterable={"id": SAME, "displayName": SAME},
    writable=frozenset({"displayName", "description", "isAvailable"}),
)

SECURITY_DEFAULTS = Exposure(
    "identitySecurityDefaultsEnforcementPolicy",
    default=("id", "displayName", "description", "isEnabled"),
    writable=frozenset({"isEnabled"}),
)
