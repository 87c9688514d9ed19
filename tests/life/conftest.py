"""Tenants for the tests of the whole life; REHEARSAL_PROVIDER chooses the azuread provider, as for `make rehearse`."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.seed import Seed
from scripts.environment import child_environment, find_terraform
from scripts.rehearsal.provider_choice import ROOT
from scripts.rehearsal.scene import set_the_scene
from tests.life.tenancy import Tenancy
from tests.programs.forked_provider import choose_forked_provider

MakeTenancy = Callable[..., Tenancy]


@contextmanager
def _maker(folders: pytest.TempPathFactory) -> Iterator[MakeTenancy]:
    """Give a maker of tenants with their own sandboxes, which end with it."""
    made: list[Tenancy] = []
    terraform = find_terraform()

    def make(**options: Any) -> Tenancy:
        folder: Path = folders.mktemp("tenancy")
        environment = child_environment(ROOT)
        choice = os.environ.get("REHEARSAL_PROVIDER", "own")
        environment |= choose_forked_provider(choice, folder, terraform=terraform, environment=environment)
        # One request a second for conditional access is for the rehearsal, which keeps it, and for its own tests.
        options["seed"] = replace(options.get("seed") or Seed(), conditional_access_requests_per_second=None)
        scene = set_the_scene(folder, base_environment=environment, **options)
        tenancy = Tenancy(scene, terraform)
        made.append(tenancy)
        tenancy.synthesize()
        return tenancy

    yield make
    for tenancy in made:
        tenancy.scene.control.close()
        tenancy.scene.sandbox.stop()


@pytest.fixture(scope="module")
def make_tenancy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeTenancy]:
    """Return a maker of tenants with their own sandboxes, by the options of `set_the_scene`."""
    with _maker(tmp_path_factory) as make:
        yield make


@pytest.fixture(scope="session")
def usual_tenancy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenancy]:
    """Return the tenant that all modules share; a test takes it as `tenancy`, and leaves its file as it was."""
    with _maker(tmp_path_factory) as make:
        yield make()


@pytest.fixture
def tenancy(usual_tenancy: Tenancy) -> Tenancy:
    """Return a tenant whose stack is synthesized and not deployed yet."""
    usual_tenancy.start_over()
    return usual_tenancy
