"""Enrolling a second factor as the person who holds a Temporary Access Pass would, without a browser."""

from collections.abc import Mapping
from typing import Any

from sandbox.directory import methods, passes
from sandbox.directory.passes import EnrolmentError
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import GraphError

_SECURITY_INFO = "19db86c3-b2b9-44cc-b339-36da233a3be2"  # the client id of Microsoft's page "My Security Info"
_REFUSED = 53010  # AADSTS: a second factor cannot be registered

# What each kind of method shows once it is enrolled.
_ENROLLED: Mapping[str, Mapping[str, Any]] = {
    "fido2": {
        "aaGuid": "cb69481e-8ff7-4039-93ec-0a2729a154a8",
        "attestationCertificates": [],
        "attestationLevel": "attested",
        "displayName": "Security key",
        "model": "Security key of the sandbox",
        "passkeyType": "deviceBound",
    },
    "microsoftAuthenticator": {
        "deviceTag": "SoftwareTokenActivated",
        "displayName": "Phone",
        "phoneAppVersion": "6.2409.6094",
    },
    "softwareOath": {"secretKey": None},
}


def enrol(directory: Directory, login: str, code: str, method: str) -> Record:
    """Register a second factor, which uses up a one-time pass; tells how Entra refuses the sign-in."""
    user = directory.find_user(login)
    if user is None:
        raise EnrolmentError(50034, f"The user account {login} does not exist in the directory.")
    if not user["accountEnabled"]:
        raise EnrolmentError(50057, "The user account is disabled.")
    if method not in _ENROLLED:
        raise EnrolmentError(_REFUSED, f"The method '{method}' cannot be registered; known: {', '.join(_ENROLLED)}.")
    access_pass = passes.require_usable(directory, user, code)
    himself = Caller(
        _SECURITY_INFO, user["id"], "My Security Info", user_id=user["id"], login=user["userPrincipalName"]
    )
    try:
        enrolled = methods.register(directory, user, method, _ENROLLED[method], himself)
    except GraphError as refusal:
        raise EnrolmentError(_REFUSED, refusal.message) from refusal
    passes.use(access_pass)
    return methods.render(directory, user, enrolled)
