"""What programs that serve a sandbox take from their command lines."""

import argparse

_LAST_PORT = 65535


def port(text: str) -> int:
    """Read a port to listen on, 0 for any free one; argparse tells of any other text."""
    if text.isascii() and text.isdigit() and int(text) <= _LAST_PORT:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is no port; give a number from 1 to {_LAST_PORT}, or 0 for a free one")
