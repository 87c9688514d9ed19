"""Makes our own identities in a tenant, shows what they are, and takes back what they no longer need.

`python scripts/identities.py plan|make|list|retire tenants/<name>.yaml [identity ...]`, signed in as an administrator:
in a browser, with a code at a browser elsewhere, or as Azure CLI is, whose token cannot give directory roles.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.console import Console
from scripts.identities_verbs import VERBS, parse
from scripts.program import run_program, run_until_told
from scripts.wiring import sign_in
from steward.config.loader import load_tenant
from steward.config.made import write_made
from steward.config.model import CertificateTrust, KeyVaultSink, Tenant
from steward.errors import ConfigError, ExitCode, RefusedError, worse
from steward.evidence import EvidenceFile, describe_tenant
from steward.facts import Facts
from steward.graph.session import GraphSession
from steward.graph.sign_in_methods import BrowserSignIn, CliSignIn, DeviceCodeSignIn, SignInMethod
from steward.identities.key_files import key_file, make_certificate, plan_certificate, read_certificate
from steward.identities.ours import find_kept, in_the_way
from steward.identities.roster import ROSTER, find_identities
from steward.identities.steps import (
    Chosen,
    ends_soon,
    list_step,
    make_step,
    remove_step,
    retire_step,
)
from steward.identities.wanted import Certificate
from steward.lifecycle.lines import Line, Observer
from steward.lifecycle.runner import Runner, StepOutcome
from steward.lifecycle.step import Step
from steward.registrations import Registrations, RegistrationState
from steward.wellknown.clients import GRAPH_COMMAND_LINE

# Registering, and what was registered a moment ago showing everywhere, takes its time.
_BUDGET_SECONDS = 180.0


def main(arguments: list[str]) -> ExitCode:
    """Parse the arguments and run; the exit code says how it ended."""
    parsed = parse(arguments)
    console = Console(is_quiet=parsed.quiet)
    return run_program(lambda: run_until_told(lambda: _run(parsed, console)), console)


async def _run(parsed: argparse.Namespace, console: Console) -> ExitCode:
    tenant = load_tenant(parsed.tenant)
    if tenant.identities is None:
        raise ConfigError(
            f"{tenant.file}: identities is missing",
            why="it says who signs in as the identities: a pipeline's workflows, or somebody with a certificate",
            next_move="add identities.github.repository or identities.certificate.folder; docs/tenant-file.md has both",
        )
    if parsed.verb == "retire" and tenant.account.sealed_on is None and not parsed.unsealed:
        raise RefusedError(
            f"{tenant.name} is not sealed",
            why="the account may hold the role, and the identities that take it away would lose the right to",
            next_move="run scripts/post_apply.py with --write-sealed-on first; a tenant without a service account "
            "takes --unsealed, which goes on only if no privileged role is held",
        )
    # Nobody is asked to consent to more than the verb takes; Azure CLI has what it has.
    scopes = () if parsed.azure_cli else VERBS[parsed.verb].scopes
    method = _method(parsed, console)
    async with sign_in(tenant, is_urgent=False, observe=console.show, method=method, scopes=scopes) as session:
        visit = Visit(parsed, tenant, session, console)
        outcome, written = await visit.perform()
    _show(parsed, tenant, outcome, Shown(visit.made(outcome.facts), written), console)
    return outcome.exit_code


def _method(parsed: argparse.Namespace, console: Console) -> SignInMethod:
    if parsed.azure_cli:
        return CliSignIn()
    if parsed.device_code:
        return DeviceCodeSignIn(GRAPH_COMMAND_LINE, console.say)
    console.say("sign in as an administrator, in the browser that opens (with --device-code at one elsewhere)")
    return BrowserSignIn(GRAPH_COMMAND_LINE)


@dataclass(frozen=True)
class Visit:
    """One tenant, signed in to, and what is asked of it."""

    parsed: argparse.Namespace
    tenant: Tenant
    session: GraphSession
    console: Console

    async def perform(self) -> tuple[StepOutcome, tuple[str, ...]]:
        """Do what the verb says; the second value names the keys written into the tenant file."""
        match self.parsed.verb:
            case "plan":
                return await self._plan(), ()
            case "list":
                return await self._preview(list_step(self._chosen(of_all=True))), ()
            case "make":
                return await self._make()
            case _:
                chosen = self._chosen(of_all=True)
                return await self._record(remove_step(chosen) if self.parsed.all else retire_step(chosen)), ()

    async def _plan(self) -> StepOutcome:
        """Show what make would do, with the certificates that it would make; what it would leave is no failure."""
        chosen = self._chosen()
        trust = self._trust
        if trust is not None:
            glanced = await self._runner(None, lambda _: None).preview(make_step(chosen, shows_all=True))
            planned = dict(chosen.certificates)
            for name, file in self._certificates_to_make(trust, glanced.facts).items():
                planned[name] = plan_certificate(days=trust.days)
                ends = f"a certificate until {planned[name].ends:%Y-%m-%d}"
                self.console.show(Line("identities", "would", f"have made {file}", ends))
            chosen = replace(chosen, certificates=planned)
        outcome = await self._preview(make_step(chosen, shows_all=True))
        if outcome.exit_code is ExitCode.FINDINGS and not outcome.is_blocked:
            outcome.exit_code = ExitCode.WELL
        return outcome

    async def _make(self) -> tuple[StepOutcome, tuple[str, ...]]:
        if self._trust is not None:
            blocked = await self._look_for_certificates(self._trust)
            if blocked is not None:
                return blocked, ()
        outcome = await self._record(make_step(self._chosen()))
        return outcome, self._write(outcome.facts)

    async def _look_for_certificates(self, trust: CertificateTrust) -> StepOutcome | None:
        """Make the certificates that are needed; returns what the look told where it did not show the applications."""
        lines: list[Line] = []
        glanced = await self._runner(None, lines.append).preview(make_step(self._chosen(), shows_all=True))
        if glanced.is_blocked and not isinstance(glanced.facts.registrations, Registrations):
            for line in lines:
                self.console.show(line)
            return glanced
        self._make_certificates(trust, glanced.facts)
        return None

    def _write(self, facts: Facts) -> tuple[str, ...]:
        """Write what was made into the tenant file, as far as it was made."""
        made = self.made(facts)
        deploying = made.get("deploy")
        deployer_id = deploying.principal.object_id if deploying and deploying.principal else None
        return write_made(self.tenant.file, {name: entry.client_id for name, entry in made.items()}, deployer_id)

    def made(self, facts: Facts) -> dict[str, RegistrationState]:
        """Return the application of each identity that the tenant has, without those that may not be ours."""
        registrations, chosen = facts.registrations, self._chosen(of_all=True)
        made: dict[str, RegistrationState] = {}
        if not isinstance(registrations, Registrations):
            return made
        for identity in chosen.identities:
            kept = find_kept(identity.name, registrations, self.tenant)
            refused = list(in_the_way(chosen.want(identity, facts, self.tenant), registrations, facts, self.tenant))
            if kept is not None and not refused:
                made[identity.name] = kept
        return made

    def _chosen(self, *, of_all: bool = False) -> Chosen:
        names = tuple(self.parsed.identities)
        identities = ROSTER if of_all and not names else find_identities(names)
        certificates: dict[str, Certificate] = {}
        trust = self._trust
        for identity in identities if trust else ():
            certificate = read_certificate(key_file(trust.folder, self.tenant.name, identity.name)) if trust else None
            if certificate is not None:
                certificates[identity.name] = certificate
        return Chosen(identities, is_by_name=bool(names), certificates=certificates)

    @property
    def _trust(self) -> CertificateTrust | None:
        trust = self.tenant.identities.trust if self.tenant.identities else None
        return trust if isinstance(trust, CertificateTrust) else None

    def _make_certificates(self, trust: CertificateTrust, facts: Facts) -> None:
        for file in self._certificates_to_make(trust, facts).values():
            made = make_certificate(file, days=trust.days)
            self.console.show(Line("identities", "made", str(file), f"a certificate until {made.ends:%Y-%m-%d}"))

    def _certificates_to_make(self, trust: CertificateTrust, facts: Facts) -> dict[str, Path]:
        """Return the files that are missing, or whose certificate ends soon; one whose key lies elsewhere stays."""
        registrations = facts.registrations
        if not isinstance(registrations, Registrations):
            return {}
        chosen = self._chosen()
        files: dict[str, Path] = {}
        for identity in chosen.identities:
            certificate = chosen.certificates.get(identity.name)
            kept = find_kept(identity.name, registrations, self.tenant)
            is_elsewhere = certificate is None and kept is not None and bool(kept.certificates)
            is_ending = certificate is not None and ends_soon(certificate, self.tenant, chosen.now)
            if self.parsed.renew or is_ending or (certificate is None and not is_elsewhere):
                files[identity.name] = key_file(trust.folder, self.tenant.name, identity.name)
        return files

    async def _preview(self, step: Step) -> StepOutcome:
        return await self._runner(None, self.console.show).preview(step)

    async def _record(self, step: Step) -> StepOutcome:
        """Perform a step, with an evidence file of its own: who may demote, and who may not any more, is on record."""
        caller = self.session.caller
        about = {**describe_tenant(self.tenant), "program": f"identities {self.parsed.verb}"}
        with ExitStack() as opened:
            evidence = opened.enter_context(
                EvidenceFile(
                    self.tenant.evidence / self.tenant.name, actor=caller.object_id or caller.app_id, about=about
                )
            )
            outcome = await self._runner(evidence, self.console.show).run(step)
            if evidence.failure:
                outcome.exit_code = worse(outcome.exit_code, ExitCode.FINDINGS)
                self.console.show(Line("evidence", "found", str(evidence.path), f"incomplete: {evidence.failure}"))
            evidence.record("run", "ended", detail={"exit_code": int(outcome.exit_code)})
        return outcome

    def _runner(self, evidence: EvidenceFile | None, observe: Observer) -> Runner:
        return Runner(
            tenant=self.tenant,
            session=self.session,
            workspace=None,
            evidence=evidence,
            observe=observe,
            budget_seconds=_BUDGET_SECONDS,
        )


@dataclass(frozen=True)
class Shown:
    """What is there at the end, by identity, and which keys of the tenant file were written."""

    made: Mapping[str, RegistrationState]
    written: tuple[str, ...]


def _show(parsed: argparse.Namespace, tenant: Tenant, outcome: StepOutcome, shown: Shown, console: Console) -> None:
    if parsed.json:
        console.result_json(
            {
                "tenant": tenant.name,
                "identities": {
                    name: {
                        "client_id": entry.client_id,
                        "object_id": entry.principal.object_id if entry.principal else None,
                    }
                    for name, entry in shown.made.items()
                },
                "changes": outcome.writes,
                "written": list(shown.written),
                "not_looked_at": list(_not_looked_at(tenant)),
                "exit_code": int(outcome.exit_code),
            }
        )
        return
    console.result(f"{tenant.name}: {_in_words(parsed, outcome)}")
    for name, entry in shown.made.items():
        console.result(f"  {name:<12} client id {entry.client_id}")
    if shown.written:
        console.result(f"  written into {tenant.file}: {', '.join(shown.written)}")
    for each in _not_looked_at(tenant):
        console.say(f"not looked at: {each}")


def _not_looked_at(tenant: Tenant) -> Iterator[str]:
    """Yield what an identity may do that Microsoft Graph does not show, with the command that shows it."""
    client_ids = tenant.identities.client_ids if tenant.identities else {}
    if isinstance(tenant.sink, KeyVaultSink):
        who = client_ids.get("post-apply", "<client id>")
        yield (
            f"the Azure role of post-apply on {tenant.sink.vault}: "
            f"az role assignment list --all --assignee {who} --include-inherited"
        )


def _in_words(parsed: argparse.Namespace, outcome: StepOutcome) -> str:
    if outcome.exit_code is not ExitCode.WELL:
        if parsed.verb == "plan":
            return "make would not get to the end; what stands above says why, and nothing was touched"
        return "not as it should be; what stands above says why"
    match parsed.verb:
        case "plan":
            changes = f"{outcome.writes} change{'' if outcome.writes == 1 else 's'}"
            return f"make would make {changes}; nothing was touched"
        case "list":
            return "every identity is as it should be"
        case "make":
            return "every identity is made and read back" if outcome.writes else "every identity was made already"
        case _:
            return "the identities are deleted" if parsed.all else "nothing of ours leads to Global Administrator"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
