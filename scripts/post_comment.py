"""Posts or updates the one comment on a pull request: `python scripts/post_comment.py comment.md --pull-request 7`.

It runs in a job of GitHub, whose variables say where the API is, which repository it is and with which token; the
comment is what `review_plan.py --comment` has written. Where nothing differs, nothing is sent.
"""

import argparse
import sys
from pathlib import Path

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.console import Console
from scripts.environment import read_forge
from scripts.program import run_program
from steward.delivery.approved import read_changed
from steward.errors import ConfigError, ExitCode
from steward.forge.client import open_repository
from steward.forge.comments import keep_comment
from steward.review.comment import MARKER

_JOBS_OWN = "github-actions[bot]"


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments."""
    parser = argparse.ArgumentParser(description="Posts or updates the one comment on a pull request.")
    parser.add_argument("comment", type=Path, help="the Markdown file, which begins with the hidden marker")
    parser.add_argument("--pull-request", type=int, required=True, metavar="NUMBER", help="the pull request's number")
    parser.add_argument(
        "--author", default=_JOBS_OWN, help="the login that the token writes as (default: %(default)s, a job's own)"
    )
    parser.add_argument(
        "--expected",
        type=Path,
        metavar="FILE",
        help="what changed_tenants.py printed: where it names no tenant, a comment is updated and none is posted",
    )
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and run; the exit code says how it ended."""
    parsed = parse(arguments)
    console = Console()
    return run_program(lambda: _run(parsed, console), console)


def _run(parsed: argparse.Namespace, console: Console) -> ExitCode:
    try:
        body = parsed.comment.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{parsed.comment} cannot be read",
            why=str(error),
            next_move="name the file that review_plan.py --comment has written",
        ) from None
    with open_repository(read_forge()) as repository:
        posted = keep_comment(
            repository,
            parsed.pull_request,
            body,
            marker=MARKER,
            author=parsed.author,
            is_needed=parsed.expected is None or _is_about_tenants(parsed.expected),
        )
    console.result(f"pull request {parsed.pull_request}: {posted}")
    return ExitCode.WELL


def _is_about_tenants(expected: Path) -> bool:
    """Return whether a change is about any tenant; one of which nobody can tell is."""
    try:
        return not read_changed(expected).is_empty
    except ConfigError:
        return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
