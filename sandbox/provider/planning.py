"""Planning as the plugin SDK 2 plans, which is not how Terraform's protocol asks for it.

In: a type's schema, the prior state and the proposed new state. Out: the planned state and the paths that force a
replacement. The rules that differ from plain copying: null, an empty text and an empty collection are no change; a
computed value stays as it was, and is unknown only at a create; an absent block may mean its defaults; nothing changed
gives the prior state back, untouched. ``reconcile`` is the SDK's other half: what an apply or a refresh may report,
given what was planned or known before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.provider.schema import Attribute, Block, Object
from sandbox.provider.values import STRING, STRINGS, UNKNOWN, Type, has_unknown, is_empty, settled


@dataclass
class Plan:
    """A planned state; ``planned`` may still be refined by the type's own check."""

    schema: Object
    prior: dict[str, Any] | None
    planned: dict[str, Any]

    def changed(self, name: str) -> bool:
        """Tell whether an argument gets another value than it has; before a create it has none."""
        return not _same(self._member(name), self.planned[name], (self.prior or {}).get(name))

    def replaced_by(self) -> list[str]:
        """Return the arguments whose change means a new object; of blocks, that there are more or fewer of them."""
        if self.prior is None:
            return []
        attributes = [name for name, item in self.schema.attributes.items() if item.replaces and self.changed(name)]
        counts = [
            name
            for name, item in self.schema.blocks.items()
            if item.replaces and _count(self.planned[name]) != _count(self.prior[name])
        ]
        return attributes + counts

    def value(self, name: str) -> Any:
        """Return a planned value with zero values for nulls; unknown stays unknown."""
        return self.schema.filled(self.planned)[name]

    def _member(self, name: str) -> Attribute | Block:
        return self.schema.blocks[name] if name in self.schema.blocks else self.schema.attributes[name]


def plan(schema: Object, prior: dict[str, Any] | None, proposed: dict[str, Any]) -> Plan:
    """Plan a create (no prior state) or an update."""
    change = Plan(schema, prior, _plan_object(schema, prior, proposed, fresh=prior is None))
    timeouts = {name for name, block in schema.blocks.items() if block.nesting == "single"}
    if prior is not None and not any(change.changed(name) for name in change.planned if name not in timeouts):
        # Other timeouts are taken over with the next change, and are none by themselves.
        change.planned.update({name: prior.get(name) for name in timeouts})
    return change


def _plan_object(
    schema: Object, prior: Mapping[str, Any] | None, config: Mapping[str, Any], *, fresh: bool
) -> dict[str, Any]:
    before = prior or {}
    planned: dict[str, Any] = {}
    for name, attribute in schema.attributes.items():
        planned[name] = _plan_attribute(attribute, before.get(name), config.get(name), fresh=fresh)
    for name, block in schema.blocks.items():
        planned[name] = _plan_block(block, before.get(name), config.get(name), fresh=fresh)
    return planned


def _plan_attribute(attribute: Attribute, prior: Any, config: Any, *, fresh: bool) -> Any:
    wanted = attribute.default if config is None else config
    if isinstance(wanted, list) and UNKNOWN in wanted:
        return UNKNOWN  # the SDK knows nothing of a list of which it does not know one element
    if attribute.computed and is_empty(wanted) and (attribute.kind != STRINGS or wanted is None):
        # What the tenant decides it decides at a creation also where a text or a set is configured as empty.
        if fresh:
            return UNKNOWN
        return wanted if isinstance(wanted, list) and not is_empty(prior) else prior
    if wanted is None:
        # A false or a zero that is no longer configured is no change either: it is what null reads as.
        if is_empty(prior) or prior in (False, 0):
            return prior
        return [] if isinstance(prior, list) else None
    return prior if _same(attribute, wanted, prior) else wanted


def _plan_block(block: Block, prior: Any, config: Any, *, fresh: bool) -> Any:
    if block.nesting == "single" or config is UNKNOWN:
        return config
    before: list[Any] = prior or []
    if not config:
        return _plan_absent(block, before, fresh=fresh)
    if block.nesting == "set":
        return _plan_set(block, before, config)
    if not before and not fresh and block.idle and block.idle(config[0]):
        return before
    return [
        _plan_object(block.object, before[n] if n < len(before) else None, element, fresh=fresh)
        for n, element in enumerate(config)
    ]


