"""Paths in commands that somebody is told to paste: whatever a file is called, the shell takes it for that file."""

import os
import shlex
from pathlib import Path


def paste(path: Path) -> str:
    """Return the path as one word of a POSIX shell's command, in one line, and never taken for an option."""
    text = str(path)
    if text.startswith("-"):
        text = f"./{text}"
    if text.isprintable():
        return shlex.quote(text)
    # A line break would be pasted as the end of the command, and a terminal obeys other control characters.
    octal = "".join(f"\\0{byte:03o}" for byte in os.fsencode(text))
    return f"\"$(printf %b '{octal}')\""
