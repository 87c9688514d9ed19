"""A made-up run that shows its progress, for tests that look at a terminal: writes `done` into a file at its end."""

import sys
import time
from pathlib import Path

from scripts.console import Console
from steward.lifecycle.lines import Line


def main(arguments: list[str]) -> None:
    """Show some lines; the arguments are the file, the seconds to wait, and options."""
    console = Console(is_quiet="--quiet" in arguments)
    planned = ["enrol", "consent", "verify"]
    console.expect(lambda: planned)
    with console.live():
        console.show(Line("preflight", "already", "permissions", "the token has all that is needed"))
        console.show(Line("preflight", "confirmed", ""))
        console.show(Line("consent", "already", "consent", "it is given later"))
        console.show(Line("consent", "confirmed", ""))
        console.show(Line("prove", "already", "Evil\x1b]0;owned\x07\x1b[2J\x9b2J", "a name that a server gave"))
        console.show(Line("prove", "blocked", ""))
        evil = "Evil\x1b]0;owned\x07\x1b[2J\u202e device"
        console.show(Line("attend", "waiting", evil, "somebody looks (9:59 left)", seconds_left=599.0))
        time.sleep(0.6)
        console.show(Line("enrol", "waiting", "second factor", "somebody enrols (1:05 left)", seconds_left=65.0))
        time.sleep(float(arguments[1]))
        console.show(Line("enrol", "waiting", "second factor", "somebody enrols (1:04 left)", seconds_left=64.0))
        time.sleep(0.3)
        reason = "somebody enrols; the pass was mistyped (1:03 left)"
        console.show(Line("enrol", "waiting", "second factor", reason, seconds_left=63.0))
        console.show(Line("enrol", "already", "second factor", "software OATH token"))
        console.show(Line("enrol", "confirmed", ""))
        del planned[:1]
        console.show(Line("consent", "confirmed", ""))
        del planned[:1]
        console.show(Line("seal", "already", "latch", "it is turned"))
        console.show(Line("enrol", "already", "second factor", "looked at once more"))
        if "--look-again" in arguments:
            time.sleep(0.6)
        console.result("contoso: sealed")
    Path(arguments[0]).write_text("done", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
