"""What every program of ours has in common: exit codes, errors shown without a traceback, the options they share."""

import argparse
import traceback
from collections.abc import Callable
from pathlib import Path

from scripts.console import Console
from steward.errors import ExitCode, StewardError


def tenant_parser(description: str) -> argparse.ArgumentParser:
    """Return a parser that takes one tenant file and the shared options."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("tenant", type=Path, help="the tenant file")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--quiet", action="store_true", help="show only what needs somebody")
    return parser


def run_program(main: Callable[[], ExitCode], console: Console) -> ExitCode:
    """Run `main`; a failure that a user may meet is shown as such and becomes its exit code."""
    try:
        return main()
    except StewardError as error:
        console.fail(error)
        return error.exit_code
    except Exception:  # noqa: BLE001  # the outermost frame: whatever is not a StewardError is a defect of ours
        console.say(traceback.format_exc())
        console.say("this is a defect of ours; nothing that signs in stands above, so please report it whole")
        return ExitCode.DEFECT
    except KeyboardInterrupt:
        console.say("interrupted; run again to go on from what the tenant shows")
        return ExitCode.COULD_NOT_TELL
