"""The ways to sign in to a tenant, those that the azuread provider knows too; `credentials` makes something of them.

Values only: a program that may not even sign in loads no client for naming one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from steward.secret import Secret


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
class JobSignIn:
    """An application that trusts the job that this runs in; the forge gives its token at an address, to a bearer."""

    client_id: str
    address: str
    bearer: Secret


@dataclass(frozen=True)
class CliSignIn:
    """The person signed in to Azure CLI."""


@dataclass(frozen=True)
class BrowserSignIn:
    """A person at this machine's browser, with a public client of Microsoft."""

    client_id: str


@dataclass(frozen=True)
class DeviceCodeSignIn:
    """A person at a browser elsewhere; `show` is told the address and the code to enter there."""

    client_id: str
    show: Callable[[str], None]


SignInMethod = (
    SecretSignIn | CertificateSignIn | FederatedSignIn | JobSignIn | CliSignIn | BrowserSignIn | DeviceCodeSignIn
)
