"""The command line of identities.py: each verb has its own options, and its help says all that somebody has to know."""

from pathlib import Path

import pytest

from scripts.identities_verbs import VERBS, parse
from steward.errors import ExitCode
from steward.identities.roster import NAMES

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "identities.md"


def help_of(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        parse([*arguments, "--help"])
    assert ended.value.code == 0
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("name", VERBS)
def test_help_of_a_verb_says_what_it_does_needs_and_changes_and_its_exit_codes(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = help_of([name], capsys)
    verb = VERBS[name]
    for each in (verb.how, *verb.scopes, f"changes {verb.changes}", *NAMES):
        assert each in told
    _, _, codes = told.partition("exit codes")
    for code, meaning in zip(ExitCode, verb.codes, strict=False):
        assert f"{int(code)} {meaning}" in codes
    assert f"{int(ExitCode.DEFECT)} " in codes


@pytest.mark.parametrize("name", VERBS)
def test_permissions_that_a_verb_asks_for_are_documented(name: str) -> None:
    described = DOCUMENT.read_text(encoding="utf-8").partition("**Who signs in.**")[2].partition("\n\n")[0]
    assert [scope for scope in VERBS[name].scopes if f"`{scope}`" not in described] == []


def test_overview_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    told = help_of([], capsys)
    assert [name for name, verb in VERBS.items() if f"{name} {verb.does}" not in told] == []


def test_identities_may_follow_an_option() -> None:
    parsed = parse(["retire", "--unsealed", "contoso.yaml", "--all", "guard", "plan", "--quiet"])
    assert (parsed.verb, str(parsed.tenant), parsed.identities) == ("retire", "contoso.yaml", ["guard", "plan"])
    assert (parsed.unsealed, parsed.all, parsed.renew, parsed.quiet, parsed.json) == (True, True, False, True, False)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "required"),
        (["renew", "contoso.yaml"], "invalid choice"),
        (["make"], "tenant"),
        (["make", "contoso.yaml", "--all"], "--all"),
        (["make", "contoso.yaml", "--unsealed"], "--unsealed"),
        (["retire", "contoso.yaml", "--renew"], "--renew"),
        (["list", "contoso.yaml", "gaurd"], "no identity is called gaurd"),
        (["plan", "contoso.yaml", "--azure-cli", "--device-code"], "not allowed with"),
    ],
)
def test_what_a_verb_does_not_take_is_refused(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(arguments)
    assert ended.value.code == ExitCode.BAD_INPUT
    assert told in capsys.readouterr().err
