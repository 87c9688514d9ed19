"""Imports modules one after the other and reports what else happened: run as a program, in a process of its own.

Arguments: the project's folder and module names. Standard output: one JSON object, module name to list of effects. The
third parties that a module imports come first, unwatched, because their start-up is not ours to judge.
"""

import ast
import importlib
import io
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

_ALWAYS = frozenset(
    {
        "os.exec", "os.fork", "os.forkpty", "os.kill", "os.link", "os.mkdir",
        "os.posix_spawn", "os.putenv", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.system",
        "os.truncate", "os.unsetenv", "shutil.copyfile", "shutil.move", "shutil.rmtree", "signal.pthread_kill",
        "socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "subprocess.Popen",
        "tempfile.mkdtemp", "tempfile.mkstemp", "urllib.Request",
    }
)  # fmt: skip  # one event a line would hide the list


class Watch:
    """Collects effects while a module of ours is being imported."""

    def __init__(self) -> None:
        self.is_armed = False
        self.effects: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take one audit event; see the table of audit events in Python's library reference."""
        if self.is_armed and (event in _ALWAYS or (event == "open" and _opens_for_writing(arguments))):
            self.effects.append(f"{event} {arguments[:1]!r}")


def _opens_for_writing(arguments: tuple[Any, ...]) -> bool:
    _, mode, flags = arguments
    by_mode = isinstance(mode, str) and any(letter in mode for letter in "wax+")
    return by_mode or bool(isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def third_parties(root: Path, module: str, ours: frozenset[str]) -> list[str]:
    """Return the modules of others that a module of ours imports."""
    place = root.joinpath(*module.split("."))
    file = place.with_suffix(".py") if place.with_suffix(".py").is_file() else place / "__init__.py"
    names = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
    return [name for name in names if name.split(".")[0] not in ours]


def watch_threads(watch: Watch) -> None:
    """Let the watch see threads too, for which no audit event exists in every Python."""
    start = threading.Thread.start

    def start_seen(thread: threading.Thread) -> None:
        if watch.is_armed:
            watch.effects.append(f"thread started {thread.name!r}")
        start(thread)

    threading.Thread.start = start_seen  # type: ignore[assignment, method-assign]  # the method is replaced on purpose


def watch_imports(root: Path, modules: list[str]) -> dict[str, list[str]]:
    """Import each module and return what it did, if anything."""
    ours = frozenset(path.stem for path in root.iterdir() if path.is_dir() or path.suffix == ".py")
    watch = Watch()
    sys.addaudithook(watch)
    watch_threads(watch)
    done = {}
    for module in modules:
        for other in third_parties(root, module, ours):
            importlib.import_module(other)
    for module in modules:
        standard, sys.stdout, sys.stderr = (sys.stdout, sys.stderr), io.StringIO(), io.StringIO()
        watch.effects, watch.is_armed = [], True
        try:
            importlib.import_module(module)
        except Exception as error:  # noqa: BLE001 - whatever a module raises is the finding
            watch.effects.append(f"raised {type(error).__name__}: {error}")
        finally:
            watch.is_armed = False
            printed = sys.stdout.getvalue() + sys.stderr.getvalue()
            sys.stdout, sys.stderr = standard
        if effects := watch.effects + ([f"printed {printed!r}"] if printed else []):
            done[module] = effects
    return done


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    json.dump(watch_imports(Path(sys.argv[1]), sys.argv[2:]), sys.stdout)
