"""The findings as SARIF 2.1.0, which code scanning of a forge takes: one result a finding, at the tenant's file.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html; what GitHub asks for beyond it:
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from steward.review.review import Finding, PlanReview, Review, Unjudged
from steward.review.rule import Rule, Severity
from steward.review.rules import RULES
from steward.review.words import plain, shown

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning"}
# GitHub calls 9 and more critical, 7 and more high, 4 and more medium.
_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.0"}


def as_sarif(review: Review, *, places: Mapping[str, str]) -> dict[str, Any]:
    """Return a SARIF log; `places` names the file that a tenant's findings are shown at, by the tenant's name.

    Relative names only: a forge takes them as paths in its repository.
    """
    results: list[dict[str, Any]] = []
    for plan in review.plans:
        place = places.get(plan.name, plan.file)
        results += [_result(finding, plan, place) for finding in plan.findings]
        results += [_question(each, plan, place) for each in plan.unjudged]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "review_plan", "rules": [_rule(rule) for rule in RULES]}},
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": rule.id,
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.why}\n\nNext: {rule.remedy}\n\nSource: {rule.source}"},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"security-severity": _SCORES[rule.severity], "tags": ["security", "identity"]},
    }
    if rule.source.startswith("https://"):
        described["helpUri"] = rule.source
    return described


def _result(finding: Finding, plan: PlanReview, place: str) -> dict[str, Any]:
    address = plain(finding.address)
    said = f"{shown(plan.name).text}: {address}{' ' if address else ''}{plain(finding.what)}"
    result = {
        **_about(finding.rule, plan, place, address, plain(finding.what)),
        "level": _LEVELS[finding.rule.severity],
        "message": {"text": f"{said}. Next: {finding.rule.remedy}"},
    }
    if finding.exception is not None:
        reason = f"{shown(finding.exception.reason).text} (until {finding.exception.until})"
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": reason}]
    return result


def _question(unjudged: Unjudged, plan: PlanReview, place: str) -> dict[str, Any]:
    return {
        **_about(unjudged.rule, plan, place, "", plain(unjudged.why)),
        "kind": "open",
        "level": "none",
        "message": {"text": f"{shown(plan.name).text}: could not tell, {plain(unjudged.why)}."},
    }


def _about(rule: Rule, plan: PlanReview, place: str, address: str, what: str) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": {"uri": quote(place)}, "region": {"startLine": 1}},
    }
    if address:
        location["logicalLocations"] = [{"fullyQualifiedName": address, "kind": "resource"}]
    fingerprint = hashlib.sha256(repr((rule.id, plan.name, address, what)).encode()).hexdigest()
    return {
        "ruleId": rule.id,
        "ruleIndex": RULES.index(rule),
        "locations": [location],
        "partialFingerprints": {"finding/v1": fingerprint},
    }
