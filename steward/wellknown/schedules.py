"""The words of Privileged Identity Management for what became of a request for a role schedule.

https://learn.microsoft.com/graph/api/resources/unifiedroleassignmentschedulerequest, read November 2026.
"""

from datetime import timedelta

# It is not decided, or decided and not yet in force; `Provisioned` says that it was put in force.
UNDER_WAY = frozenset(
    {
        "Accepted",
        "AdminApproved",
        "Granted",
        "PendingAdminDecision",
        "PendingApproval",
        "PendingApprovalProvisioning",
        "PendingEvaluation",
        "PendingProvisioning",
        "PendingScheduleCreation",
        "Provisioned",
        "ProvisioningStarted",
        "ScheduleCreated",
    }
)
# A word of ours: what was given was taken back by a later request.
REMOVED = "removed"

# Schedules came into force 40 to 47 seconds after the start that was asked for (seen in a tenant, September 2026).
PROVISIONING = timedelta(minutes=3)
# Privileged Identity Management assigns a role for 5 minutes or more ("Assign Microsoft Entra roles in Privileged
# Identity Management", learn.microsoft.com, read November 2026), counted from when it takes the request.
SHORTEST_MINUTES = 6
