"""Serves a sandbox tenant until stopped, with an environment file for each identity of anybody's own tools.

`python scripts/serve_sandbox.py [--port N] [--seed FILE] [--state FILE] [--folder FOLDER]`, which is what
`make sandbox` runs. Its files lie in one folder, and with a state file the tenant and that folder survive a restart.
"""

import argparse
import contextlib
import shlex
import signal
import sys
import threading
from pathlib import Path

from sandbox.environment import render, write
from sandbox.options import port
from sandbox.seed import Seed, SeedError, load
from sandbox.state.file import StateError, holds_tenants
from scripts.console import Console
from scripts.environment import QUIET_NODE, child_environment, find_terraform
from scripts.program import run_program
from scripts.rehearsal.folder import occupied
from scripts.rehearsal.provider_choice import ROOT, choose_provider
from scripts.rehearsal.scene import Scene, set_the_scene
from scripts.rehearsal.tenant_file import NAME
from steward.errors import ConfigError, ExitCode

_USE = """\
serving {url} until stopped (Ctrl-C), with {takes}

In another terminal:

  export PATH={root}/.venv/bin:{root}/.toolchain/bin:"$PATH"
  cd {folder}
  set -a; . ./deploy.env; set +a                        # the deploying identity
  python {root}/scripts/preflight.py {name}.yaml
  cdktf diff {name} --skip-provider-lock                # a mirror cannot lock providers of other systems
  cdktf deploy {name} --skip-provider-lock
  set -a; . ./post-apply.env; set +a                    # the post-apply identity
  python {root}/scripts/preflight.py {name}.yaml --identity post-apply
  python {root}/scripts/post_apply.py {name}.yaml
  python {root}/scripts/verify_evidence.py {name}.yaml
  set -a; . ./guard.env; set +a                         # and the one that guards
  python {root}/scripts/close.py --guard --stacks cdktf.out/stacks {name}.yaml
  set -a; . ./retire.env; set +a                        # and at the very end the one that retires
  python {root}/scripts/retire.py {name}.yaml"""


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and serve until interrupted."""
    parser = argparse.ArgumentParser(description="Serves a sandbox tenant until stopped.")
    parser.add_argument("--provider", default="auto", help="auto, registry, own, or the folder of a provider mirror")
    parser.add_argument("--port", type=port, default=0, help="the port to listen on (default: a free one)")
    parser.add_argument("--seed", type=Path, help="a seed as JSON (default: a tenant as Microsoft delivers it)")
    parser.add_argument("--state", type=Path, help="a file that keeps the tenant (default: memory only)")
    parser.add_argument("--folder", type=Path, help="for its files (default: .sandbox, or beside the state file)")
    parsed = parser.parse_args(arguments)
    console = Console()
    return run_program(lambda: _serve(parsed, console), console)


def _serve(parsed: argparse.Namespace, console: Console) -> ExitCode:
    folder = _folder(parsed)
    seed, is_kept = _what_to_serve(parsed)
    terraform = find_terraform()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with occupied(folder, keep=is_kept), contextlib.ExitStack() as on_stop:
        chosen = choose_provider(parsed.provider, folder, terraform=terraform, environment=child_environment(ROOT))
        scene = _open(folder, seed, parsed)
        on_stop.callback(scene.sandbox.stop)
        for identity in scene.environments:
            file = folder / f"{identity}.env"
            on_stop.callback(file.unlink, missing_ok=True)
            write(file, {**chosen.variables, **QUIET_NODE, **render(scene.sandbox, identity=identity)})
        places = {"folder": shlex.quote(str(folder)), "root": shlex.quote(str(ROOT))}
        console.result(_USE.format(url=scene.sandbox.base_url, name=NAME, takes=chosen.words, **places))
        stopped.wait()
    return ExitCode.WELL


def _folder(parsed: argparse.Namespace) -> Path:
    beside: Path = ROOT / ".sandbox" if parsed.state is None else parsed.state.with_name(f"{parsed.state.name}.files")
    folder: Path = parsed.folder or beside
    return folder.resolve()


def _what_to_serve(parsed: argparse.Namespace) -> tuple[Seed, bool]:
    """Tell the seed, and whether a saved tenant stands in its place; nothing is touched before both are known."""
    try:
        is_kept = parsed.state is not None and holds_tenants(parsed.state)
        seed = load(parsed.seed) if parsed.seed else Seed()
    except StateError as error:
        raise _no_start(error.why, error.next_move) from None
    except (OSError, SeedError) as error:
        raise _no_start(str(error), "correct the seed; docs/sandbox.md shows one") from None
    if is_kept and (parsed.seed or parsed.port):
        raise ConfigError(
            f"{parsed.state} holds a tenant already",
            why="its seed and its port are those that it was made with, which its clients know",
            next_move="leave --seed and --port out, or name a new state file",
        )
    return seed, is_kept


def _open(folder: Path, seed: Seed, parsed: argparse.Namespace) -> Scene:
    try:
        return set_the_scene(folder, base_environment={}, seed=seed, port=parsed.port, state=parsed.state)
    except StateError as error:
        raise _no_start(error.why, error.next_move) from None
    except SeedError as error:
        raise _no_start(str(error), "correct the seed; docs/sandbox.md shows one") from None
    except OSError as error:
        raise _no_start(str(error), "free the port, or name another one or another state file") from None


def _no_start(why: str, next_move: str) -> ConfigError:
    return ConfigError("the sandbox cannot be started", why=why, next_move=next_move)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
