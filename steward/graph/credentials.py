"""How a program signs in to the tenant, in the ways that the azuread provider knows too."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azure.core.credentials import TokenCredential
from azure.identity import (
    AzureCliCredential,
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
)

from steward.config.clouds import Cloud
from steward.errors import ConfigError
from steward.secret import Secret

# Left to itself the library waits 300 seconds for either, four times over.
_CONNECTION_SECONDS, _ANSWER_SECONDS = 10, 20


@dataclass(frozen=True)
class SecretSignIn:
    """An application with a client secret."""

    client_id: str
    client_secret: Secret


@dataclass(frozen=True)
class CertificateSignIn:
    """An application with a certificate and its private key in a PEM or PKCS#12 file."""

    client_id: str
    certificate: Path
    password: Secret | None = None


@dataclass(frozen=True)
class FederatedSignIn:
    """An application that trusts a pipeline's identity token, asked for anew at each sign-in."""

    client_id: str
    read_token: Callable[[], Secret]


@dataclass(frozen=True)
class CliSignIn:
    """The person signed in to Azure CLI."""


SignInMethod = SecretSignIn | CertificateSignIn | FederatedSignIn | CliSignIn


def open_credential(cloud: Cloud, tenant_id: str, method: SignInMethod) -> TokenCredential:
    """Return the azure-identity credential for `method` in the tenant; nothing is sent before a token is asked for."""
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
        case FederatedSignIn():
            return ClientAssertionCredential(
                tenant_id, method.client_id, lambda: method.read_token().reveal(), **options
            )
        case CliSignIn():
            return AzureCliCredential(tenant_id=tenant_id)


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
