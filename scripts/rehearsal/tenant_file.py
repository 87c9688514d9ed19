"""The tenant file of a rehearsal: what a customer would write, with the sandbox as its cloud."""

import json
from collections.abc import Callable
from pathlib import Path

from sandbox.seed import VENDOR_APPLICATION_ID

NAME = "contoso"
WINDOWS = ("in_window", "scheduled")
REDIRECT_URI = "https://dashboard.contoso.example/callback"
LOGIN = "j.keller@contoso.onmicrosoft.com"

_TEXT = """\
# The tenant of a rehearsal: its cloud is a sandbox on this machine.
tenant:
  name: {name}
  id: {tenant_id}
  cloud: {cloud}
deployer:
  object_id: {deployer_id}
account:
  login: {login}
  display_name: Jordan Keller
  usage_location: US
  sign_in: {sign_in}
break_glass:
  group: sg-breakglass
application:
  display_name: CiraSync
  permissions:
    application: [Contacts.ReadWrite, Calendars.ReadWrite, User.Read.All]
    delegated:
      scopes: [User.Read, offline_access]
  redirect_uris: [{redirect_uri}]
{dashboard}{consent}elevation: {elevation}
window_minutes: {window_minutes}
evidence: evidence
"""
# Whoever signs in to the own registration needs a role there, once it has any, and the account has none.
_DASHBOARD = """\
dashboard:
  - role: Full Administrator
    group: sg-contacts-admins
  - role: Dashboard View Only
    group: sg-dashboard-readers
"""
_SINK = """\
sink:
  file:
    folder: {folder}
"""


def sandbox_cloud(base_url: str, ca_file: Path) -> str:
    """Return the value of `tenant.cloud` for a sandbox; `ca_file` is absolute or relative to the tenant file."""
    return json.dumps({"name": "sandbox", "authority": base_url, "graph": base_url, "ca_file": str(ca_file)})


def write_tenant_file(
    path: Path,
    *,
    cloud: str,
    tenant_id: str,
    deployer_id: str,
    elevation: str = "at_deploy",
    consent: str = "graph",
    window_minutes: int = 60,
    sink: Path | None = None,
    edit: Callable[[str], str] = str,
) -> None:
    """Write the file; with a sink, a folder outside `path`'s, a person may sign in as the account.

    `edit` changes the finished text, for a tenant that differs in something else.
    """
    text = _TEXT + (_SINK if sink else "")
    finished = text.format(
        name=NAME,
        login=LOGIN,
        redirect_uri=REDIRECT_URI,
        sign_in="allowed" if sink else "blocked",
        cloud=cloud,
        folder=json.dumps(str(sink)),
        tenant_id=tenant_id,
        deployer_id=deployer_id,
        dashboard="" if elevation in WINDOWS else _DASHBOARD,
        consent="" if consent == "graph" else f"consent: {consent}\n",
        elevation=elevation,
        window_minutes=window_minutes,
    )
    path.write_text(edit(finished), encoding="utf-8")


def name_vendors_application(text: str) -> str:
    """Return the text with the vendor's application in the place of an own registration, as the seed has it."""
    name = "  display_name: CiraSync\n"
    named = text.replace(name, f"{name}  client_id: {VENDOR_APPLICATION_ID}\n").replace(_DASHBOARD, "")
    return named.replace(f"  redirect_uris: [{REDIRECT_URI}]\n", "")
