"""A container of blobs that plans wait in for their approval: written by whoever plans, read by whoever applies.

A plan lies under its tenant's name and its hash, and is never written over: with a role that may only add, whoever
plans can neither read what lies there nor change it. What is fetched is believed no more than any other file: the hash
is compared when the plan is applied.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from azure.core.credentials import TokenCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.storage.blob import ContainerClient, ExponentialRetry

from steward.config.clouds import Cloud
from steward.delivery.manifest import MANIFEST, PLAN, make_folder, write_private
from steward.delivery.plan_file import hash_bytes
from steward.errored_state import NAME as ERRORED
from steward.errors import ConfigError, RefusedError, StewardError, UnreadableError

T = TypeVar("T")
_KEPT = (PLAN, MANIFEST)
_LARGEST = 64 * 1024 * 1024
_CONNECTION_SECONDS, _ANSWER_SECONDS = 10, 60
_ROLES = (
    "who plans needs Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action on the container, "
    "who applies that and .../blobs/read; and the account's firewall has to admit this machine"
)


class PlanStore:
    """One container, by its address."""

    def __init__(self, address: str, credential: TokenCredential, cloud: Cloud, *, attempts: int = 4) -> None:
        self._address = address.rstrip("/")
        try:
            self._container = ContainerClient.from_container_url(
                self._address,
                credential=credential,
                connection_verify=str(cloud.ca_file) if cloud.ca_file else True,
                connection_timeout=_CONNECTION_SECONDS,
                read_timeout=_ANSWER_SECONDS,
                retry_policy=ExponentialRetry(initial_backoff=1, increment_base=2, retry_total=attempts - 1),
            )
        except ValueError as error:
            raise ConfigError(
                f"{address} is no container of blobs",
                why=str(error),
                next_move="write https://<account>.blob.core.windows.net/<container>",
            ) from None

    def put(self, tenant: str, folder: Path, sha256: str) -> bool:
        """Put a plan and its manifest there; return whether they were new. The manifest comes last."""
        contents = [(name, _read(folder / name)) for name in _KEPT]
        if hash_bytes(contents[0][1]) != sha256:
            raise RefusedError(
                f"{folder / PLAN} is another plan than its manifest says",
                why="it was changed after it was made",
                next_move="plan again",
            )
        added = [self._add(f"{tenant}/{sha256}/{name}", content) for name, content in contents]
        return any(added)

    def fetch(self, tenant: str, sha256: str, folder: Path) -> None:
        """Bring a plan and its manifest into a folder for their owner alone."""
        contents = [(name, self._get(f"{tenant}/{sha256}/{name}")) for name in _KEPT]
        make_folder(folder)
        for name, content in contents:
            write_private(folder / name, content)

    def keep_state(self, tenant: str, folder: Path) -> str | None:
        """Keep a state that an apply could not write, and return its name there; None where there is none."""
        file = folder / ERRORED
        if not file.exists():
            return None
        content = _read(file)
        name = f"{tenant}/errored/{hash_bytes(content)}.tfstate"
        self._add(name, content)
        return name

    def _add(self, name: str, content: bytes) -> bool:
        try:
            self._ask(lambda: self._container.upload_blob(name, content, overwrite=False, max_concurrency=1))
        except ResourceExistsError:
            # Its name is its hash: what lies there is the same, or is refused when it is applied.
            return False
        return True

    def _get(self, name: str) -> bytes:
        def read() -> bytes:
            download = self._container.download_blob(name, max_concurrency=1)
            if download.size > _LARGEST:
                raise RefusedError(
                    f"{name} is larger than a plan is",
                    why=f"{download.size:,} bytes",
                    next_move="nothing was touched: plan again, and have the new plan approved",
                )
            return bytes(download.readall())

        try:
            return self._ask(read)
        except ResourceNotFoundError:
            raise RefusedError(
                f"{self._address} holds no {name}",
                why="the plan was never put there, or was deleted since",
                next_move="nothing was touched: plan again, and have the new plan approved",
            ) from None

    def _ask(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except (ResourceExistsError, ResourceNotFoundError):
            raise
        except AzureError as error:
            raise self._failure(error) from None

    def _failure(self, error: AzureError) -> StewardError:
        if isinstance(error, HttpResponseError) and not isinstance(error, ClientAuthenticationError):
            code = getattr(error, "error_code", None) or error.reason or ""
            why = f"{error.status_code} {getattr(code, 'value', code)}"
        else:
            why = " ".join(str(error.message).split())[:300]
        if isinstance(error, ClientAuthenticationError) or getattr(error, "status_code", None) in {401, 403}:
            return RefusedError(f"{self._address} refuses this identity", why=why, next_move=_ROLES)
        return UnreadableError(f"{self._address} cannot be used", why=why, next_move="run it again once it answers")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be read", why=error.strerror or str(error), next_move="run scripts/plan.py first"
        ) from None
