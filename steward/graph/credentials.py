"""How a program signs in to the tenant, in the ways that the azuread provider knows too."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from azure.core.credentials import AccessToken, TokenCredential
from azure.identity import (
    AzureCliCredential,
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    DeviceCodeCredential,
    InteractiveBrowserCredential,
)

from steward.config.clouds import Cloud
from steward.errors import ConfigError
from steward.graph.job_token import request_job_token
from steward.graph.persons_sign_in import SignInTransport
from steward.graph.sign_in_methods import (
    BrowserSignIn,
    CertificateSignIn,
    CliSignIn,
    DeviceCodeSignIn,
    FederatedSignIn,
    JobSignIn,
    SecretSignIn,
    SignInMethod,
)

# Left to itself the library waits 300 seconds for either, four times over.
_CONNECTION_SECONDS, _ANSWER_SECONDS = 10, 20
_RENEWED_BEFORE_SECONDS = 300


def open_credential(
    cloud: Cloud, tenant_id: str, method: SignInMethod, *, announce: Callable[[str], None] = lambda _: None
) -> TokenCredential:
    """Return the azure-identity credential for `method` in the tenant; nothing is sent before a token is asked for.

    `announce` is told when a person's sign-in has to wait for what was consented to.
    """
    options: dict[str, Any] = {
        "authority": cloud.authority,
        "connection_timeout": _CONNECTION_SECONDS,
        "read_timeout": _ANSWER_SECONDS,
    }
    if cloud.ca_file is not None:
        options["connection_verify"] = str(cloud.ca_file)
        # A sandbox is in no public list of authorities; it is trusted because the tenant file names it and its CA.
        options["disable_instance_discovery"] = True
    match method:
        case SecretSignIn():
            return ClientSecretCredential(tenant_id, method.client_id, method.client_secret.reveal(), **options)
        case CertificateSignIn():
            return _open_certificate(tenant_id, method, options)
        case FederatedSignIn() | JobSignIn():
            return _open_federated(tenant_id, method, options)
        case CliSignIn():
            return _OneSignIn(AzureCliCredential(tenant_id=tenant_id))
        case BrowserSignIn():
            options["transport"] = SignInTransport(announce, **options)
            return _OneSignIn(InteractiveBrowserCredential(tenant_id=tenant_id, client_id=method.client_id, **options))
        case DeviceCodeSignIn():

            def show(address: str, code: str, _: datetime) -> None:
                method.show(f"open {address} and enter the code {code}")

            options["transport"] = SignInTransport(announce, **options)
            return _OneSignIn(
                DeviceCodeCredential(tenant_id=tenant_id, client_id=method.client_id, prompt_callback=show, **options)
            )


def is_a_persons(credential: TokenCredential) -> bool:
    """Return whether a person signs in with the credential, and no application."""
    return isinstance(credential, _OneSignIn)


def _open_federated(
    tenant_id: str, method: FederatedSignIn | JobSignIn, options: dict[str, Any]
) -> ClientAssertionCredential:
    def ask() -> str:
        if isinstance(method, JobSignIn):
            return request_job_token(method.address, method.bearer).reveal()
        return method.read_token().reveal()

    return ClientAssertionCredential(tenant_id, method.client_id, ask, **options)


class _OneSignIn:
    """A person's credential that asks once for each token.

    azure-identity keeps tokens with and without continuous access evaluation apart, and the SDK asks for them with it:
    whoever signed in for the one would have to sign in again for the other. Azure CLI's it does not keep at all, and
    starts the program for every request.
    """

    def __init__(self, credential: TokenCredential) -> None:
        self._credential = credential
        self._kept: dict[tuple[str, ...], AccessToken] = {}

    def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,  # noqa: ARG002  # the protocol's signature, and the reason for this class
        **options: Any,
    ) -> AccessToken:
        """Return a token, which the person is asked for at first and renewed silently after that."""
        kept = self._kept.get(scopes)
        if kept is None or claims or kept.expires_on - time.time() < _RENEWED_BEFORE_SECONDS:
            kept = self._credential.get_token(*scopes, claims=claims, tenant_id=tenant_id, **options)
            self._kept[scopes] = kept
        return kept


def _open_certificate(tenant_id: str, method: CertificateSignIn, options: dict[str, Any]) -> TokenCredential:
    password = method.password.reveal() if method.password else None
    try:
        return CertificateCredential(tenant_id, method.client_id, str(method.certificate), password=password, **options)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"the certificate {method.certificate} cannot be used",
            why=str(error).splitlines()[0],
            next_move="name a PEM or PKCS#12 file with its private key, and give its password if it has one",
        ) from None
