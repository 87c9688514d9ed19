"""The kinds of sink: which one a tenant file asks for, and what it is opened with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from azure.core.credentials import TokenCredential

from steward.config import model
from steward.config.model import Tenant
from steward.sinks.command import CommandSink
from steward.sinks.file import FolderSink
from steward.sinks.key_vault import KeyVaultSink
from steward.sinks.sink import Sink


@dataclass(frozen=True)
class Means:
    """What a program has for its sinks: the running identity's credential, and the environment of programs."""

    credential: TokenCredential = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)


def _open_file(wanted: model.FileSink, tenant: Tenant, means: Means) -> Sink:
    del tenant, means
    return FolderSink(wanted.folder)


def _open_key_vault(wanted: model.KeyVaultSink, tenant: Tenant, means: Means) -> Sink:
    return KeyVaultSink(
        vault=wanted.vault,
        prefix=wanted.secret_prefix,
        tenant_name=tenant.name,
        tenant_id=tenant.tenant.id,
        cloud=tenant.tenant.cloud,
        credential=means.credential,
    )


def _open_command(wanted: model.CommandSink, tenant: Tenant, means: Means) -> Sink:
    del tenant
    return CommandSink(wanted.words, wanted.timeout_seconds, means.environment)


KINDS: Mapping[type[Any], Callable[[Any, Tenant, Means], Sink]] = MappingProxyType(
    {
        model.FileSink: _open_file,
        model.KeyVaultSink: _open_key_vault,
        model.CommandSink: _open_command,
    }
)


def open_sink(tenant: Tenant, means: Means) -> Sink | None:
    """Return the tenant's sink, None where the file names none because nothing is to be delivered."""
    return KINDS[type(tenant.sink)](tenant.sink, tenant, means) if tenant.sink else None
