"""The whole review as plain data, for programs: everything that the comment may have to cut is in it."""

from typing import Any

from steward.review.changes import Change
from steward.review.review import Finding, PlanReview, Review, verdict_of
from steward.review.words import plain


def as_json(review: Review) -> dict[str, Any]:
    """Return the review as JSON values, in the same order as the comment."""
    return {
        "verdict": str(review.verdict),
        "exit_code": int(review.exit_code),
        "unread": [{"file": each.file, "why": each.why} for each in review.unread],
        "without_tenant_file": [{"tenant": each.tenant, "file": each.file, "now": each.now} for each in review.left],
        "fail_on": review.fail_on.label if review.fail_on else None,
        "plans": [{"verdict": str(verdict_of(plan, review.fail_on)), **_plan(plan)} for plan in review.plans],
    }


def _plan(plan: PlanReview) -> dict[str, Any]:
    return {
        "tenant": plan.name,
        "tenant_id": plan.tenant_id,
        "file": plan.file,
        "sha256": plan.sha256,
        "terraform_version": plan.terraform_version,
        "findings": [_finding(each) for each in plan.findings],
        "could_not_tell": [{"rule": each.rule.id, "why": plain(each.why)} for each in plan.unjudged],
        "changes": [_change(each) for each in plan.changes.changes],
        "unchanged": plan.changes.unchanged,
        "outside_terraform": [_change(each) for each in plan.changes.outside],
        "unused_exceptions": [
            {"rule": each.rule, "reason": each.reason, "until": each.until.isoformat()} for each in plan.unused
        ],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    rule, exception = finding.rule, finding.exception or finding.expired
    return {
        "rule": rule.id,
        "severity": rule.severity.label,
        "title": rule.title,
        "address": plain(finding.address) or None,
        "what": plain(finding.what),
        "why": rule.why,
        "next": rule.remedy,
        "source": rule.source,
        "counts": finding.counts,
        "exception": {
            "reason": exception.reason,
            "until": exception.until.isoformat(),
            "expired": finding.expired is not None,
        }
        if exception
        else None,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "address": plain(change.address),
        "type": plain(change.kind),
        "action": change.action.value,
        "risk": change.risk.label,
        "meaning": [{"risk": aspect.risk.label, "what": plain(aspect.what)} for aspect in change.aspects],
        "values": [plain(each) for each in change.details],
    }
