"""Puts together what `plan.py` and `apply.py` work with: a stack synthesized just now, and the Terraform for it."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.environment import child_environment, find_terraform, terraform_environment
from steward.config.model import Tenant
from steward.delivery.saved_plans import SavedPlans
from steward.delivery.synthesis import put_in_place, synthesize
from steward.lifecycle.lines import Line, Observer
from steward.scratch import open_scratch

_ROOT = Path(__file__).resolve().parent.parent
_LONGEST_LOCK_SECONDS, _LONGEST_HOURS = 3600, 168


@dataclass(frozen=True)
class Delivery:
    """A tenant's stack as its file says it now, and the workspace that it lies in."""

    stack: bytes
    plans: SavedPlans


@contextmanager
def open_delivery(tenant: Tenant, parsed: argparse.Namespace, observe: Observer) -> Iterator[Delivery]:
    """Synthesize the tenant's file and yield the workspace with it; raises `ConfigError` where that fails."""
    program = find_terraform()
    # A plan keeps the state's values in clear, so it is handled in a folder of its own that goes with the program.
    with open_scratch() as scratch:
        command = [sys.executable, str(_ROOT / "main.py"), str(parsed.tenant)]
        stack = synthesize(tenant, command, child_environment(_ROOT), scratch)
        folder = parsed.stack or Path("cdktf.out") / "stacks" / tenant.name
        put_in_place(stack, folder)
        plans = SavedPlans(
            folder=folder,
            program=program,
            environment=terraform_environment(tenant.tenant.cloud),
            scratch=scratch,
            announce=lambda text: observe(Line("terraform", "waiting", text)),
            backend=tenant.backend.kind,
            lock_seconds=parsed.lock_seconds,
        )
        plans.require_stack_of(tenant)
        yield Delivery(stack, plans)


def add_delivery_options(parser: argparse.ArgumentParser) -> None:
    """Add what both programs take."""
    parser.add_argument(
        "--stack", type=Path, help="the folder that the stack is synthesized to (default: cdktf.out/stacks/<tenant>)"
    )
    parser.add_argument(
        "--lock-seconds",
        type=_lock_seconds,
        default=60,
        help="how long to wait for whoever holds the state's lock (default: %(default)s)",
    )
    parser.add_argument(
        "--valid-hours",
        type=_hours,
        help="hours for which the plan may be applied; no more than the tenant file's plan_valid_hours",
    )


def valid_hours(tenant: Tenant, parsed: argparse.Namespace) -> int:
    """Return for how many hours a plan of this tenant is valid: the file's, or fewer where that is asked for."""
    return tenant.plan_valid_hours if parsed.valid_hours is None else min(parsed.valid_hours, tenant.plan_valid_hours)


def plan_folder(tenant_name: str) -> Path:
    """Return where a tenant's plan goes unless a folder is named."""
    return Path("cdktf.out") / "plans" / tenant_name


def _lock_seconds(text: str) -> int:
    return _within(text, 0, _LONGEST_LOCK_SECONDS)


def _hours(text: str) -> int:
    return _within(text, 1, _LONGEST_HOURS)


def _within(text: str, least: int, most: int) -> int:
    number = int(text) if text.isascii() and text.isdecimal() else -1
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(f"{text} is no whole number from {least} to {most}")
    return number
