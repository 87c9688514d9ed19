"""Rehearses the whole life of a service account against a sandbox tenant, and leaves the evidence in .rehearsal/last/.

`python scripts/rehearse.py [--provider auto|registry|own|<mirror folder>] [--elevation <kind>] [--consent <way>]` is
what `make rehearse` runs. Where a person signs in, the rehearsal plays it.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.console import Console
from scripts.environment import child_environment, find_terraform
from scripts.papers_folder import Shelf, write_bundle, write_sheet
from scripts.program import run_program
from scripts.rehearsal.chromium import find_chromium
from scripts.rehearsal.commands import Commands
from scripts.rehearsal.consenting_person import ConsentingPerson
from scripts.rehearsal.folder import occupied
from scripts.rehearsal.life import live, shortfalls
from scripts.rehearsal.person import Person
from scripts.rehearsal.provider_choice import ROOT, choose_provider
from scripts.rehearsal.scene import Scene, set_the_scene
from scripts.rehearsal.seeds import seed_for
from scripts.rehearsal.tenant_file import WINDOWS
from steward.config.model import Consent, Elevation
from steward.errors import ConfigError, ExitCode, RefusedError
from steward.papers.handover import make_sheet
from steward.papers.record import read_record_of

LAST = ROOT / ".rehearsal" / "last"


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and rehearse; exit code 0 only if the life ended as it must."""
    parser = argparse.ArgumentParser(description="Rehearses the life of a service account against a sandbox.")
    parser.add_argument("--provider", default="auto", help="auto, registry, own, or the folder of a provider mirror")
    parser.add_argument(
        "--elevation",
        choices=[each.value for each in Elevation],
        help="who grants the role, and when (default: at_deploy; with --consent browser in_window)",
    )
    parser.add_argument(
        "--consent",
        choices=[each.value for each in Consent],
        default=Consent.GRAPH.value,
        help="how the consent is given: through Graph, or by the account in a real Chromium",
    )
    parser.add_argument("--folder", type=Path, default=LAST, help="where to leave what the rehearsal made")
    parsed = parser.parse_args(arguments)
    console = Console()
    way = _Way(
        Elevation(parsed.elevation or ("in_window" if parsed.consent == Consent.BROWSER else "at_deploy")),
        Consent(parsed.consent),
    )
    return run_program(lambda: _rehearse_in(parsed.provider, parsed.folder.resolve(), way, console), console)


@dataclass(frozen=True)
class _Way:
    """How the role is granted and the consent given."""

    elevation: Elevation
    consent: Consent

    def person(self, scene: Scene, sink: Path) -> Person | None:
        """Return who signs in, None where nobody does."""
        if self.elevation.value not in WINDOWS:
            return None
        kind = ConsentingPerson if self.consent is Consent.BROWSER else Person
        return kind(scene, sink, is_patient=self.elevation is Elevation.SCHEDULED)


def _rehearse_in(provider: str, folder: Path, way: _Way, console: Console) -> ExitCode:
    if way.consent is Consent.BROWSER:
        # Told before anything is deployed for it.
        console.say(f"rehearsal    takes       {find_chromium()}")
    # A person's passes are delivered outside the repository, as a tenant file has to say.
    with occupied(folder), TemporaryDirectory(prefix="rehearsal-sink-") as sink:
        return _rehearse(provider, folder, way, Path(sink), console)


def _rehearse(provider: str, folder: Path, way: _Way, sink: Path, console: Console) -> ExitCode:
    terraform = find_terraform()
    environment = child_environment(ROOT)
    chosen = choose_provider(provider, folder, terraform=terraform, environment=environment)
    console.say(f"rehearsal    takes       {chosen.words}")
    environment |= chosen.variables
    elevation = way.elevation
    is_window = elevation.value in WINDOWS
    scene = set_the_scene(
        folder,
        base_environment=environment,
        seed=seed_for(elevation, has_person=is_window),
        elevation=elevation.value,
        consent=way.consent.value,
        sink=sink if is_window else None,
    )
    commands = Commands(
        folder,
        folder / "logs",
        announce=lambda name, seconds: console.say(f"rehearsal    ran         {name} ({seconds:.1f} s)"),
    )
    try:
        summary = live(scene, commands, terraform=terraform, person=way.person(scene, sink))
    finally:
        _keep_journal(scene)
        scene.sandbox.stop()
    summary["seconds"] = commands.seconds
    summary["papers"] = [str(page.relative_to(folder)) for page in _write_papers(scene, console)]
    (folder / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    _show(summary, folder, console, has_person=is_window)
    missing = shortfalls(summary, has_person=is_window)
    if missing:
        raise RefusedError("the rehearsal did not end as it must", why="; ".join(missing), next_move=f"read {folder}")
    return ExitCode.WELL


def _write_papers(scene: Scene, console: Console) -> list[Path]:
    """Write the papers that a tenant's evidence gives, each headed as a rehearsal's; return their pages."""
    tenant = scene.tenant
    record = read_record_of(tenant)
    shelf = Shelf(scene.folder / "papers", is_for_rehearsals=True)
    pages = [write_sheet(shelf, make_sheet(tenant, record))]
    try:
        return [write_bundle(shelf, record, tenant.file, tenant)[1], *pages]
    except ConfigError as error:
        # Without the plotting library there is no page of the bundle; the life was rehearsed all the same.
        console.fail(error)
        return pages


def _keep_journal(scene: Scene) -> None:
    # Named as no run of evidence is: whoever gives this folder to be verified is told of the runs in it alone.
    lines = [json.dumps(entry) for entry in scene.control.journal()]
    (scene.folder / "journal.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _show(summary: dict[str, Any], folder: Path, console: Console, *, has_person: bool) -> None:
    labels = {
        "sealed": "sealed",
        "privileged_roles": "privileged roles now, by any path",
        "account_enabled": "sign-in possible now",
        "role_held_seconds": "seconds with Global Administrator",
        "usable_privilege_seconds": "seconds with it while able to sign in",
        **({"window_seconds": "seconds that its window may last"} if has_person else {}),
        "longest_token_seconds": "seconds that a token of the account lives",
        "credentials_while_held": "credentials changed while it was held",
        "evidence_is_whole": "evidence is whole",
        "second_deploy_writes": "writes of a second deploy",
        "second_post_apply_writes": "writes of a second post-apply",
        "apply_privileged_writes": "writes of an apply with -var phase=privileged",
        "plan": "Terraform's plan at the end",
        "graph_requests": "requests to Microsoft Graph",
        "provider": "azuread provider",
        "terraform": "Terraform engine",
    }
    words = {True: "yes", False: "no"}
    values = {key: summary[key] for key in labels}
    rows = {
        labels[key]: words[value] if isinstance(value, bool) else "none" if value == [] else str(value)
        for key, value in values.items()
    }
    console.result_table("The life of the account", rows)
    for page in summary["papers"]:
        console.result(f"rehearsal's paper: {folder / page}")
    console.result(f"left in {folder}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
