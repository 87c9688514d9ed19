"""Settings of Terraform's backends that are secrets, and where each is passed instead.

A tenant file is committed and its stack is synthesized to disk, so no secret stands in it. Every backend reads its
secrets from the environment: https://developer.hashicorp.com/terraform/language/backend
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from steward.config.problem import Problem

_ENVIRONMENT: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "azurerm": {
            "access_key": "ARM_ACCESS_KEY",
            "sas_token": "ARM_SAS_TOKEN",
            "client_secret": "ARM_CLIENT_SECRET",
            "client_certificate": "ARM_CLIENT_CERTIFICATE",
            "client_certificate_password": "ARM_CLIENT_CERTIFICATE_PASSWORD",
            "oidc_token": "ARM_OIDC_TOKEN",
            "oidc_request_token": "ARM_OIDC_REQUEST_TOKEN",
        },
        "consul": {"access_token": "CONSUL_HTTP_TOKEN", "http_auth": "CONSUL_HTTP_AUTH"},
        "gcs": {
            "credentials": "GOOGLE_BACKEND_CREDENTIALS",
            "access_token": "GOOGLE_OAUTH_ACCESS_TOKEN",
            "encryption_key": "GOOGLE_ENCRYPTION_KEY",
        },
        "http": {
            "password": "TF_HTTP_PASSWORD",
            "client_private_key_pem": "TF_HTTP_CLIENT_PRIVATE_KEY_PEM",
        },
        "pg": {},
        "s3": {
            "access_key": "AWS_ACCESS_KEY_ID",
            "secret_key": "AWS_SECRET_ACCESS_KEY",
            "token": "AWS_SESSION_TOKEN",
            "sse_customer_key": "AWS_SSE_CUSTOMER_KEY",
        },
    }
)
# Where a secret inside an address or a connection string goes.
_PASSWORD_ENVIRONMENT = MappingProxyType({"pg": "PGPASSWORD", "http": "TF_HTTP_PASSWORD"})

_SETTING_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SECRET_NAME = re.compile(r"(password|passwd|secret|token|private_key|private_key_pem|access_key|credentials)$")
_PASSWORD_IN_TEXT = re.compile(r"(^|[\s?&;])(password|passwd|pwd|sslpassword|sig)\s*=", re.IGNORECASE)


def judge_backend(kind: str, settings: Mapping[str, object]) -> Iterator[Problem]:
    """Find the settings that are secrets, without repeating their values."""
    for name, value in settings.items():
        key = ("backend", kind, name)
        variable = _ENVIRONMENT[kind].get(name)
        if not _SETTING_NAME.fullmatch(name):
            yield Problem(key, "is no name of a setting", "letters a to z, digits and underscores make one")
        elif variable or _SECRET_NAME.search(name):
            yield _secret(key, "is a secret", variable or f"the environment variable of the {kind} backend for it")
        elif isinstance(value, str) and _has_password(value):
            yield _secret(
                key,
                "has a password in it",
                _PASSWORD_ENVIRONMENT.get(kind, f"the environment variables of the {kind} backend"),
            )


def _secret(key: tuple[str, ...], what: str, where: str) -> Problem:
    return Problem(
        key,
        what,
        "tenant files are committed, and Terraform copies a backend's settings to disk",
        f"take it out and pass it in the environment: {where}",
    )


def _has_password(value: str) -> bool:
    try:
        return bool(urlsplit(value).password) or bool(_PASSWORD_IN_TEXT.search(value))
    except ValueError:
        return "@" in value  # an address that cannot be taken apart may hide one
