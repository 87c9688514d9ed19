"""Security defaults as a policy that the tenant did not write: a second factor, and no legacy authentication.

They act only where they are on, and then no written policy does (learn.microsoft.com, "Security defaults in
Microsoft Entra ID", read November 2026).
"""

from sandbox.directory.store import Directory, Record
from sandbox.evaluation.controls import LEGACY_CLIENTS
from sandbox.evaluation.sign_in import SignIn

SECURITY_DEFAULTS_ID = "SecurityDefaults"
# Azure Resource Manager, for which everybody is asked.
_AZURE_MANAGEMENT = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
# The roles whose holders are asked at every sign-in.
_ADMINISTRATORS = frozenset(
    {
        "Application Administrator",
        "Authentication Administrator",
        "Authentication Policy Administrator",
        "Billing Administrator",
        "Cloud Application Administrator",
        "Conditional Access Administrator",
        "Exchange Administrator",
        "Global Administrator",
        "Helpdesk Administrator",
        "Identity Governance Administrator",
        "Password Administrator",
        "Privileged Authentication Administrator",
        "Privileged Role Administrator",
        "Security Administrator",
        "SharePoint Administrator",
        "User Administrator",
    }
)


def security_defaults_policy(directory: Directory, sign_in: SignIn) -> Record | None:
    """Write down what security defaults demand of a user's sign-in; None where they demand nothing."""
    if not directory.security_defaults or sign_in.user is None:
        return None
    blocks = sign_in.client_app_type in LEGACY_CLIENTS or (
        sign_in.transfer_method == "deviceCodeFlow" and directory.behaviour.security_defaults_block_device_code
    )
    if not blocks and not _is_asked(directory, sign_in):
        return None
    return {
        "id": SECURITY_DEFAULTS_ID,
        "displayName": "Security Defaults",
        "state": "enabled",
        "grantControls": {
            "authenticationStrength": None,
            "builtInControls": ["block" if blocks else "mfa"],
            "customAuthenticationFactors": [],
            "operator": "OR",
            "termsOfUse": [],
        },
        "sessionControls": None,
    }


def _is_asked(directory: Directory, sign_in: SignIn) -> bool:
    if sign_in.user_action is not None:
        # Registering a second factor cannot ask for one.
        return False
    if directory.behaviour.security_defaults_ask == "everyone" or _AZURE_MANAGEMENT in sign_in.applications:
        return True
    held = {directory.role_definitions[each]["displayName"] for each in sign_in.roles}
    return not held.isdisjoint(_ADMINISTRATORS)
