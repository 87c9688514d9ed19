"""The device code flow: a device without a browser shows a code, which a person enters in a browser elsewhere.

Source: learn.microsoft.com, "OAuth 2.0 device authorization grant" (read November 2026): codes live 15 minutes, and
who asks too early is told `authorization_pending`. Nothing on record says that Entra answers `slow_down`.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from sandbox.directory import consent
from sandbox.directory.store import Record
from sandbox.sign_in import dialogue as dialogues
from sandbox.sign_in.authorities import SHARED
from sandbox.sign_in.authorization import Authorization
from sandbox.sign_in.clients import find_client, require_enabled, require_multi_tenant
from sandbox.sign_in.decision import Situation
from sandbox.sign_in.dialogue import Dialogue, Step
from sandbox.sign_in.refusals import SignInError
from sandbox.sign_in.replies import Page, Reply
from sandbox.sign_in.scopes import check_known, read_for_user
from sandbox.sign_in.signed_in import SignedIn, digest, new_secret
from sandbox.tenant import Tenant, Tenants

NAME = "device"
_SECONDS = 900
_INTERVAL = 5
_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ23456789"
_USER_CODE_LENGTH = 9


def start(tenant: Tenant, authority: str, form: Mapping[str, str]) -> dict[str, Any]:
    """Give a device its two codes."""
    client = find_client(tenant.directory, form.get("client_id", ""))
    if authority in SHARED:
        require_multi_tenant(client, authority)
    require_enabled(client)
    asked = read_for_user(tenant, form.get("scope", ""))
    check_known(client, asked)
    device_code = new_secret()
    user_code = "".join(secrets.choice(_ALPHABET) for _ in range(_USER_CODE_LENGTH))
    tenant.directory.device_codes[digest(device_code)] = {
        "client_id": client.client_id,
        "resource": asked.resource.client_id,
        "scope": form["scope"],
        "user_code": digest(user_code),
        "expires": tenant.directory.clock.now().timestamp() + _SECONDS,
        "state": "pending",
        "signed_in": None,
    }
    address = f"{tenant.base_url}/{authority}/oauth2/deviceauth"
    return {
        "user_code": user_code,
        "device_code": device_code,
        "verification_uri": address,
        "expires_in": _SECONDS,
        "interval": _INTERVAL,
        "message": (
            f"To sign in, use a web browser to open the page {address} and enter the code {user_code} to authenticate."
        ),
    }


def begin(tenants: Tenants, user_code: str, situation: Situation, session: SignedIn | None) -> Reply | Dialogue:
    """Take the code that a person enters; a dialogue goes on with signing in."""
    wanted = digest(user_code.strip().upper().replace("-", ""))
    for tenant in tenants:
        now = tenant.directory.clock.now().timestamp()
        for key, held in tenant.directory.device_codes.items():
            if held["user_code"] == wanted and held["state"] == "pending" and now < held["expires"]:
                request = {name: held[name] for name in ("client_id", "resource", "scope")}
                further = {"prompt": "", "consented": False, "confirmed": False, "device_code": key, "state": None}
                by_device = Situation(
                    "mobileAppsAndDesktopClients", situation.address, situation.user_agent, is_device_code=True
                )
                dialogue = dialogues.begin(tenant, NAME, {**request, **further, "platform": None}, by_device)
                dialogues.remember(dialogue, session, None)
                return dialogue
    refusal = SignInError(
        70018, "Invalid verification code due to User typing in wrong user code for device code flow."
    )
    return Page("device_code.html", {"fault": refusal, "given": user_code}, error=refusal)


class DeviceSignIn(Authorization):
    """Signing in for a device."""

    protocol = "deviceCode"

    def further(self, dialogue: Dialogue) -> Step | None:
        """Ask for consent where it is missing, and whether the person means this device's application."""
        _held(dialogue)
        step = super().further(dialogue)
        if step is None and not dialogue.request["confirmed"]:
            return Step.DEVICE
        return step

    def show(self, dialogue: Dialogue, step: Step) -> Page:
        """Show the page of consent, or of the device."""
        if step is Step.CONSENT:
            return super().show(dialogue, step)
        return Page("device.html", {"client": dialogue.client})

    def submit(self, dialogue: Dialogue, step: Step, form: Mapping[str, str]) -> Reply | None:
        """Take the answer; a refusal is what the device is told."""
        if form.get("decision") != "accept":
            _held(dialogue)["state"] = "declined"
            return Page("done.html", {"text": "You have declined. You may close this window."})
        if step is Step.CONSENT:
            return super().submit(dialogue, step, form)
        dialogue.request["confirmed"] = True
        return None

    def finish(self, dialogue: Dialogue) -> Reply:
        """Let the device have its tokens."""
        directory = dialogue.tenant.directory
        dialogue.record["signed_in"]["by_device_code"] = True
        consent.ensure_principal(directory, dialogue.client.client_id, directory.users[dialogue.record["user_id"]])
        _held(dialogue).update(state="approved", signed_in=dialogue.record["signed_in"])
        text = f"You have signed in to {dialogue.client.display_name} on your device. You may close this window."
        return Page("done.html", {"text": text})


def _held(dialogue: Dialogue) -> Record:
    """Get the device's code, or refuse one that has ended, or that somebody has answered already."""
    held = dialogue.tenant.directory.device_codes.get(dialogue.request["device_code"])
    if held is None or held["state"] != "pending":
        raise SignInError(70018, "Invalid verification code: the code has been used already.")
    if dialogue.tenant.directory.clock.now().timestamp() >= held["expires"]:
        raise SignInError(70019, "Verification code expired. Have the user retry the sign-in.")
    return held
