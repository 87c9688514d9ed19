"""The documentation's table of rules, made from the registry so that the two cannot part."""

from steward.review.rules import RULES


def render_rules() -> str:
    """Return a Markdown table with a row for every rule."""
    rows = ["| rule | severity | what holds | why | what to do |", "| --- | --- | --- | --- | --- |"]
    rows += [
        f"| `{rule.id}` | {rule.severity.label} | {rule.title} | {rule.why} | {rule.remedy} |"
        for rule in sorted(RULES, key=lambda rule: -rule.severity)
    ]
    return "\n".join(rows)
