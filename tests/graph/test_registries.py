"""Every act can be performed, every fact can be read, and every step asks only for facts that exist."""

import inspect
from dataclasses import fields
from typing import get_args

from steward.acts import GraphAct
from steward.facts import Facts
from steward.graph.writes import WRITES
from steward.identities.roster import ROSTER
from steward.identities.steps import Chosen, make_step
from steward.lifecycle import reader
from steward.lifecycle.steps import STEPS

NAMES = {field.name for field in fields(Facts)}


def test_every_graph_act_has_a_write() -> None:
    assert set(WRITES) == set(get_args(GraphAct))


def test_every_fact_can_be_read() -> None:
    assert {name for name in NAMES if f'"{name}"' in inspect.getsource(reader.FactReader)} == NAMES


def test_every_step_has_a_name_of_its_own_but_for_those_that_have_several_ways() -> None:
    names = sorted(step.name for step in STEPS)
    assert names == sorted([*set(names), *["preflight"] * 6, *["close"] * 3, "consent", "shut", "trim", "destroy"])


def test_every_step_asks_for_facts_that_exist() -> None:
    identities = make_step(Chosen(ROSTER))
    assert {name for step in (*STEPS, identities) for name in step.reads} == NAMES
