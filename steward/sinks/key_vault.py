"""The sink that is one secret in an Azure Key Vault, `<prefix>-<tenant id>`, with a version for each delivery.

The name says nothing about what it holds; content type and tags do. The running identity sets secrets and reads their
properties, and never reads a value back. Which password the account has is kept in a tag: the moment at which the
tenant says that the password was changed.
"""

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from typing import TypeVar

from azure.core.credentials import TokenCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.keyvault.secrets import SecretClient, SecretProperties
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from steward.config.clouds import Cloud
from steward.errors import FinalRefusalError
from steward.facts import DeliveryState, Reading, SinkState, Unreadable
from steward.secret import Secret
from steward.sinks.masking import veil
from steward.sinks.sink import Label, SecretKind

T = TypeVar("T")
_CONTENT_TYPES = {
    SecretKind.PASSWORD: "password of an account in Microsoft Entra ID",
    SecretKind.PASS: "one-time Temporary Access Pass for Microsoft Entra ID",
}
_KIND, _LOGIN, _ACCOUNT, _TENANT, _SET = "kind", "login", "account-id", "tenant", "password-changed"
_PERMISSION = (
    "give this identity the role Key Vault Secrets Officer on the vault, or a role with setSecret, update and "
    "readMetadata on its secrets; and let the vault's firewall admit this machine"
)
# The library's own retries wait as long as the service says; a run with an account half opened cannot.
_CONNECTION_SECONDS, _ANSWER_SECONDS, _ATTEMPTS, _LONGEST_WAIT = 10, 20, 4, 8
_ACTION = re.compile(r"Action: '([\w./]+)'")
_NOTHING = Secret("")


class KeyVaultSink:
    """One secret of one vault, written with the running identity's credential."""

    keeps_record = True

    def __init__(
        self, *, vault: str, prefix: str, tenant_name: str, tenant_id: str, cloud: Cloud, credential: TokenCredential
    ) -> None:
        self._where = f"{vault}/secrets/{prefix}-{tenant_id}"
        self._name = f"{prefix}-{tenant_id}"
        self._tenant = tenant_name
        self._tags: dict[str, dict[str, str]] = {}
        self._client = SecretClient(
            vault,
            credential,
            # A sandbox's vault answers at the sandbox's address, which the resource of a token does not name.
            verify_challenge_resource=cloud.vault_suffix is not None,
            connection_verify=str(cloud.ca_file) if cloud.ca_file else True,
            connection_timeout=_CONNECTION_SECONDS,
            read_timeout=_ANSWER_SECONDS,
            retry_total=0,
        )

    async def deliver(self, label: Label, secret: Secret) -> str:
        """Make a version of the secret, and return the version."""
        tags = {
            _KIND: label.kind.value,
            _LOGIN: label.login,
            _ACCOUNT: label.account_id,
            _TENANT: self._tenant,
        }

        def put() -> str:
            made = self._client.set_secret(
                self._name,
                secret.reveal(),
                content_type=_CONTENT_TYPES[label.kind],
                tags=tags,
                expires_on=label.ends,
            )
            return made.properties.version or ""

        try:
            receipt = await _ask(put)
        except (AzureError, ValueError) as error:
            raise FinalRefusalError(
                f"the sink did not take {label.name}",
                why=f"{self._where}: {_describe(error, secret)}",
                next_move=_next_move(error),
            ) from None
        self._tags[receipt] = tags
        return receipt

    async def confirm(self, receipt: str, password_changed: datetime) -> None:
        """Tag the version with the moment of the change that it set."""

        def tag() -> None:
            # The tags that are sent replace the ones that are there.
            tags = {**self._tags[receipt], _SET: password_changed.isoformat()}
            self._client.update_secret_properties(self._name, receipt, tags=tags)

        try:
            await _ask(tag)
        except (AzureError, ValueError) as error:
            raise FinalRefusalError(
                "the sink did not note which password the account has",
                why=f"{self._where}: {_describe(error, _NOTHING)}",
                next_move=_next_move(error),
            ) from None

    async def probe(self) -> Reading[SinkState]:
        """Read the properties of the secret's versions: reachable, signed in and permitted to read; no more is told."""
        try:
            await _ask(self._versions)
        except (AzureError, ValueError) as error:
            why = _describe(error, _NOTHING)
            if _is_refusal(error):
                return SinkState(self._where, why, _next_move(error))
            return Unreadable(self._where, why)
        return SinkState(self._where)

    async def read_delivery(self, account_id: str) -> Reading[DeliveryState]:
        """Read the tag of the newest password that was delivered for the account."""
        try:
            versions = await _ask(self._versions)
        except (AzureError, ValueError) as error:
            return Unreadable(self._where, _describe(error, _NOTHING))
        delivered = [
            (each.created_on, (each.tags or {}).get(_SET, ""))
            for each in versions
            if (each.tags or {}).get(_KIND) == SecretKind.PASSWORD
            and (each.tags or {}).get(_ACCOUNT) == account_id
            and each.enabled
            and each.created_on is not None
        ]
        newest = max(delivered, default=None)
        password_changed = None
        if newest is not None:
            # Whoever edits tags by hand may write anything into one.
            with suppress(ValueError):
                password_changed = datetime.fromisoformat(newest[1])
        return DeliveryState(password_changed)

    def _versions(self) -> list[SecretProperties]:
        try:
            return list(self._client.list_properties_of_secret_versions(self._name))
        except ResourceNotFoundError:
            return []


async def _ask(question: Callable[[], T]) -> T:
    """Ask the vault in a thread, again a few times where it did not answer; setting twice leaves one version more."""
    attempts = Retrying(
        stop=stop_after_attempt(_ATTEMPTS),
        wait=wait_exponential(multiplier=0.5, max=_LONGEST_WAIT),
        retry=retry_if_exception(_is_passing),
        reraise=True,
    )
    return await asyncio.to_thread(attempts, question)


def _is_passing(error: BaseException) -> bool:
    if isinstance(error, ServiceRequestError | ServiceResponseError):
        return True
    status = error.status_code if isinstance(error, HttpResponseError) else None
    return status is not None and (status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR)


def _is_refusal(error: Exception) -> bool:
    """Return whether the vault or the sign-in said no, rather than nothing."""
    return isinstance(error, ClientAuthenticationError | ValueError) or (
        isinstance(error, HttpResponseError) and not _is_passing(error)
    )


def _describe(error: Exception, secret: Secret) -> str:
    if isinstance(error, HttpResponseError) and error.error is not None:
        inner = getattr(error.error, "innererror", None) or {}
        code = inner.get("code") or error.error.code
        # A refusal by Azure roles tells in many lines which action it is about.
        action = _ACTION.search(error.error.message or "")
        what = f"not permitted: {action[1]}" if action else error.error.message
        return veil(f"{error.status_code} {code}: {what}", secret)
    return veil(str(error).partition("\n")[0], secret)


def _next_move(error: Exception) -> str:
    status = error.status_code if isinstance(error, HttpResponseError) else None
    if status == HTTPStatus.CONFLICT:
        return "recover or purge the deleted secret, or choose another sink.key_vault.secret_prefix"
    if status == HTTPStatus.FORBIDDEN:
        return _PERMISSION
    if isinstance(error, ClientAuthenticationError):
        return "name a vault of this tenant: the identity signs in to no other one"
    return "see that sink.key_vault.vault is right and that the vault can be reached, then run again"
