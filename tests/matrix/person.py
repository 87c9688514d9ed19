"""The person who is to use the account: enrols a second factor, and in a window signs in once the role is held.

What to do next is told by the tenant and the sink alone, so that it makes no difference how often the program was
killed meanwhile. Time passes here as well: Entra ID takes no scheduled role back within 5 minutes, and nobody waits.
"""

import threading
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from httpx import HTTPError

from sandbox.control import Control, ControlError
from scripts.rehearsal.person import sign_in
from scripts.rehearsal.scene import Scene
from scripts.rehearsal.tenant_file import LOGIN, REDIRECT_URI
from steward.errors import RefusedError
from tests.matrix.lives import Life

FLOOR_SECONDS = 301.0
_LOOK_SECONDS, _GLANCE_SECONDS = 0.1, 1.0
_ASSIGNMENTS = "/roleManagement/directory/roleAssignments/"
_PASS = "#microsoft.graph.temporaryAccessPassAuthenticationMethod"
_PASSWORD = "#microsoft.graph.passwordAuthenticationMethod"


class _Looking:
    """Looks at the tenant while a program runs; entering it starts the looking, leaving ends it."""

    def __init__(self, scene: Scene, *, name: str) -> None:
        self._scene = scene
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        raise NotImplementedError


class Person(_Looking):
    """Looks into the sink while a program runs, and does what is next."""

    def __init__(self, scene: Scene, sink: Path, life: Life) -> None:
        super().__init__(scene, name="person")
        self._sink = sink
        self._life = life

    def _look(self) -> None:
        with Control(self._scene.sandbox.base_url, self._scene.sandbox.ca_file) as control:
            while not self._is_over.wait(_LOOK_SECONDS):
                passes = sorted(self._sink.glob("*.pass"))
                try:
                    if passes:
                        self._act(control, passes[-1].read_text(encoding="utf-8").strip())
                except (ControlError, RefusedError, HTTPError, OSError):
                    # A pass that is used up, deleted or half written signs nobody in: the person tries again later.
                    continue

    def _act(self, control: Control, code: str) -> None:
        if not code or control.try_pass(LOGIN, code) != {"valid": True, "enabled": True}:
            return
        account = control.act("GET", f"/v1.0/users/{LOGIN}?$select=id")
        methods = control.act("GET", f"/v1.0/users/{account['id']}/authentication/methods")["value"]
        if not any(each["@odata.type"] not in {_PASS, _PASSWORD} for each in methods):
            control.register_method(LOGIN, code)
        elif self._life.has_window and _is_held(control, account["id"]):
            if self._life.is_scheduled:
                pass_floor(control, account["id"])
            self._sign_in(control, code)

    def _sign_in(self, control: Control, code: str) -> None:
        sandbox = self._scene.sandbox
        wanted = f"displayName eq '{self._scene.tenant.application.display_name}'"
        (application,) = control.act("GET", f"/v1.0/servicePrincipals?$filter={wanted}")["value"]
        sign_in(
            sandbox.base_url,
            sandbox.ca_file,
            tenant_id=sandbox.tenant_id,
            client_id=application["appId"],
            redirect_uri=REDIRECT_URI,
            login=LOGIN,
            access_pass=code,
            # It would be one more request to sign in, at a moment that no recording repeats.
            takes_token=False,
        )


class PassingTime(_Looking):
    """Moves the tenant's clock past the 5 minutes within which Entra ID takes no role back, once that was tried."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, name="time")

    def _look(self) -> None:
        seen = 0
        with Control(self._scene.sandbox.base_url, self._scene.sandbox.ca_file) as control:
            while not self._is_over.wait(_GLANCE_SECONDS):
                refused = [each["n"] for each in control.journal() if _is_early_removal(each)]
                if refused and refused[-1] > seen:
                    seen = refused[-1]
                    account = control.act("GET", f"/v1.0/users/{LOGIN}?$select=id")
                    pass_floor(control, account["id"])


def _is_held(control: Control, account_id: str) -> bool:
    path = f"/v1.0/roleManagement/directory/roleAssignments?$filter=principalId eq '{account_id}'"
    return bool(control.act("GET", path)["value"])


def pass_floor(control: Control, account_id: str) -> None:
    """Let 5 minutes pass where a role schedule is younger than that."""
    path = f"/v1.0/roleManagement/directory/roleAssignmentSchedules?$filter=principalId eq '{account_id}'"
    now = control.clock()["now"]
    if any(_age(now, each["createdDateTime"]) < FLOOR_SECONDS for each in control.act("GET", path)["value"]):
        control.advance_clock(FLOOR_SECONDS)


def _age(now: str, made: str) -> float:
    return (datetime.fromisoformat(now) - datetime.fromisoformat(made)).total_seconds()


def _is_early_removal(entry: dict[str, Any]) -> bool:
    body = entry.get("body")
    is_removal = isinstance(body, dict) and body.get("action") == "adminRemove"
    is_removal = is_removal or (entry["method"] == "DELETE" and _ASSIGNMENTS in entry["path"])
    return is_removal and entry["status"] == HTTPStatus.BAD_REQUEST
