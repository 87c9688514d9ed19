"""Names in policies that stand for several of Microsoft's applications.

The client ids are Microsoft's published ones. The lists on learn.microsoft.com ("Apps included in Conditional Access
Office 365 app suite"; "Conditional Access: Target resources", read November 2026) are longer and change; what is not
listed here is not in the suite for the sandbox.
"""

from collections.abc import Mapping

EXCHANGE_ONLINE = "00000002-0000-0ff1-ce00-000000000000"
SHAREPOINT_ONLINE = "00000003-0000-0ff1-ce00-000000000000"
_SKYPE_FOR_BUSINESS = "00000004-0000-0ff1-ce00-000000000000"
_YAMMER = "00000005-0000-0ff1-ce00-000000000000"
_TEAMS_SERVICES = "cc15fd57-2c6c-4117-a88c-83b1d56b4bbe"
_AZURE_PORTAL = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"
_OFFICE_365_PORTAL = "00000006-0000-0ff1-ce00-000000000000"

SUITES: Mapping[str, frozenset[str]] = {
    "Office365": frozenset({EXCHANGE_ONLINE, SHAREPOINT_ONLINE, _SKYPE_FOR_BUSINESS, _YAMMER, _TEAMS_SERVICES}),
    # The Entra and Intune admin centers sign in as the Azure portal.
    "MicrosoftAdminPortals": frozenset({_AZURE_PORTAL, _OFFICE_365_PORTAL}),
}
