"""Every Python file keeps the house rules, and every rule can tell a file that does not."""

from collections.abc import Mapping

import pytest

from tests.architecture import rules
from tests.architecture.rules import RULES, Rule
from tests.architecture.sources import ROOT, Source, python_sources

# This folder holds the rules' own patterns and planted violations as text.
JUDGED = tuple(source for source in python_sources() if not source.path.startswith("tests/architecture/"))

# Assembled, so that no line of this file relaxes a check itself.
_NOQA = "# no" + "qa"
_IGNORE = "# type" + ": ignore"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_file_keeps_the_rule(rule: Rule) -> None:
    assert JUDGED
    broken = [found for source in JUDGED for found in rule(source)]
    assert not broken, "\n".join([f"{rule.__doc__}", *broken])


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (rules.environment_is_read_by_programs_only, "steward/graph/session.py", "import os\nos.environ['A']"),
        (rules.environment_is_read_by_programs_only, "steward/graph/session.py", "import os\nos.getenv('A')"),
        (rules.environment_is_read_by_programs_only, "stacks/tenant.py", "from os import environ"),
        (rules.environment_is_read_by_programs_only, "sandbox/server.py", "import os\nos.environ.get('A')"),
        (rules.only_one_module_an_area_prints, "steward/graph/session.py", "print('x')"),
        (rules.only_one_module_an_area_prints, "scripts/rehearse.py", "import sys\nsys.stderr.write('x')"),
        (rules.only_one_module_an_area_prints, "scripts/rehearse.py", "from sys import stdout"),
        (rules.only_one_module_an_area_prints, "steward/audit/a.py", "from rich.console import Console"),
        (rules.cloud_hosts_are_named_in_the_table_of_clouds, "steward/graph/a.py", "A = 'https://graph.microsoft.com'"),
        (rules.cloud_hosts_are_named_in_the_table_of_clouds, "sandbox/a.py", "A = f'{x}.login.microsoftonline.us/'"),
        (rules.evidence_says_what_it_ran_against, "scripts/a.py", "EvidenceFile(f, about={'tenant': 'a'})"),
        (
            rules.evidence_says_what_it_ran_against,
            "scripts/a.py",
            "def a():\n about = {}\n EvidenceFile(f, about=about)",
        ),
        (
            rules.evidence_says_what_it_ran_against,
            "scripts/a.py",
            "def a():\n EvidenceFile(f, about={**describe_tenant(t), 'ran_against': None})",
        ),
        (rules.modules_are_named_for_what_they_hold, "steward/graph/helpers.py", ""),
        (rules.modules_are_named_for_what_they_hold, "steward/utils/text.py", ""),
        (rules.relaxed_checks_give_their_reason, "main.py", f"import x  {_NOQA}"),
        (rules.relaxed_checks_give_their_reason, "main.py", f"import x  {_NOQA}: F401"),
        (rules.relaxed_checks_give_their_reason, "main.py", f"import x  {_IGNORE}"),
        (rules.relaxed_checks_give_their_reason, "main.py", f"import x  {_IGNORE}[import-untyped]"),
        (rules.nothing_is_put_off, "main.py", "# For now, only one is read"),
    ],
)
def test_a_file_that_breaks_the_rule_is_found(rule: Rule, path: str, text: str) -> None:
    assert list(rule(Source(path, text)))


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (rules.environment_is_read_by_programs_only, "scripts/rehearse.py", "import os\nos.environ['A']"),
        (rules.environment_is_read_by_programs_only, "steward/terraform.py", "import os\nos.replace('a', 'b')"),
        (rules.only_one_module_an_area_prints, "scripts/console.py", "import sys\nsys.stdout.write('x')"),
        (rules.cloud_hosts_are_named_in_the_table_of_clouds, "steward/a.py", "'''As graph.microsoft.com does.'''"),
        (
            rules.evidence_says_what_it_ran_against,
            "scripts/a.py",
            "def a():\n about = {**describe_tenant(t), 'program': 'a'}\n EvidenceFile(f, about=about)",
        ),
        (rules.relaxed_checks_give_their_reason, "main.py", f"import x  {_NOQA}: F401 - it registers itself"),
        (rules.relaxed_checks_give_their_reason, "main.py", f"import x  {_IGNORE}[import-untyped]  # has no types"),
    ],
)
def test_a_file_that_keeps_the_rule_passes(rule: Rule, path: str, text: str) -> None:
    assert not list(rule(Source(path, text)))


@pytest.mark.parametrize("exceptions", [rules.MAY_NAME_CLOUD_HOSTS, rules.MAY_PRINT, rules.MAY_READ_ENVIRONMENT])
def test_every_exception_is_for_something_that_exists(exceptions: Mapping[str, str]) -> None:
    assert [path for path in exceptions if not (ROOT / path).exists()] == []
