"""Serves a sandbox tenant until stopped, and writes `sandbox.env` for anybody's own terraform, cdktf or SDK.

`python scripts/serve_sandbox.py [--port N] [--seed FILE] [--state FILE]`, which is what `make sandbox` runs. With a
state file the tenant survives a restart: its clients go on, and the folder with their files stays as it is.
"""

import argparse
import shlex
import signal
import sys
import threading
from pathlib import Path

from sandbox.environment import render, write
from sandbox.seed import Seed, SeedError, load
from sandbox.state.file import StateError, holds_tenants
from scripts.console import Console
from scripts.environment import child_environment, find_terraform
from scripts.program import run_program
from scripts.rehearsal.folder import start_over
from scripts.rehearsal.provider_choice import ROOT, choose_provider
from scripts.rehearsal.scene import DEPLOY, POST_APPLY, Scene, set_the_scene
from scripts.rehearsal.tenant_file import NAME
from steward.errors import ConfigError, ExitCode

_USE = """\
serving {url} until stopped (Ctrl-C), with {takes}

In another terminal, after the same PATH line as for a real tenant (see README.md):

  cd {folder}
  set -a; . {root}/sandbox.env; set +a                  # the deploying identity
  python {root}/scripts/preflight.py {name}.yaml
  cdktf diff {name} --skip-provider-lock                # a mirror cannot lock providers of other systems
  cdktf deploy {name} --skip-provider-lock
  set -a; . {root}/sandbox-post-apply.env; set +a       # the post-apply identity
  python {root}/scripts/post_apply.py {name}.yaml"""


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and serve until interrupted."""
    parser = argparse.ArgumentParser(description="Serves a sandbox tenant until stopped.")
    parser.add_argument("--provider", default="auto", help="auto, registry, own, or the folder of a provider mirror")
    parser.add_argument("--port", type=int, default=0, help="the port to listen on (default: a free one)")
    parser.add_argument("--seed", type=Path, help="a seed as JSON (default: a tenant as Microsoft delivers it)")
    parser.add_argument("--state", type=Path, help="a file that keeps the tenant (default: memory only)")
    parser.add_argument("--folder", type=Path, default=ROOT / ".sandbox", help="for its certificates and tenant file")
    parsed = parser.parse_args(arguments)
    console = Console()
    return run_program(lambda: _serve(parsed, console), console)


def _serve(parsed: argparse.Namespace, console: Console) -> ExitCode:
    folder: Path = parsed.folder.resolve()
    _prepare(folder, parsed)
    terraform = find_terraform()
    environment = child_environment(ROOT)
    chosen = choose_provider(parsed.provider, folder, terraform=terraform, environment=environment)
    scene = _open(folder, parsed)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    files = {DEPLOY: ROOT / "sandbox.env", POST_APPLY: ROOT / "sandbox-post-apply.env"}
    try:
        for identity, file in files.items():
            write(file, {**chosen.variables, **render(scene.sandbox, identity=identity)})
        places = {"folder": shlex.quote(str(folder)), "root": shlex.quote(str(ROOT))}
        console.result(_USE.format(url=scene.sandbox.base_url, name=NAME, takes=chosen.words, **places))
        stopped.wait()
    finally:
        scene.sandbox.stop()
        for file in files.values():
            file.unlink(missing_ok=True)
    return ExitCode.WELL


def _prepare(folder: Path, parsed: argparse.Namespace) -> None:
    """Empty the folder, unless a saved tenant's files lie in it."""
    if parsed.state is None or not _holds_tenants(parsed.state):
        start_over(folder)
        return
    if parsed.seed or parsed.port:
        raise ConfigError(
            f"{parsed.state} holds a tenant already",
            why="its seed and its port are those that it was made with, which its clients know",
            next_move="leave --seed and --port out, or name a new state file",
        )
    if not folder.exists():
        start_over(folder)


def _holds_tenants(state: Path) -> bool:
    try:
        return holds_tenants(state)
    except StateError as error:
        raise _no_start(error) from None


def _open(folder: Path, parsed: argparse.Namespace) -> Scene:
    try:
        seed = load(parsed.seed) if parsed.seed else Seed()
        return set_the_scene(folder, base_environment={}, seed=seed, port=parsed.port, state=parsed.state)
    except (OSError, SeedError, StateError) as error:
        raise _no_start(error) from None


def _no_start(error: Exception) -> ConfigError:
    return ConfigError(
        "the sandbox cannot be started",
        why=str(error),
        next_move="correct the seed, or take another port or another state file",
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
