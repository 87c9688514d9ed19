"""Which application asks to sign somebody or itself in, and how it proves that it is the one.

A `Client` is an application registered here or published by somebody else, with its service principal where the
tenant has one. Each kind of credential has its own entry in `_CREDENTIALS`, which is where another one is added.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.clock import from_stamp
from sandbox.directory.store import Directory, Record
from sandbox.sign_in import assertions
from sandbox.sign_in.refusals import SignInError
from sandbox.tenant import Tenant

_ZERO = "00000000-0000-0000-0000-000000000000"
_MULTI_TENANT = frozenset({"AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount"})
_LOOPBACK_PORT = re.compile(r"\A(http://localhost):[0-9]{1,5}(?=[/?]|\Z)")
_PATHLESS = re.compile(r"\A(https?://[^/?#]+)(?=\?|\Z)")
# What `appidacr` says of the client.
PUBLIC, SECRET, ASSERTION = "0", "1", "2"


@dataclass(frozen=True)
class Client:
    """An application as signing in sees it."""

    client_id: str
    display_name: str
    registration: Record | None  # where it is registered in this tenant
    published: Record | None  # where somebody else publishes it
    principal: Record | None

    @property
    def claims(self) -> Record:
        """Tell what tokens say of the application."""
        return {"appId": self.client_id, "displayName": self.display_name}

    @property
    def is_multi_tenant(self) -> bool:
        """Say whether authorities that name no tenant may be used with it."""
        return self.registration is None or self.registration["signInAudience"] in _MULTI_TENANT

    @property
    def is_public(self) -> bool:
        """Say whether it may go without a credential where the redirect URI does not tell."""
        known = self.registration or self.published or {}
        return bool(known.get("isFallbackPublicClient"))

    @property
    def required_resource_access(self) -> list[dict[str, Any]]:
        """Tell which permissions its registration asks for."""
        known = self.registration or self.published or {}
        return list(known.get("requiredResourceAccess") or [])

    @property
    def preauthorized_scopes(self) -> frozenset[str]:
        """Tell which scopes of Graph Microsoft gives its own client without anybody's consent."""
        return frozenset((self.published or {}).get("preauthorizedScopes", ()))

    def redirect_uris(self, platform: str | None = None) -> list[str]:
        """List the redirect URIs of one platform (`web`, `spa`, `publicClient`) or of all."""
        if self.registration is None:
            own = "publicClient" if self.is_public else "web"
            return list((self.published or {})["replyUrls"]) if platform in {None, own} else []
        platforms = ("web", "spa", "publicClient") if platform is None else (platform,)
        return [uri for each in platforms for uri in self.registration[each]["redirectUris"]]

    def platform_of(self, redirect_uri: str) -> str | None:
        """Tell the platform that a redirect URI is registered for, or None when it is not registered."""
        for platform in ("web", "spa", "publicClient"):
            if any(is_same_address(redirect_uri, each) for each in self.redirect_uris(platform)):
                return platform
        return None


def is_same_address(given: str, registered: str) -> bool:
    """Say whether a redirect URI is a registered one: letter by letter, save for the port of localhost.

    A registered URI without a path counts with its slash (learn.microsoft.com, "Redirect URI best practices and
    limitations", read November 2026).
    """
    return compared(given) == compared(registered)


def compared(uri: str) -> str:
    """Write a redirect URI as it is compared; nothing in it is decoded or folded, as a parser would."""
    portless = _LOOPBACK_PORT.sub(r"\1", uri)
    return _PATHLESS.sub(r"\1/", portless)


