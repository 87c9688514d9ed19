"""The recorded plans with their tenant files, and plans that differ from a recorded one in one thing."""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from rich.console import Console

from steward.config.loader import load_tenant
from steward.config.model import Tenant
from steward.review.as_json import as_json
from steward.review.comment import render_comment
from steward.review.plan import read_plan
from steward.review.review import Given, PlanReview, Review, review_plan
from steward.review.sarif import as_sarif
from steward.review.terminal import view

PLANS = Path(__file__).parents[1] / "data" / "plans"
SITUATIONS = sorted(file.stem for file in PLANS.glob("*.json"))
TODAY = date(2026, 11, 23)

Document = dict[str, Any]
Mutate = Callable[[Document], object]


@cache
def _content(situation: str) -> bytes:
    return (PLANS / f"{situation}.json").read_bytes()


@cache
def tenant_of(situation: str) -> Tenant:
    """Return the tenant file that a recorded plan was made from."""
    return load_tenant(PLANS / f"{situation}.yaml")


def document_of(situation: str) -> Document:
    """Return a recorded plan as plain data, to be changed."""
    document: Document = json.loads(_content(situation))
    return document


def review_document(
    document: Mapping[str, Any], tenant: Tenant | None, *, sha256: str | None = None, at_workstation: bool = False
) -> PlanReview:
    """Review a plan that is plain data."""
    plan = read_plan(json.dumps(document).encode(), "plan.json")
    return review_plan(Given(plan, "plan.json", tenant, sha256), today=TODAY, at_workstation=at_workstation)


def review_situation(situation: str) -> PlanReview:
    """Review a recorded plan with its tenant file."""
    plan = read_plan(_content(situation), f"{situation}.json")
    return review_plan(Given(plan, f"{situation}.json", tenant_of(situation)), today=TODAY)


def broken_rules(review: PlanReview) -> set[str]:
    """Return the ids of the rules that are broken, and that no exception covers."""
    return {finding.rule.id for finding in review.findings if finding.counts}


def outputs(review: Review) -> dict[str, str]:
    """Return everything that a review is shown as."""
    console = Console(width=100, force_terminal=True, color_system="standard")
    with console.capture() as captured:
        for each in view(review):
            console.print(each)
    return {
        "comment": render_comment(review),
        "json": json.dumps(as_json(review), ensure_ascii=False),
        "sarif": json.dumps(as_sarif(review, places={}), ensure_ascii=False),
        "terminal": captured.get(),
    }


def mutated(situation: str, mutate: Mutate) -> Document:
    """Return a recorded plan with one thing changed."""
    document = document_of(situation)
    mutate(document)
    return document


def change_at(document: Document, address: str) -> Document:
    """Return the entry of `resource_changes` at an address."""
    (found,) = [each for each in document["resource_changes"] if each["address"] == address]
    entry: Document = found
    return entry


def declaration_at(document: Document, address: str) -> Document:
    """Return what declares the thing at an address."""
    (found,) = [each for each in document["configuration"]["root_module"]["resources"] if each["address"] == address]
    declared: Document = found
    return declared


def after_at(document: Document, address: str, *, action: str | None = "update") -> Document:
    """Return the attributes after the plan, to be changed; the plan then does `action` about the thing."""
    change = change_at(document, address)["change"]
    if action is not None:
        change["actions"] = [action]
    change["after"] = copy.deepcopy(change["after"])
    after: Document = change["after"]
    return after


def add_thing(
    document: Document, address: str, provider: str = "registry.terraform.io/hashicorp/azuread", **after: Any
) -> Document:
    """Let the plan create one more thing, and return its entry."""
    kind, _, name = address.partition(".")
    entry = {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name.partition("[")[0],
        "provider_name": provider,
        "change": {"actions": ["create"], "before": None, "after": after, "after_unknown": {"id": True}},
    }
    document["resource_changes"].append(entry)
    return entry


def vary(document: Mapping[str, Any], tenant: Tenant, number: int) -> tuple[Document, Tenant]:
    """Return a plan and its tenant file as another tenant would have them: other ids, name and login."""
    text = json.dumps(document)
    for replaced, by in _variations(tenant, number):
        text = text.replace(replaced, by)
    varied: Document = json.loads(text)
    login = tenant.account.login.replace("contoso", f"contoso{number:03}")
    return varied, tenant.model_copy(
        update={
            "tenant": tenant.tenant.model_copy(
                update={"name": f"contoso-{number:03}", "id": _id(tenant.tenant.id, number)}
            ),
            "account": tenant.account.model_copy(update={"login": login}),
        }
    )


def _variations(tenant: Tenant, number: int) -> Iterator[tuple[str, str]]:
    yield tenant.tenant.id, _id(tenant.tenant.id, number)
    yield "contoso.onmicrosoft.com", f"contoso{number:03}.onmicrosoft.com"


def _id(guid: str, number: int) -> str:
    return f"{number:08x}{guid[8:]}"
