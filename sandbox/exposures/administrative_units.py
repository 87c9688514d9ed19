"""How administrative units are shown."""

from sandbox.exposures.exposure import SAME, TEXT, Exposure

ADMINISTRATIVE_UNIT = Exposure(
    "administrativeUnit",
    default=(
        "id",
        "deletedDateTime",
        "description",
        "displayName",
        "isMemberManagementRestricted",
        "membershipRule",
        "membershipRuleProcessingState",
        "membershipType",
        "visibility",
    ),
    filterable={"displayName": TEXT, "id": SAME},
    writable=frozenset({"description", "displayName", "visibility"}),
)
