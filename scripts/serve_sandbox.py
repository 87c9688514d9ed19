"""Serves a sandbox tenant until stopped, with an environment file for each identity of anybody's own tools.

`python scripts/serve_sandbox.py [--port N] [--seed FILE] [--state FILE] [--folder FOLDER]`, which is what
`make sandbox` runs. Its files lie in one folder, and with a state file the tenant and that folder survive a restart.
`--elevation`, `--consent`, `--application` and `--sign-in` say what the tenant file asks for, and so what our
identities there are given.
"""

import argparse
import contextlib
import signal
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

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
from scripts.rehearsal.seeds import seed_for
from scripts.rehearsal.tenant_file import NAME, WINDOWS, name_vendors_application
from steward.config.folders import find_project
from steward.config.model import Consent, Elevation, FileSink, FirstSignIn, SignIn
from steward.errors import ConfigError, ExitCode
from steward.pasting import paste

_OWN, _VENDORS = "own", "vendor"
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
  python {root}/scripts/post_apply.py {name}.yaml --write-sealed-on
{person}  python {root}/scripts/verify_evidence.py {name}.yaml
  set -a; . ./guard.env; set +a                         # and the one that guards
  python {root}/scripts/close.py --guard --stacks cdktf.out/stacks {name}.yaml
  python {root}/scripts/status.py {name}.yaml              # the papers, each headed as a rehearsal's
  python {root}/scripts/handover.py {name}.yaml
  python {root}/scripts/confirm.py {name}.yaml             # what people confirm; a rehearsal's with --rehearsal
  python {root}/scripts/evidence_bundle.py {name}.yaml
{again}  set -a; . ./retire.env; set +a                        # and at the very end the one that retires
  python {root}/scripts/retire.py {name}.yaml"""

# While post_apply waits for them.
_ENROLS = """\
      # waits until somebody enrols a second factor for {login}, in a browser that trusts {ca_file}:
      #   {page}
      # with the newest .pass file in {sink}; without a browser as docs/sandbox.md tells (A person)
"""
_CONSENTS = """\
      # then it prints the address of the consent (and opens it, where it can): sign in there with the newest pass,
      # another one than the first, compare what the page lists with the tenant file, and accept
"""
_SIGNS_IN = """\
      # then it waits for the sign-in to the application, {how}, which it sees in the log:
      #   {address}
      # nothing listens where that leads in the end: what came of it is seen in post_apply
"""
_REOPENS = """\
  set -a; . ./reopen.env; set +a                        # a second window, for somebody to sign in once more
  python {root}/scripts/reopen.py {name}.yaml --reason "a rehearsal" --minutes 10
"""


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and serve until interrupted."""
    parser = argparse.ArgumentParser(description="Serves a sandbox tenant until stopped.")
    parser.add_argument("--provider", default="auto", help="auto, registry, own, or the folder of a provider mirror")
    parser.add_argument("--port", type=port, default=0, help="the port to listen on (default: a free one)")
    parser.add_argument("--seed", type=Path, help="a seed as JSON (default: a tenant as Microsoft delivers it)")
    parser.add_argument("--state", type=Path, help="a file that keeps the tenant (default: memory only)")
    parser.add_argument("--folder", type=Path, help="for its files (default: .sandbox, or beside the state file)")
    parser.add_argument(
        "--elevation", choices=[each.value for each in Elevation], help="who grants the role (default: at_deploy)"
    )
    parser.add_argument(
        "--consent",
        choices=[each.value for each in Consent],
        default=Consent.GRAPH.value,
        help="how the consent is given; browser opens a window for it (default: graph)",
    )
    parser.add_argument(
        "--application",
        choices=[_OWN, _VENDORS],
        default=_OWN,
        help="a registration of the tenant's own, or the vendor's application, which is to be consented to",
    )
    parser.add_argument(
        "--sign-in",
        choices=[each.value for each in SignIn],
        help="whether a person may sign in as the account (default: as the elevation needs)",
    )
    parser.add_argument(
        "--licence", action="append", default=[], metavar="NAME", help="a subscription of the tenant, any number"
    )
    parser.add_argument("--sink", type=Path, help="where passes and passwords go (default: a folder that ends with it)")
    parsed = parser.parse_args(arguments)
    if parsed.consent == Consent.BROWSER.value and parsed.elevation is None:
        parsed.elevation = Elevation.IN_WINDOW.value
    console = Console()
    return run_program(lambda: _serve(parsed, console), console)


def _serve(parsed: argparse.Namespace, console: Console) -> ExitCode:
    folder = _folder(parsed)
    seed, is_kept = _what_to_serve(parsed)
    sink_given = _require_sink(parsed, folder, is_kept=is_kept)
    terraform = find_terraform()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with occupied(folder, keep=is_kept), contextlib.ExitStack() as on_stop:
        chosen = choose_provider(parsed.provider, folder, terraform=terraform, environment=child_environment(ROOT))
        sink = sink_given
        if sink is None and _has_person(parsed) and not is_kept:
            # The folder of the sandbox is a project of its own, and no secret is delivered into a project.
            sink = Path(on_stop.enter_context(TemporaryDirectory(prefix="sandbox-sink-")))
        scene = _open(folder, seed, parsed, sink)
        on_stop.callback(scene.sandbox.stop)
        for identity in scene.environments:
            file = folder / f"{identity}.env"
            on_stop.callback(file.unlink, missing_ok=True)
            write(file, {**chosen.variables, **QUIET_NODE, **render(scene.sandbox, identity=identity)})
        console.result_text(_describe(scene, chosen.words))
        stopped.wait()
    return ExitCode.WELL


