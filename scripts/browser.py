"""Opens an address in the browser of whoever runs a program, where there is one to open."""

import asyncio
import os
import sys
import threading
import webbrowser

from scripts.operators_word import can_hear_operator

_OPENING_SECONDS = 5.0


async def open_address(address: str, *, is_declined: bool) -> bool:
    """Open an address and return whether a browser took it; nobody is made to look at one."""
    if is_declined or not _has_browser():
        return False
    taken: list[bool] = []
    # A browser that stays in the foreground holds up neither the run nor its end.
    opening = threading.Thread(target=lambda: taken.append(_open(address)), daemon=True)
    opening.start()
    await asyncio.to_thread(opening.join, _OPENING_SECONDS)
    return taken == [True]


def _has_browser() -> bool:
    """Say whether somebody named a browser, or sits at a desktop: a text browser would take the terminal."""
    if os.environ.get("BROWSER"):
        return True
    is_desktop = sys.platform in {"darwin", "win32"} or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    return is_desktop and can_hear_operator()


def _open(address: str) -> bool:
    try:
        return webbrowser.open(address)
    except (OSError, webbrowser.Error):
        return False
