"""Reviews plans before they are applied: `python scripts/review_plan.py <plan.json>...`.

A plan's JSON is what `terraform show -json <plan file>` writes. Of its values only those on an allow list are shown,
and the exit code says whether a finding refuses the plan. No tenant is asked anything, and nobody signs in.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import file_digest
from itertools import zip_longest
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.console import Console
from scripts.program import run_parsed, shared_parser
from scripts.review_options import add_fail_on, least_severity
from steward.config.loader import find_tenant_files, load_tenant
from steward.config.model import Tenant
from steward.delivery.approved import Expected, read_changed
from steward.errors import ConfigError, ExitCode, StewardError, worse
from steward.review.as_json import as_json
from steward.review.comment import render_comment
from steward.review.kept import keep_reviews, read_reviews
from steward.review.plan import read_plan
from steward.review.review import Given, Left, PlanReview, Review, Unread, collect, review_plan
from steward.review.sarif import as_sarif
from steward.review.subject import Subject
from steward.review.terminal import view
from steward.visible import dump_json

_SHA256 = re.compile(r"[0-9a-f]{64}")
_TENANTS = Path("tenants")


def _sha256(text: str) -> str:
    """Return a hash in lower case; argparse tells of what is none."""
    if not _SHA256.fullmatch(text.lower()):
        raise argparse.ArgumentTypeError(
            f"{text} is no SHA-256; give the 64 hexadecimal digits of the plan file's hash"
        )
    return text.lower()


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments."""
    parser = shared_parser("Reviews plans of tenants: what changes about identity, and which rules it breaks.")
    parser.add_argument("plans", nargs="*", type=Path, metavar="plan.json", help="what `terraform show -json` wrote")
    parser.add_argument(
        "--tenants",
        action="append",
        type=Path,
        metavar="PATH",
        help="a tenant file, or a folder of them; found by the tenant's id (default: tenants, where it is there)",
    )
    given = parser.add_mutually_exclusive_group()
    given.add_argument(
        "--plan-file", action="append", type=Path, default=[], metavar="FILE", help="the plan file, whose hash is shown"
    )
    given.add_argument(
        "--hash", action="append", type=_sha256, default=[], metavar="SHA256", help="the plan file's hash; in order"
    )
    parser.add_argument(
        "--workstation", action="store_true", help="the plan is applied at a workstation, where a window may begin"
    )
    add_fail_on(parser)
    parser.add_argument("--comment", type=Path, metavar="FILE", help="write the Markdown comment here")
    parser.add_argument("--sarif", type=Path, metavar="FILE", help="write the findings as SARIF 2.1.0 here")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="keep the review here, without the plans' values")
    parser.add_argument(
        "--kept", nargs="+", type=Path, default=[], metavar="FILE", help="reviews that --keep has written elsewhere"
    )
    parser.add_argument(
        "--expected",
        type=Path,
        metavar="FILE",
        help="what changed_tenants.py printed: tell of a tenant without a review",
    )
    parsed = parser.parse_args(arguments)
    if not parsed.plans and not parsed.kept and not parsed.expected:
        parser.error("name a plan, or reviews with --kept, or the expected tenants with --expected")
    return parsed


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and review; the exit code is the worst of all plans."""
    return run_parsed(parse(arguments), _run)


def _run(parsed: argparse.Namespace, console: Console) -> ExitCode:
    hashes = _hashes(parsed)
    tenants, code = _load_tenants(parsed.tenants, console)
    reviews: list[PlanReview] = []
    unread: list[Unread] = []
    today = datetime.now(UTC).date()
    for path, sha256 in zip_longest(parsed.plans, hashes):
        try:
            given = _give(path, sha256, tenants)
        except StewardError as error:
            # One plan that is broken does not keep the others from being reviewed; the comment tells of it.
            console.fail(error)
            unread.append(Unread(_name(path), f"{error.what}: {error.why}" if error.why else error.what))
            continue
        reviews.append(review_plan(given, today=today, at_workstation=parsed.workstation))
    for path in parsed.kept:
        kept, kept_unread = _read_kept(path, console)
        reviews += kept
        unread += kept_unread
    expected, lacking = _read_expected(parsed.expected, reviews, console)
    review = collect(
        reviews,
        fail_on=least_severity(parsed),
        unread=[*unread, *lacking],
        left=[Left(each.tenant, each.file, each.now) for each in expected.gone] if expected else (),
        expects_none=expected is not None and not expected.tenants,
    )
    _write(review, parsed, {tenant.name: _place(tenant.file) for tenant in tenants.values()})
    code = worse(code, review.exit_code)
    if parsed.json:
        console.result_json({**as_json(review), "exit_code": int(code)})
    elif not parsed.quiet or code is not ExitCode.WELL:
        console.result_view(view(review))
    return code


def _give(path: Path, sha256: str | None, tenants: Mapping[str, Tenant]) -> Given:
    plan = read_plan(_read(path), _name(path))
    return Given(plan, _name(path), tenants.get(Subject(plan).tenant_id or ""), sha256)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{_name(path)} cannot be read",
            why=error.strerror or str(error),
            next_move="name the file that was written",
        ) from None


def _read_kept(path: Path, console: Console) -> tuple[list[PlanReview], list[Unread]]:
    try:
        return read_reviews(_read(path), _name(path))
    except StewardError as error:
        console.fail(error)
        return [], [Unread(_name(path), f"{error.what}: {error.why}" if error.why else error.what)]


def _read_expected(
    path: Path | None, reviews: Sequence[PlanReview], console: Console
) -> tuple[Expected | None, list[Unread]]:
    """Return what was expected, and those of its tenants without a review; whatever went wrong, their jobs say what.

    Where nobody can tell which tenants are concerned, the comment says so: an older one would still name a plan.
    """
    if path is None:
        return None, []
    try:
        expected = read_changed(path)
    except StewardError as error:
        console.fail(error)
        return None, [Unread("the tenants of this change", "which ones they are could not be told; the job says why")]
    names = {review.name for review in reviews}
    why = "it was not planned, or not reviewed; its job says why"
    return expected, [Unread(tenant, why) for tenant in expected.tenants if tenant not in names]


def _hashes(parsed: argparse.Namespace) -> list[str]:
    """Return the plans' hashes in their order, none or one for each."""
    hashes: list[str] = parsed.hash or [_hash_file(path) for path in parsed.plan_file]
    if hashes and len(hashes) != len(parsed.plans):
        raise ConfigError(
            f"{len(parsed.plans)} plans and {len(hashes)} hashes",
            why="they belong together one by one, in their order",
            next_move="give --plan-file or --hash once for each plan, or not at all",
        )
    return hashes


