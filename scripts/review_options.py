"""The option that says which findings refuse a plan, the same where it is reviewed and where it is applied."""

import argparse

from steward.review.rule import Severity

_NEVER = "never"
_SEVERITIES = {severity.label: severity for severity in sorted(Severity, reverse=True)}


def add_fail_on(parser: argparse.ArgumentParser) -> None:
    """Add the option to a program that judges plans."""
    parser.add_argument(
        "--fail-on",
        choices=(*_SEVERITIES, _NEVER),
        default=Severity.MEDIUM.label,
        help="the least severity that refuses a plan (default: %(default)s)",
    )


def least_severity(parsed: argparse.Namespace) -> Severity | None:
    """Return the least severity that refuses, None where none does."""
    return _SEVERITIES.get(parsed.fail_on)