def find_client(directory: Directory, client_id: str) -> Client:
    """Find an application that is registered or published, or refuse."""
    if not client_id:
        raise SignInError(900144, "The request body must contain the following parameter: 'client_id'.")
    if client_id == _ZERO:
        raise SignInError(700038, f"{_ZERO} is not a valid application identifier.")
    registration = directory.find_application(client_id)
    published = directory.published_applications.get(client_id)
    if registration is None and published is None:
        raise SignInError(
            700016,
            f"Application with identifier '{client_id}' was not found in the directory '{directory.tenant_name}'. "
            "This can happen if the application has not been installed by the administrator of the tenant.",
        )
    name = (registration or published or {})["displayName"]
    return Client(client_id, name, registration, published, directory.find_service_principal(client_id))


def require_multi_tenant(client: Client, authority: str) -> None:
    """Refuse an application of one tenant under an authority that names none."""
    if not client.is_multi_tenant:
        raise SignInError(
            50194,
            f"Application '{client.client_id}' is not configured as a multi-tenant application. Usage of the "
            f"/{authority} endpoint is not supported for such applications. Use a tenant-specific endpoint.",
        )


def require_enabled(client: Client) -> None:
    """Refuse an application whose service principal is disabled here."""
    if client.principal is not None and not client.principal["accountEnabled"]:
        raise SignInError(7000112, f"Application '{client.client_id}'({client.display_name}) is disabled.")


def require_installed(directory: Directory, client: Client) -> Record:
    """Get the service principal of an application, or refuse one that the tenant does not hold or has disabled."""
    if client.principal is None:
        raise _missing_principal(directory, client)
    require_enabled(client)
    left = directory.unseen_principals.get(client.client_id, 0)
    if left:
        directory.unseen_principals[client.client_id] = left - 1
        raise _missing_principal(directory, client)
    return client.principal


def authenticate(tenant: Tenant, client: Client, form: Mapping[str, str]) -> str:
    """Check an application's credential and tell its kind as `appidacr` does, or refuse."""
    kind = next((each for each in _CREDENTIALS if each in form), None)
    if kind is None:
        text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        raise SignInError(7000218, text)
    check, authentication = _CREDENTIALS[kind]
    check(tenant, client, form)
    return authentication


def authenticate_for(tenant: Tenant, client: Client, form: Mapping[str, str], *, is_public: bool) -> str:
    """Check the credential of an application that acts for a user: a public one has none, any other must show it."""
    if not is_public:
        return authenticate(tenant, client, form)
    if any(each in form for each in _CREDENTIALS):
        text = "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."
        raise SignInError(700025, text)
    return PUBLIC


def _missing_principal(directory: Directory, client: Client) -> SignInError:
    return SignInError(
        7000229,
        f"The client application {client.client_id} is missing service principal in the tenant {directory.tenant_id}.",
        error=directory.behaviour.missing_principal_error,
    )


def _check_secret(tenant: Tenant, client: Client, form: Mapping[str, str]) -> None:
    directory = tenant.directory
    secret = form["client_secret"]
    now = directory.clock.now()
    for record in filter(None, (client.registration, client.principal)):
        hashes = directory.secret_hashes.get(record["id"], {})
        for credential in record["passwordCredentials"]:
            has_begun = now >= from_stamp(credential["startDateTime"])
            if has_begun and credential["keyId"] in hashes and hashes[credential["keyId"]].matches(secret):
                if now >= from_stamp(credential["endDateTime"]):
                    text = f"The provided client secret keys for app '{client.client_id}' are expired."
                    raise SignInError(7000222, text)
                return
    if any(each.matches(secret) for each in directory.secret_hashes.get(client.client_id, {}).values()):
        return
    raise SignInError(
        7000215,
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
        f"not the client secret ID, for a secret added to app '{client.client_id}'.",
    )


def _check_assertion(tenant: Tenant, client: Client, form: Mapping[str, str]) -> None:
    assertions.check(tenant, client.client_id, (client.registration, client.principal), form)


_Check = Callable[[Tenant, Client, Mapping[str, str]], None]

_CREDENTIALS: Mapping[str, tuple[_Check, str]] = {
    "client_assertion": (_check_assertion, ASSERTION),
    "client_secret": (_check_secret, SECRET),
}
