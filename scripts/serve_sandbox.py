"""Serves a sandbox tenant until stopped, and writes `sandbox.env` for anybody's own terraform, cdktf or SDK.

`python scripts/serve_sandbox.py [--port N] [--seed FILE]`, which is what `make sandbox` runs.
"""

import argparse
import signal
import sys
import threading
from pathlib import Path

from sandbox.environment import render, write
from sandbox.seed import Seed, load
from scripts.console import Console
from scripts.program import run_program
from scripts.rehearsal.life import DEPLOY, set_the_scene
from scripts.rehearsal.provider_choice import ROOT
from scripts.rehearsal.tenant_file import NAME
from steward.errors import ExitCode


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and serve until interrupted."""
    parser = argparse.ArgumentParser(description="Serves a sandbox tenant until stopped.")
    parser.add_argument(
        "--folder", type=Path, default=ROOT / ".sandbox", help="where certificates and a tenant file go"
    )
    parser.add_argument("--port", type=int, default=0, help="the port to listen on (default: a free one)")
    parser.add_argument("--seed", type=Path, help="a seed as JSON (default: a tenant as Microsoft delivers it)")
    parser.add_argument("--env-file", type=Path, default=ROOT / "sandbox.env", help="the environment file to write")
    parsed = parser.parse_args(arguments)
    console = Console()
    return run_program(lambda: _serve(parsed, console), console)


def _serve(parsed: argparse.Namespace, console: Console) -> ExitCode:
    folder: Path = parsed.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    seed = load(parsed.seed) if parsed.seed else Seed()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    scene = set_the_scene(folder, base_environment={}, seed=seed, port=parsed.port)
    try:
        write(parsed.env_file, render(scene.sandbox, identity=DEPLOY))
        console.result(f"serving {scene.sandbox.base_url} until stopped (Ctrl-C)")
        console.result(f"environment of the deploying identity: {parsed.env_file}  (set -a; . ./sandbox.env; set +a)")
        console.result(f"tenant file: {folder / f'{NAME}.yaml'}")
        stopped.wait()
    finally:
        scene.sandbox.stop()
        parsed.env_file.unlink(missing_ok=True)
    return ExitCode.WELL


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
