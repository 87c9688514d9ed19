"""The person of a rehearsal whose tenant is consented to in a browser: a whole first sign-in, in a real Chromium.

Enrols an authenticator with the first pass, consents with the second, and signs in to the application; each is done at
the sandbox's pages, in private windows.
"""

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from scripts.rehearsal.chromium import Window, open_chromium
from scripts.rehearsal.person import CHALLENGE, LOOPBACK, Person, open_client, redeem
from scripts.rehearsal.tenant_file import LOGIN, REDIRECT_URI
from steward.errors import RefusedError
from steward.wellknown.clients import AZURE_CLI

_NOTE = Path(__file__).resolve().parent / "noted_address.py"
# What the log tells apart: the sign-in for the consent, and the first one to the application.
_APART_SECONDS = 5


def opener_for(note: Path) -> dict[str, str]:
    """Return the variable that makes a file what a program opens in a browser."""
    words = (sys.executable, str(_NOTE), str(note))
    return {"BROWSER": f"{' '.join(shlex.quote(word) for word in words)} %s"}


@dataclass
class ConsentingPerson(Person):
    """Somebody who takes the passes from the sink's folder and goes where the program says that one should consent."""

    @property
    def opener(self) -> dict[str, str]:
        """Return the variable by which the program's address reaches this person."""
        return opener_for(self._note)

    @property
    def _note(self) -> Path:
        return self.sink / "consent.address"

    def _live(self) -> None:
        sandbox = self.scene.sandbox
        self._note.unlink(missing_ok=True)
        with open_chromium(sandbox.base_url, sandbox.ca_file, self.scene.control) as chromium:
            if not self._wait_for(lambda: len(self._passes()) == 1 and self._account()["accountEnabled"]):
                return
            with chromium.private_window() as window:
                window.open(f"{sandbox.base_url}/{sandbox.tenant_id}/security-info")
                window.sign_in(LOGIN, self._passes()[0])
                window.enrol()
            if not self._wait_for(lambda: len(self._passes()) > 1 and self._note.exists()):
                return
            self._let_pass()
            with chromium.private_window() as window:
                window.open(self._note.read_text(encoding="utf-8"))
                window.sign_in(LOGIN, self._passes()[-1])
                window.decide("accept")
                self.scene.control.advance_clock(_APART_SECONDS)
                self._use(window)

    def _use(self, window: Window) -> None:
        """Sign in to the application, and be given a token for Microsoft Graph, which may outlive the window."""
        self._authorize(window, self._application()["appId"], REDIRECT_URI, "User.Read")
        scope = f"{self.scene.sandbox.base_url}/.default"
        code = self._authorize(window, AZURE_CLI, LOOPBACK, scope)
        with open_client(self.scene.sandbox.base_url, self.scene.sandbox.ca_file) as client:
            redeem(client, self.scene.sandbox.tenant_id, code, scope)

    def _authorize(self, window: Window, client_id: str, redirect_uri: str, scope: str) -> str:
        asked = {
            "client_id": client_id,
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "scope": scope,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        sandbox = self.scene.sandbox
        window.open(f"{sandbox.base_url}/{sandbox.tenant_id}/oauth2/v2.0/authorize?{urlencode(asked)}")
        if "code" not in window.arrived_with:
            raise RefusedError("the person did not arrive at the application", why=" ".join(window.words.split()))
        return window.arrived_with["code"]
