"""The address of the page on which an administrator consents to an application for the whole tenant.

It is the form without scopes, which asks for everything that the application's registration names, application
permissions too (learn.microsoft.com, "OAuth 2.0 client credentials flow", read November 2026).
"""

from urllib.parse import urlencode

from steward.config.clouds import Cloud


def redirect_uri(port: int) -> str:
    """Return where the page is to send the browser: the registered `http://localhost/`, whose port may be any."""
    return f"http://localhost:{port}/"


def consent_address(
    cloud: Cloud, tenant_id: str, client_id: str, *, port: int | None = None, state: str | None = None
) -> str:
    """Return the page's address; without a port nothing is asked back, as the vendor's application never would."""
    asked = {"client_id": client_id}
    if port is not None and state is not None:
        asked |= {"redirect_uri": redirect_uri(port), "state": state}
    return f"{cloud.authority}/{tenant_id}/adminconsent?{urlencode(asked)}"
