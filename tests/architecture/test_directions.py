"""Imports go in the declared directions, and every package has one."""

import pytest

from tests.architecture.directions import APART, FORBIDDEN, LAYERS, is_declared, judge, unit_of
from tests.architecture.imports import Import, read_imports
from tests.architecture.sources import Source, python_sources

OURS = frozenset(unit.split(".")[0] for unit in {*APART, *(unit for layer in LAYERS for unit in layer)})


def test_every_package_and_module_at_the_top_has_a_declared_direction() -> None:
    undeclared = {source.path for source in python_sources() if not is_declared(unit_of(source.module))}
    assert not undeclared, f"declare their direction in tests/architecture/directions.py: {sorted(undeclared)}"


@pytest.mark.parametrize("module", ["newcomer", "newcomer.part", "steward.newcomer", "steward.newcomer.part"])
def test_a_package_without_a_declared_direction_is_found(module: str) -> None:
    assert not is_declared(unit_of(module))


def test_no_unit_has_two_directions() -> None:
    units = [unit for layer in LAYERS for unit in layer] + list(APART)
    assert len(units) == len(set(units))


def test_every_import_in_the_tree_goes_in_its_declared_direction() -> None:
    imports = [found for source in python_sources() for found in read_imports(source)]
    assert any(found.imported.startswith("steward.") for found in imports)
    refusals = [refusal for found in imports for refusal in judge(found, OURS)]
    assert not refusals, "\n".join(refusals)


@pytest.mark.parametrize(
    ("path", "statement"),
    [
        ("steward/errors.py", "from steward.config import load_tenant"),
        ("steward/errors.py", "from steward import graph"),
        ("steward/config/loader.py", "import steward.evidence"),
        ("steward/graph/reads.py", "from steward.terraform import Workspace"),
        ("steward/lifecycle/runner.py", "from scripts.console import Console"),
        ("steward/lifecycle/steps/close.py", "from steward.graph.session import GraphSession"),
        ("steward/lifecycle/steps/seal.py", "from steward import terraform"),
        ("steward/review/rules.py", "from steward.graph import session"),
        ("steward/review/rules.py", "import msgraph"),
        ("steward/config/model.py", "import cdktf"),
        ("stacks/tenant.py", "from steward.graph.session import GraphSession"),
        ("stacks/tenant.py", "from steward.lifecycle.runner import Runner"),
        ("stacks/tenant.py", "from sandbox.seed import Seed"),
        ("main.py", "from steward.graph.session import GraphSession"),
        ("scripts/rehearse.py", "from azure.identity import ClientSecretCredential"),
        ("scripts/rehearse.py", "from toolchain import choice"),
        ("steward/wellknown/roles.py", "from sandbox.schema import ENTITIES"),
        ("sandbox/seed.py", "from steward.ids import derive"),
        ("sandbox/seed.py", "from toolchain.errors import SetupError"),
        ("sandbox/provider/session.py", "from sandbox.errors import GraphError"),
        ("sandbox/provider/session.py", "import sandbox.tokens"),
        ("sandbox/tokens.py", "import tf.schema"),
        ("conformance/player.py", "from steward.config import load_tenant"),
        ("toolchain/choice.py", "from steward.errors import StewardError"),
        ("scripts/rehearse.py", "from tests.provider import recorded"),
        ("steward/graph/reads.py", "def read() -> None:\n    from steward.terraform import Workspace"),
    ],
)
def test_an_import_against_its_direction_is_refused(path: str, statement: str) -> None:
    assert [refusal for found in read_imports(Source(path, statement)) for refusal in judge(found, OURS)]


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("steward.config.loader", "steward.errors"),
        ("steward.config.model", "steward.wellknown.roles"),
        ("steward.graph.reads", "steward.graph.session"),
        ("steward.graph.session", "msgraph.graph_service_client"),
        ("steward.lifecycle.runner", "steward.graph.session"),
        ("steward.lifecycle.steps.close", "steward.facts"),
        ("steward.lifecycle.steps.close", "steward.lifecycle.step"),
        ("stacks.tenant", "cdktf"),
        ("stacks.tenant", "steward.config.model"),
        ("main", "stacks.tenant"),
        ("scripts.rehearse", "sandbox.server"),
        ("conformance.player", "sandbox.provider.mirror"),
        ("sandbox.server", "sandbox.seed"),
        ("sandbox.provider.session", "sandbox.provider.graph"),
        ("tests.sandbox.test_users", "sandbox.server"),
    ],
)
def test_an_import_in_its_direction_passes(importer: str, imported: str) -> None:
    assert not list(judge(Import(importer, imported, "here"), OURS))


def test_every_closed_unit_is_one_that_has_a_direction() -> None:
    named = set(FORBIDDEN) | {one for closed, _ in FORBIDDEN.values() for one in closed}
    assert {unit for unit in named if not is_declared(unit_of(unit))} == set()