def _plan_absent(block: Block, before: list[Any], *, fresh: bool) -> Any:
    if block.computed:
        return UNKNOWN if fresh else before
    if before and block.droppable and block.droppable(block.object.filled(before[0])):
        return before
    return []


def _plan_set(block: Block, before: list[Any], config: list[Any]) -> list[Any]:
    left = list(before)
    planned, respelled = [], []
    for element in config:
        kept = next((old for old in left if _continues(block.object, old, element)), None)
        if kept is not None:
            left.remove(kept)
        planned.append(_plan_object(block.object, kept, element, fresh=kept is None))
        respelled.append({**planned[-1], **_unset_texts(block.object, element, new=kept is None)})
    return before if len(planned) == len(before) and _same(block, planned, before) else respelled


def _unset_texts(schema: Object, element: Mapping[str, Any], *, new: bool) -> dict[str, str | None]:
    """Return how the SDK writes the texts that an element of a changed set leaves out: empty when new, else null."""
    unset = "" if new else None
    return {
        name: unset
        for name, attribute in schema.attributes.items()
        if attribute.kind == STRING and not attribute.computed and attribute.default is None and element[name] is None
    }


def _continues(schema: Object, old: Mapping[str, Any], element: Mapping[str, Any]) -> bool:
    """Tell whether a set's configured element is one that exists, its computed attributes aside."""
    attempt = _plan_object(schema, old, element, fresh=False)
    members: dict[str, Attribute | Block] = {**schema.attributes, **schema.blocks}
    return all(_same(members[name], attempt[name], old.get(name)) for name in attempt)


def _count(blocks: Any) -> int | None:
    return None if blocks is UNKNOWN else len(blocks or [])


def _is_set(kind: Type) -> bool:
    return isinstance(kind, tuple) and kind[0] == "set"


def _same(member: Attribute | Block, one: Any, other: Any) -> bool:
    """Tell whether two values mean the same: empty ones are one, and sets have no order, however deep they lie."""
    if isinstance(member, Attribute) and member.caseless and isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    if has_unknown(one) or has_unknown(other):
        return bool(one == other)
    return bool(_canonical(member, one) == _canonical(member, other))


def _canonical(member: Attribute | Block, value: Any) -> Any:
    if is_empty(value):
        return None
    if isinstance(member, Attribute):
        return _in_one_order(map(settled, value)) if _is_set(member.kind) else settled(value)
    if member.nesting == "single":
        return settled(value)
    elements = [_canonical_object(member.object, element) for element in value]
    return _in_one_order(elements) if member.nesting == "set" else tuple(elements)


def _canonical_object(schema: Object, element: Mapping[str, Any]) -> Any:
    members: dict[str, Attribute | Block] = {**schema.attributes, **schema.blocks}
    found = {name: _canonical(member, element.get(name)) for name, member in sorted(members.items())}
    return tuple((name, value) for name, value in found.items() if value is not None)


def _in_one_order(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(values, key=repr))


def reconcile(schema: Object, found: dict[str, Any], known: Mapping[str, Any], *, applied: bool) -> dict[str, Any]:
    """Return what was found in the tenant, in the terms of what was known: planned before an apply, or the old state.

    After an apply a null collection stays null though the tenant says empty, and a wholly known set stays as planned
    though the tenant holds another; the next refresh then shows the tenant's values. Both are the SDK's habits.
    """
    result = dict(found)
    for name, attribute in schema.attributes.items():
        result[name] = _reconcile_value(attribute.kind, found.get(name), known.get(name), applied=applied)
    for name, block in schema.blocks.items():
        result[name] = _reconcile_blocks(block, found.get(name), known.get(name), applied=applied)
    return result


def _reconcile_value(kind: Type, found: Any, known: Any, *, applied: bool) -> Any:
    if known is UNKNOWN:
        return found
    if not isinstance(kind, tuple):
        return known if found is None and known == "" else found
    if applied and is_empty(found) and is_empty(known):
        return known
    if applied and kind[0] == "set" and known is not None and not has_unknown(known):
        return known
    return known if found is None and known == [] else found


def _reconcile_blocks(block: Block, found: Any, known: Any, *, applied: bool) -> Any:
    if block.nesting == "single":
        return known
    if known is UNKNOWN or known is None:
        return found or []
    if block.nesting == "set":
        return known if applied and not has_unknown(known) else found
    if len(found or []) != len(known):
        return found or []
    return [reconcile(block.object, one, other, applied=applied) for one, other in zip(found, known, strict=True)]
