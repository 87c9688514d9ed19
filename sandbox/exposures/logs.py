"""How log entries are shown."""

from sandbox.exposures.exposure import Exposure

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
