"""Terraform's backends: which settings are secrets, which give each tenant a state of its own, and what locks it.

A tenant file is committed and its stack is synthesized to disk, so no secret stands in it. Every backend reads its
secrets from the environment: https://developer.hashicorp.com/terraform/language/backend
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlsplit

from steward.config.problem import Problem

Settings = Mapping[str, str | int | bool]

_ANY_ENGINE = ">= 1.5"
# The S3 backend takes `use_lockfile` from Terraform and OpenTofu 1.10 on.
_ENGINE_WITH_LOCK_FILES = ">= 1.10"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_UNLOCKED = "two runs at once would write over each other, and what one of them made would be in no state"


def _no_problem(_: Mapping[str, object]) -> Iterator[Problem]:
    yield from ()


def _judge_s3(settings: Mapping[str, object]) -> Iterator[Problem]:
    if settings.get("use_lockfile") is False and not settings.get("dynamodb_table"):
        yield Problem(("backend", "s3", "use_lockfile"), "leaves the state without a lock", _UNLOCKED, "leave it out")


def _judge_consul(settings: Mapping[str, object]) -> Iterator[Problem]:
    if settings.get("lock") is False:
        yield Problem(("backend", "consul", "lock"), "leaves the state without a lock", _UNLOCKED, "leave it out")


def _judge_http(settings: Mapping[str, object]) -> Iterator[Problem]:
    for name in ("address", "lock_address", "unlock_address"):
        key = ("backend", "http", name)
        if name not in settings:
            why = _UNLOCKED if name != "address" else "each tenant has a state of its own"
            yield Problem(key, "is missing", why, "add it; for GitLab the lock's address is the state's, with /lock")
        elif not _is_private(settings[name]):
            yield Problem(
                key, "is not encrypted", "a state holds values in clear", "write https; http is for this machine only"
            )
    if settings.get("skip_cert_verification") is True:
        yield Problem(
            ("backend", "http", "skip_cert_verification"),
            "lets anybody take the backend's place",
            "whoever answers gets the state, and gives another one",
            "leave it out; an authority of your own is trusted through SSL_CERT_FILE",
        )


def _judge_cloud(settings: Mapping[str, object]) -> Iterator[Problem]:
    if "organization" not in settings:
        yield Problem(("backend", "cloud", "organization"), "is missing", "a workspace is an organization's", "add it")
    for name in settings:
        if name not in {"organization", "hostname", "workspace", "project", "token"}:
            yield Problem(
                ("backend", "cloud", name),
                "is no setting of HCP Terraform's block",
                "",
                "the settings here are organization, workspace, project and hostname",
            )


def _is_private(address: object) -> bool:
    try:
        parts = urlsplit(str(address))
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


@dataclass(frozen=True)
class _Kind:
    """One backend: its secrets with the variables that take them, and what makes a state the tenant's own.

    `own` is the setting that is each tenant's own, with its default, in which `{name}` is the tenant's name.
    `place` are the settings that say together where a state lies.
    """

    secrets: Mapping[str, str]
    own: tuple[str, str] | None
    place: tuple[str, ...]
    defaults: Settings = field(default_factory=dict)
    judge: Callable[[Mapping[str, object]], Iterator[Problem]] = _no_problem


_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "azurerm": _Kind(
            secrets={
                "access_key": "ARM_ACCESS_KEY",
                "sas_token": "ARM_SAS_TOKEN",
                "client_secret": "ARM_CLIENT_SECRET",
                "client_certificate": "ARM_CLIENT_CERTIFICATE",
                "client_certificate_password": "ARM_CLIENT_CERTIFICATE_PASSWORD",
                "oidc_token": "ARM_OIDC_TOKEN",
                "oidc_request_token": "ARM_OIDC_REQUEST_TOKEN",
            },
            own=("key", "cirasync/{name}.tfstate"),
            place=("environment", "storage_account_name", "container_name", "key"),
        ),
        "cloud": _Kind(
            secrets={"token": "TF_TOKEN_app_terraform_io"},
            own=("workspace", "cirasync-{name}"),
            place=("hostname", "organization", "workspace"),
            judge=_judge_cloud,
        ),
        "consul": _Kind(
            secrets={"access_token": "CONSUL_HTTP_TOKEN", "http_auth": "CONSUL_HTTP_AUTH"},
            own=("path", "cirasync/{name}"),
            place=("address", "datacenter", "path"),
            judge=_judge_consul,
        ),
        "gcs": _Kind(
            secrets={
                "credentials": "GOOGLE_BACKEND_CREDENTIALS",
                "access_token": "GOOGLE_OAUTH_ACCESS_TOKEN",
                "encryption_key": "GOOGLE_ENCRYPTION_KEY",
            },
            own=("prefix", "cirasync/{name}"),
            place=("bucket", "prefix"),
        ),
        "http": _Kind(
            secrets={
                "password": "TF_HTTP_PASSWORD",
                "client_private_key_pem": "TF_HTTP_CLIENT_PRIVATE_KEY_PEM",
            },
            own=None,
            place=("address",),
            judge=_judge_http,
        ),
        # PostgreSQL takes any text for a schema's name; without hyphens nobody has to quote it.
        "pg": _Kind(secrets={}, own=("schema_name", "cirasync_{identifier}"), place=("conn_str", "schema_name")),
        "s3": _Kind(
            secrets={
                "access_key": "AWS_ACCESS_KEY_ID",
                "secret_key": "AWS_SECRET_ACCESS_KEY",
                "token": "AWS_SESSION_TOKEN",
                "sse_customer_key": "AWS_SSE_CUSTOMER_KEY",
            },
            own=("key", "cirasync/{name}.tfstate"),
            place=("endpoint", "bucket", "key"),
            defaults={"encrypt": True},
            judge=_judge_s3,
        ),
    }
)
KINDS = tuple(_KINDS)
# Where a secret inside an address or a connection string goes.
_PASSWORD_ENVIRONMENT = MappingProxyType({"pg": "PGPASSWORD", "http": "TF_HTTP_PASSWORD"})

_SETTING_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SECRET_NAME = re.compile(r"(password|passwd|secret|token|private_key|private_key_pem|access_key|credentials)$")
_PASSWORD_IN_TEXT = re.compile(r"(^|[\s?&;])(password|passwd|pwd|sslpassword|sig)\s*=", re.IGNORECASE)


def complete_settings(kind: str, settings: Settings, tenant_name: str) -> dict[str, str | int | bool]:
    """Return the settings with what a tenant file may leave out: the state's own key, its lock, its encryption."""
    known = _KINDS[kind]
    completed = {**known.defaults, **settings}
    if known.own is not None:
        name, default = known.own
        completed.setdefault(name, default.format(name=tenant_name, identifier=tenant_name.replace("-", "_")))
    if kind == "s3" and "dynamodb_table" not in completed:
        completed.setdefault("use_lockfile", True)
    return completed


def state_place(kind: str, settings: Settings) -> tuple[object, ...]:
    """Return where a state lies, for comparison: two tenants must not have the same place."""
    return (kind, *(settings.get(name) for name in _KINDS[kind].place))


def required_engine(kind: str, settings: Settings) -> str:
    """Return the versions of Terraform and OpenTofu that serve with these settings, as `required_version` has them."""
    return _ENGINE_WITH_LOCK_FILES if kind == "s3" and settings.get("use_lockfile") else _ANY_ENGINE


def judge_backend(kind: str, settings: Mapping[str, object]) -> Iterator[Problem]:
    """Find the settings that are secrets, without repeating their values, and those that leave a state unguarded."""
    for name, value in settings.items():
        key = ("backend", kind, name)
        variable = _KINDS[kind].secrets.get(name)
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
    yield from _KINDS[kind].judge(settings)


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