def _hash_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read", why=error.strerror or str(error), next_move="name the plan file"
        ) from None


def _load_tenants(paths: Sequence[Path] | None, console: Console) -> tuple[Mapping[str, Tenant], ExitCode]:
    """Return the tenants by id, as far as their files are right, and the exit code that the others ask for."""
    code = ExitCode.WELL
    tenants: dict[str, Tenant] = {}
    for file in _tenant_files(paths):
        try:
            tenant = load_tenant(file)
            other = tenants.setdefault(tenant.tenant.id, tenant)
            if other is not tenant:
                raise ConfigError(
                    f"{file} is about the same tenant as {other.file}",
                    why="a plan is compared with the one file of its tenant",
                    next_move="name one of the two",
                )
        except StewardError as error:
            console.fail(error)
            code = worse(code, error.exit_code)
    return tenants, code


def _tenant_files(paths: Sequence[Path] | None) -> Iterator[Path]:
    for path in paths or ([_TENANTS] if _TENANTS.is_dir() else []):
        if path.is_dir():
            yield from find_tenant_files(path)
        else:
            yield path


def _write(review: Review, parsed: argparse.Namespace, places: Mapping[str, str]) -> None:
    if parsed.comment:
        _write_file(parsed.comment, render_comment(review))
    if parsed.sarif:
        _write_file(parsed.sarif, _as_text(as_sarif(review, places=places)))
    if parsed.keep:
        _write_file(parsed.keep, keep_reviews(review.plans, review.unread).decode())


def _as_text(document: Mapping[str, Any]) -> str:
    return dump_json(document, indent=2) + "\n"


def _write_file(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written",
            why=error.strerror or str(error),
            next_move="name a file in a folder that is there",
        ) from None


def _name(path: Path) -> str:
    """Return what a plan is called: its path where that is relative, else its folder and its name."""
    return path.as_posix() if not path.is_absolute() and ".." not in path.parts else f"{path.parent.name}/{path.name}"


def _place(file: Path) -> str:
    """Return where a tenant's findings are shown: its file as a path in the repository."""
    return file.as_posix() if not file.is_absolute() else f"{file.parent.name}/{file.name}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