def _describe(scene: Scene, takes: str) -> str:
    """Return what is served, and the commands that take an account through its life there."""
    sandbox, tenant = scene.sandbox, scene.tenant
    places = {"folder": paste(scene.folder), "root": paste(ROOT), "name": NAME}
    person = again = ""
    if isinstance(tenant.sink, FileSink):
        page = f"{sandbox.base_url}/{sandbox.tenant_id}/security-info"
        person = _ENROLS.format(login=tenant.account.login, page=page, sink=tenant.sink.folder, ca_file=sandbox.ca_file)
        if tenant.consents_in_browser:
            person += _CONSENTS
        if tenant.first_sign_in is FirstSignIn.DASHBOARD:
            person += _describe_sign_in(scene)
        again = _REOPENS.format(**places)
    return _USE.format(url=sandbox.base_url, takes=takes, person=person, again=again, **places)


def _describe_sign_in(scene: Scene) -> str:
    """Return what is awaited in the window, and the address to do it at."""
    application, how = scene.tenant.application, ["with the newest pass"]
    if scene.tenant.consents_in_browser:
        how = ["in the browser of the consent"]
    if application.client_id is None:
        how.append("with the application_client_id that the deploy printed as <client id>")
    # A request without redirect_uri is answered at the registered one, which the vendor's application has.
    back = "".join(f"&redirect_uri={quote(uri, safe='')}" for uri in application.redirect_uris[:1])
    asked = f"response_type=code&scope=User.Read&client_id={application.client_id or '<client id>'}{back}"
    authorize = f"{scene.sandbox.base_url}/{scene.sandbox.tenant_id}/oauth2/v2.0/authorize"
    return _SIGNS_IN.format(how=", ".join(how), address=f"{authorize}?{asked}")


def _has_person(parsed: argparse.Namespace) -> bool:
    """Return whether a person is to sign in; an elevation with a window is for nothing else."""
    return parsed.sign_in == SignIn.ALLOWED.value or parsed.elevation in WINDOWS


def _require_sink(parsed: argparse.Namespace, folder: Path, *, is_kept: bool) -> Path | None:
    """Return the sink's folder that was given; raises `ConfigError` where none or another one is needed."""
    if parsed.consent == Consent.BROWSER.value and parsed.elevation not in WINDOWS:
        raise ConfigError(
            f"--elevation {parsed.elevation} does not go with --consent browser",
            why="a person consents as the account, in a window",
            next_move=f"take --elevation {' or '.join(WINDOWS)}, or leave it out",
        )
    if parsed.sign_in == SignIn.BLOCKED.value and parsed.elevation in WINDOWS:
        raise ConfigError(
            f"--elevation {parsed.elevation} does not go with --sign-in blocked",
            why="in its window a person signs in as the account",
            next_move="leave --sign-in out, or take another --elevation",
        )
    if parsed.sink is not None and not _has_person(parsed):
        raise ConfigError(
            "--sink is of no use here", why="nobody is to sign in", next_move="give --sign-in allowed, or leave it out"
        )
    if parsed.sink is None and _has_person(parsed) and parsed.state is not None and not is_kept:
        raise ConfigError(
            "--sink is missing",
            why="the tenant is kept over a restart, and what is delivered for it would not be",
            next_move="name a folder outside the repository",
        )
    if parsed.sink is None:
        return None
    sink: Path = parsed.sink.resolve()
    if find_project(sink) is not None or sink.is_relative_to(folder):
        raise ConfigError(
            f"{sink} lies in a project",
            why="a password in there is one `git add` from being published, and no tenant file may name it",
            next_move="name a folder outside",
        )
    return sink


def _folder(parsed: argparse.Namespace) -> Path:
    beside: Path = ROOT / ".sandbox" if parsed.state is None else parsed.state.with_name(f"{parsed.state.name}.files")
    folder: Path = parsed.folder or beside
    return folder.resolve()


def _what_to_serve(parsed: argparse.Namespace) -> tuple[Seed, bool]:
    """Tell the seed, and whether a saved tenant stands in its place; nothing is touched before both are known."""
    try:
        is_kept = parsed.state is not None and holds_tenants(parsed.state)
        elevation = Elevation(parsed.elevation or Elevation.AT_DEPLOY)
        of_options = seed_for(elevation, has_person=_has_person(parsed), licences=parsed.licence)
        seed = load(parsed.seed) if parsed.seed else of_options
    except StateError as error:
        raise _no_start(error.why, error.next_move) from None
    except (OSError, SeedError) as error:
        raise _no_start(str(error), "correct the seed; docs/sandbox.md shows one") from None
    made_with = (parsed.seed, parsed.port, parsed.elevation, parsed.sign_in, parsed.licence, parsed.sink)
    is_other = (parsed.consent, parsed.application) != (Consent.GRAPH.value, _OWN)
    if is_kept and (any(made_with) or is_other):
        raise ConfigError(
            f"{parsed.state} holds a tenant already",
            why="its seed, its port and its tenant file are those that it was made with, which its clients know",
            next_move="leave --seed, --port and what the tenant file says out, or name a new state file",
        )
    if parsed.seed and parsed.licence:
        raise ConfigError(
            "--licence does not go with --seed", why="a seed names the licences", next_move="name it in the seed"
        )
    return seed, is_kept


def _open(folder: Path, seed: Seed, parsed: argparse.Namespace, sink: Path | None) -> Scene:
    elevation = parsed.elevation or Elevation.AT_DEPLOY.value
    options: dict[str, Any] = {"elevation": elevation, "sink": sink, "port": parsed.port, "state": parsed.state}
    options |= {"consent": parsed.consent, "edit": name_vendors_application if parsed.application == _VENDORS else str}
    try:
        return set_the_scene(folder, base_environment={}, seed=seed, **options)
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
