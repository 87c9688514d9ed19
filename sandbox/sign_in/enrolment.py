"""Enrolling a second factor as the person who holds a Temporary Access Pass would, without a browser.

The control interface calls it. The policies for the user action of registering hold as on the page for it.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.directory import methods, passes, security_info
from sandbox.directory.passes import PassError
from sandbox.directory.store import Directory, Record
from sandbox.errors import GraphError
from sandbox.sign_in.credentials import pass_method
from sandbox.sign_in.decision import Situation, judge
from sandbox.sign_in.refusals import SignInError

_REFUSED = 53010  # AADSTS: a second factor cannot be registered
_ADDRESS = "127.0.0.1"  # the sandbox's own, which control requests come from

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
        raise PassError(50034, f"The user account {login} does not exist in the directory.")
    if not user["accountEnabled"]:
        raise PassError(50057, "The user account is disabled.")
    if method not in _ENROLLED:
        raise PassError(_REFUSED, f"The method '{method}' cannot be registered; known: {', '.join(_ENROLLED)}.")
    access_pass = passes.require_usable(directory, user, code)
    situation = Situation(address=_ADDRESS, is_registration=True)
    try:
        judge(directory, user, (), (pass_method(access_pass),), situation).require_met()
    except SignInError as refusal:
        raise PassError(refusal.code, refusal.text) from refusal
    try:
        enrolled = methods.register(directory, user, method, _ENROLLED[method], security_info.himself(user))
    except GraphError as refusal:
        raise PassError(_REFUSED, refusal.message) from refusal
    passes.use(access_pass)
    return methods.render(directory, user, enrolled)
