"""Security defaults: Microsoft's basic protection, which does not go together with enabled policies of one's own."""

from collections.abc import Mapping
from typing import Any

from sandbox.directory.audit import record_change
from sandbox.directory.store import Caller, Directory
from sandbox.errors import malformed


def switch(directory: Directory, body: Mapping[str, Any], caller: Caller) -> None:
    """Switch security defaults; they cannot be on beside an enabled policy.

    learn.microsoft.com, "Security defaults in Microsoft Entra ID", read November 2026.
    """
    enabled = bool(body.get("isEnabled", directory.security_defaults))
    if enabled and any(each["state"] == "enabled" for each in directory.access_policies.values()):
        raise malformed("Conditional Access policies are enabled. Disable them before enabling Security defaults.")
    directory.security_defaults = enabled
    record_change(
        directory,
        caller,
        "Update security defaults",
        category="Policy",
        operation="Update",
        targets=[],
        service="Conditional Access",
    )


def allow_enabled_policies(directory: Directory) -> None:
    """Refuse an enabled policy while security defaults are on; a report-only or disabled one may be saved."""
    if directory.security_defaults:
        raise malformed(
            "Security Defaults is enabled in the tenant. "
            "You must disable Security defaults before enabling a Conditional Access policy."
        )
