"""The verbs of `identities.py`: what each does, needs and changes, its options, and the permissions that it asks for.

`parse` turns a command line into its values; `--help` after a verb shows all of this for that verb.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

from scripts.program import shared_parser
from steward.identities.roster import NAMES, find_identities
from steward.identities.steps import READING, RETIRING, WRITING

_WIDTH = 100
_WELL, _DEFECT = "all is well", "a defect of ours: run list to see what is there, and report it"
_UNREAD = "something could not be read, so that nobody can tell what the identities may do: run it again"
_INPUT = "the tenant file has no identities, or nobody signed in: nothing was touched"
_NOT_WRITTEN = (
    ". Or a certificate's file is open to others, or the ids could not be written into the tenant file: the message "
    "has the lines, and what was made is found again"
)
_HELD = (
    "the tenant is not sealed, or a privileged role is held: nothing was touched, and the message has the way on. Or "
    "something is left, and named; the rest is done"
)


@dataclass(frozen=True)
class Verb:
    """What one verb is: `does` in a line for the overview, the rest for its own help; `codes` are exit codes 0 to 3."""

    does: str
    how: str
    scopes: tuple[str, ...]
    changes: str
    codes: tuple[str, str, str, str]


VERBS: Mapping[str, Verb] = {
    "plan": Verb(
        "show what make would do, and do nothing",
        "Reads the tenant's applications and says what make would register, add, grant and take away.",
        READING,
        "nothing, neither in the tenant nor in the file",
        (
            "it could say what make would do, what make would leave included",
            "something would keep make from its end",
            _INPUT,
            _UNREAD,
        ),
    ),
    "make": Verb(
        "make the identities, or bring them to what they should be",
        "Registers an application for each identity, takes away whatever else could sign in as it, adds the trust of "
        "the tenant file (a pipeline's workflows, or a certificate), grants the least set of permissions, and reads "
        "all of it back. Run again it changes nothing; killed anywhere, the next run completes it. On a sealed "
        "tenant only an identity that is named gets what the sealing took from it.",
        WRITING,
        "those applications, their certificates' files, a file of evidence, and in the tenant file the keys "
        "identities.client_ids and deployer.object_id; every other line of it stays as it is",
        (
            _WELL + "; commit the tenant file if ids were written into it",
            "something is refused or left, and named; the rest is done",
            _INPUT + _NOT_WRITTEN,
            _UNREAD,
        ),
    ),
    "list": Verb(
        "show what differs from what should be",
        "Holds every identity against what it should be: too much, too little, secrets, owners, ends of certificates.",
        READING,
        "nothing, neither in the tenant nor in the file",
        (_WELL, "each difference is named, with what mends it", _INPUT, _UNREAD),
    ),
    "retire": Verb(
        "take away what leads to Global Administrator, or with --all the identities themselves",
        "Leaves each identity what it keeps once the tenant is sealed: plan and guard all, deploy what leads nowhere, "
        "the others an application that may do nothing. With --all all of them are deleted. It looks first whether "
        "the account holds a privileged role by any path, and takes nothing away while it does, because our "
        "identities are what takes it away. The tenant file says sealed_on; with --unsealed it need not, and then "
        "nothing is taken away either while nobody can tell whether a role is held.",
        RETIRING,
        "those applications, and a file of evidence; the tenant file keeps its client ids",
        (
            "nothing of ours leads to Global Administrator any more; with --all nothing of ours is left",
            _HELD,
            _INPUT,
            _UNREAD + ". With --unsealed nothing was touched",
        ),
    ),
}


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments; the verb comes first."""
    overview = argparse.ArgumentParser(
        description="Makes, lists and takes back the identities that do the work in a tenant.",
        epilog="\n".join(f"  {name:<8} {verb.does}" for name, verb in VERBS.items())
        + "\n\nA verb's own help: identities.py make --help",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    overview.add_argument("verb", choices=list(VERBS), metavar="|".join(VERBS), help="what to do; it comes first")
    overview.add_argument("rest", nargs="*", metavar="...", help="the tenant file, identities and options of the verb")
    name = overview.parse_args(arguments[:1]).verb
    parser = _parser_of(name, f"{overview.prog} {name}")
    # Otherwise the identities could not follow an option.
    parsed = parser.parse_intermixed_args(arguments[1:])
    unknown = sorted(set(parsed.identities) - set(NAMES))
    if unknown:
        parser.error(f"no identity is called {', '.join(unknown)}; there are {', '.join(NAMES)}")
    return parsed


def _parser_of(name: str, program: str) -> argparse.ArgumentParser:
    verb = VERBS[name]
    parser = shared_parser(fill(verb.how, _WIDTH))
    parser.prog, parser.epilog = program, _about(verb)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.set_defaults(verb=name, renew=False, all=False, unsealed=False)
    parser.add_argument("tenant", type=Path, help="the tenant file")
    usual = ", ".join(each.name for each in find_identities(()))
    default = "those that are there" if name == "retire" else usual
    parser.add_argument(
        "identities", nargs="*", default=(), metavar="identity", help=f"only these of {', '.join(NAMES)} ({default})"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--device-code", action="store_true", help="sign in at a browser elsewhere, with a code")
    how.add_argument("--azure-cli", action="store_true", help="use Azure CLI's sign-in as far as its token goes")
    if name == "make":
        parser.add_argument("--renew", action="store_true", help="replace the certificates, whenever they end")
    if name == "retire":
        parser.add_argument("--all", action="store_true", help="delete the identities")
        parser.add_argument("--unsealed", action="store_true", help="although the tenant file has no sealed_on")
    return parser


def _about(verb: Verb) -> str:
    """Return what follows the options in a verb's help."""
    who = "a Global Administrator, or a Privileged Role Administrator who is Application Administrator too"
    needs = f"{who}, signed in in the browser that opens, who consents to {', '.join(verb.scopes)}"
    entries = [f"needs    {needs}", f"changes  {verb.changes}", "exit codes"]
    entries += [f"  {code}      {meaning}" for code, meaning in enumerate((*verb.codes, _DEFECT))]
    return "\n".join(fill(each, _WIDTH, subsequent_indent=" " * 9, break_on_hyphens=False) for each in entries)
