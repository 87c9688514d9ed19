"""Refusals in the words and shapes of Azure Key Vault.

Sources, read November 2026: learn.microsoft.com, "Azure Key Vault REST API error codes", "Authentication, requests and
responses" and "Azure Key Vault soft-delete overview"; the texts as clients have quoted them in threads.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any


class VaultError(Exception):
    """A refusal with its HTTP status, code and message; `inner` is the code that tells more."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        inner: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.inner = inner
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """Write the refusal as Key Vault does."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.inner is not None:
            error["innererror"] = {"code": self.inner}
        return {"error": error}


def bad_parameter(message: str) -> VaultError:
    """Refuse a request whose content is wrong."""
    return VaultError(HTTPStatus.BAD_REQUEST, "BadParameter", message)


def not_found(name: str) -> VaultError:
    """Refuse a request for a secret that the vault does not have."""
    return VaultError(
        HTTPStatus.NOT_FOUND,
        "SecretNotFound",
        f"A secret with (name/id) {name} was not found in this key vault. If you recently deleted this secret you may "
        "be able to recover it using the correct recovery command.",
    )


def in_recycle_bin(name: str) -> VaultError:
    """Refuse a name that a deleted secret still has (409)."""
    return VaultError(
        HTTPStatus.CONFLICT,
        "Conflict",
        f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, "
        "the secret can only be recovered or purged.",
        inner="ObjectIsDeletedButRecoverable",
    )


def not_emulated(what: str) -> VaultError:
    """Refuse what Key Vault knows and this sandbox does not have."""
    return VaultError(HTTPStatus.NOT_IMPLEMENTED, "notImplemented", f"The sandbox does not emulate {what}.")
