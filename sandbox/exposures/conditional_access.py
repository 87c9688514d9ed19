"""How conditional access policies, authentication strengths and security defaults are shown."""

from sandbox.exposures.exposure import SAME, Exposure

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
    filterable={"displayName": SAME, "state": SAME, "id": SAME},
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
    filterable={"displayName": SAME, "policyType": SAME},
)

SECURITY_DEFAULTS = Exposure(
    "identitySecurityDefaultsEnforcementPolicy",
    default=("id", "displayName", "description", "isEnabled"),
    writable=frozenset({"isEnabled"}),
)
