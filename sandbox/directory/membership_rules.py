"""Rules of groups with dynamic membership, such as `user.department -eq "Sales"`, as far as they are read here.

Nobody becomes a member by a rule in the sandbox, so a rule is looked at for its form alone: known marks, closed texts
and brackets, a comparison, and users or devices but not both (learn.microsoft.com, "Manage rules for dynamic membership
groups in Microsoft Entra ID", read November 2026). Which properties and operators fit each other is left out.
"""

import re

LONGEST = 3072
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:`.|[^"`])*"|'(?:`.|[^'`])*')|(?P<mark>[()\[\],])|(?P<word>-?[A-Za-z_][\w.]*|-?\d[\d.]*))"""
)
_CLOSES = {"(": ")", "[": "]"}
_OPPOSABLE = frozenset({"contains", "endswith", "in", "match", "startswith"})
_COMPARES = _OPPOSABLE | {f"not{each}" for each in _OPPOSABLE} | {"all", "any", "eq", "ge", "le", "ne"}
_DIRECT_REPORTS = ["direct", "reports", "for"]


def is_readable(rule: str) -> bool:
    """Say whether a rule has the form of one."""
    tokens = _tokens(rule)
    if not tokens or len(rule) > LONGEST or not _is_balanced(tokens):
        return False
    words = [each.lower().removeprefix("-") for each in tokens]
    if words[:3] == _DIRECT_REPORTS:
        return len(words) == len(_DIRECT_REPORTS) + 1
    objects = {each.partition(".")[0] for each in words if each.startswith(("user.", "device."))}
    return len(objects) == 1 and not _COMPARES.isdisjoint(words)


def _tokens(rule: str) -> list[str]:
    """Split a rule into its parts, texts with their quotation marks; none where something is no part of a rule."""
    found: list[str] = []
    position, end = 0, len(rule.rstrip())
    while position < end:
        match = _TOKEN.match(rule, position)
        if match is None:
            return []
        found.append(match[0].strip())
        position = match.end()
    return found


def _is_balanced(tokens: list[str]) -> bool:
    awaited: list[str] = []
    for each in tokens:
        if each in _CLOSES:
            awaited.append(_CLOSES[each])
        elif each in _CLOSES.values() and (not awaited or awaited.pop() != each):
            return False
    return not awaited
