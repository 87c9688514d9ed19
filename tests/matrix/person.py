"""The person who is to use the account: enrols a second factor with the newest pass."""

import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.control import Control, ControlError
from scripts.rehearsal.scene import Scene
from scripts.rehearsal.tenant_file import LOGIN

_LOOK_SECONDS = 0.2


class Person:
    """Looks into the sink while a program runs; entering it starts the looking, leaving ends it."""

    def __init__(self, scene: Scene, sink: Path) -> None:
        self._scene = scene
        self._sink = sink
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="person", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        with Control(self._scene.sandbox.base_url, self._scene.sandbox.ca_file) as control:
            while not self._is_over.wait(_LOOK_SECONDS):
                passes = sorted(self._sink.glob("*.pass"))
                if passes:
                    self._try(control, passes[-1].read_text(encoding="utf-8").strip())

    def _try(self, control: Control, code: str) -> None:
        try:
            if control.act("GET", f"/v1.0/users/{LOGIN}?$select=accountEnabled")["accountEnabled"]:
                control.register_method(LOGIN, code)
        except ControlError:
            # A pass that is used up, deleted or half written signs nobody in: the person tries again later.
            return
