"""Says which tenants a change is about, as JSON for a forge's matrix: `python scripts/changed_tenants.py --base main`.

It reads Git's work tree, signs in nowhere and runs nothing of the tenants' files. The result is one line, so that a
pipeline's step can hand it on; names in it are other people's, and belong into a step's environment, not into its text.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.console import Console
from scripts.program import run_parsed
from steward.delivery.changes import ChangedTenants, find_changed
from steward.errors import ConfigError, ExitCode

# GitHub starts at most so many jobs from one matrix.
_MOST_JOBS = 256


def _part(text: str) -> tuple[int, int]:
    """Return which part of how many; argparse tells of what is none."""
    number, slash, count = text.partition("/")
    if not (slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise argparse.ArgumentTypeError(f"{text} is no part; write 1/2 for the first of two")
    return int(number), int(count)


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments."""
    parser = argparse.ArgumentParser(description="Says which tenants a change is about.")
    parser.add_argument(
        "--base", required=True, help="branch, tag or commit that the change is against; 40 zeros mean everything"
    )
    parser.add_argument("--tenants", type=Path, default=Path("tenants"), help="folder of tenant files (%(default)s)")
    parser.add_argument(
        "--part", type=_part, default=(1, 1), help=f"one of several matrices, such as 1/2, above {_MOST_JOBS} tenants"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON, in one line (it always is)")
    parser.add_argument("--quiet", action="store_true", help="say nothing but the result")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and run; the exit code says how it ended."""
    return run_parsed(parse(arguments), _run)


def _run(parsed: argparse.Namespace, console: Console) -> ExitCode:
    found = find_changed(parsed.tenants, parsed.base)
    number, count = parsed.part
    entries = [{"tenant": each.tenant, "file": each.file} for each in found.tenants][number - 1 :: count]
    if len(entries) > _MOST_JOBS:
        parts = -(-len(found.tenants) // _MOST_JOBS)
        raise ConfigError(
            f"{len(entries)} tenants are more than a matrix takes",
            why=f"GitHub starts at most {_MOST_JOBS} jobs from one",
            next_move=f"ask for --part 1/{parts} to --part {parts}/{parts}, each in a job of its own",
        )
    if not parsed.quiet:
        _say(found, console)
    console.result_line(_as_json(found, entries))
    return ExitCode.WELL


def _say(found: ChangedTenants, console: Console) -> None:
    if found.shared:
        more = f" and {len(found.shared) - 1} more" if found.shared[1:] else ""
        console.say(f"all tenants: shared code changed: {ascii(found.shared[0])[1:-1]}{more}")
    for each in found.gone:
        now = f"; its tenant is {each.now} now" if each.now else ""
        console.say(f"nobody plans the stack {ascii(each.tenant)[1:-1]} any more{now}: see docs/pipelines.md")


def _as_json(found: ChangedTenants, entries: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "matrix": {"include": entries},
        "any": bool(entries),
        "gone": [{"tenant": each.tenant, "file": each.file, "now": each.now} for each in found.gone],
        "shared": list(found.shared),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
