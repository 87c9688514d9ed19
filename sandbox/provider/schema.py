"""The description of one Terraform type's arguments, and its form in the plugin protocol.

Each type's file writes an ``Object`` with the constructors below; planning, validation and the protocol read it. It
says what ``terraform providers schema -json`` shows of the real provider, and what that output leaves out: defaults,
what replaces, what excludes what.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tf.gen import tfplugin_pb2 as pb

from sandbox.provider.values import STRING, STRING_SET, UNKNOWN, Type, in_set_order, type_json, zero

Check = Callable[[str, Any], str | None]
"""Given where a value stands (``web.0.homepage_url``) and the value, says what is wrong with it."""

Nesting = Literal["list", "set", "single"]


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """One argument or result."""

    kind: Type
    required: bool = False
    optional: bool = False
    computed: bool = False
    sensitive: bool = False
    deprecated: str = ""
    """What a warning tells whoever configures it."""
    default: Any = None
    replaces: bool = False
    excludes: tuple[str, ...] = ()
    check: Check | None = None
    min_items: int = 0
    max_items: int = 0
    caseless: bool = False
    """Whether another letter case is no change."""

    def to_protocol(self, name: str) -> pb.Schema.Attribute:
        """Return the attribute as GetProviderSchema sends it."""
        return pb.Schema.Attribute(
            name=name,
            type=type_json(self.kind),
            required=self.required,
            optional=self.optional,
            computed=self.computed,
            sensitive=self.sensitive,
            deprecated=bool(self.deprecated),
        )


@dataclass(frozen=True, kw_only=True)
class Block:
    """A nested block.

    ``computed`` blocks keep what the tenant says when the configuration has none. A block that says no more than its
    absence would may be dropped, or added, without this being a change: ``droppable`` and ``idle`` tell that from the
    block's values, ``idle`` as they are configured, nulls and all.
    """

    nesting: Nesting
    object: Object
    min_items: int = 0
    max_items: int = 0
    computed: bool = False
    replaces: bool = False
    deprecated: str = ""
    """What a warning tells whoever configures it."""
    excludes: tuple[str, ...] = ()
    droppable: Callable[[Mapping[str, Any]], bool] | None = None
    idle: Callable[[Mapping[str, Any]], bool] | None = None

    def to_protocol(self, name: str) -> pb.Schema.NestedBlock:
        """Return the block as GetProviderSchema sends it."""
        body = self.object.to_protocol()
        body.deprecated = bool(self.deprecated)
        nesting = getattr(pb.Schema.NestedBlock.NestingMode, self.nesting.upper())
        return pb.Schema.NestedBlock(
            type_name=name, block=body, nesting=nesting, min_items=self.min_items, max_items=self.max_items
        )


@dataclass(frozen=True, kw_only=True)
class Object:
    """Attributes and blocks: the body of a type or of a nested block."""

    attributes: Mapping[str, Attribute]
    blocks: Mapping[str, Block] = field(default_factory=dict)

    def to_protocol(self) -> pb.Schema.Block:
        """Return the body as GetProviderSchema sends it."""
        return pb.Schema.Block(
            attributes=[item.to_protocol(name) for name, item in sorted(self.attributes.items())],
            block_types=[item.to_protocol(name) for name, item in sorted(self.blocks.items())],
        )

    def filled(self, value: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return a value in which zero values stand for nulls; what is unknown stays so."""
        given = value or {}
        result: dict[str, Any] = {}
        for name, attribute in self.attributes.items():
            item = given.get(name)
            if attribute.kind == STRING_SET and isinstance(item, list) and UNKNOWN not in item:
                item = in_set_order(item)
            result[name] = zero(attribute.kind) if item is None else item
        for name, block in self.blocks.items():
            elements = given.get(name)
            if block.nesting != "single" and elements is not UNKNOWN:
                elements = [block.object.filled(element) for element in elements or []]
            result[name] = elements
        return result


def required(kind: Type = STRING, **extra: Any) -> Attribute:
    """Describe an argument that the configuration must set."""
    return Attribute(kind=kind, required=True, **extra)


def optional(kind: Type = STRING, **extra: Any) -> Attribute:
    """Describe an argument that the configuration may set."""
    return Attribute(kind=kind, optional=True, **extra)


def computed(kind: Type = STRING, **extra: Any) -> Attribute:
    """Describe a result that the configuration cannot set."""
    return Attribute(kind=kind, computed=True, **extra)


def adopted(kind: Type = STRING, **extra: Any) -> Attribute:
    """Describe an argument whose value is the tenant's when the configuration sets none."""
    return Attribute(kind=kind, optional=True, computed=True, **extra)


def blocks(nesting: Nesting, body: Object, **extra: Any) -> Block:
    """Describe a nested block that may occur more than once."""
    return Block(nesting=nesting, object=body, **extra)


def one_block(body: Object, **extra: Any) -> Block:
    """Describe a nested block that occurs at most once."""
    return Block(nesting="list", object=body, max_items=1, **extra)


def top_level(
    attributes: Mapping[str, Attribute], nested: Mapping[str, Block] | None = None, *, timeouts: tuple[str, ...]
) -> Object:
    """Return a whole type's body, with the ``id`` and the ``timeouts`` block that every type of the provider has."""
    names = {name: optional() for name in timeouts}
    return Object(
        attributes={**attributes, "id": adopted()},
        blocks={**(nested or {}), "timeouts": Block(nesting="single", object=Object(attributes=names))},
    )


def read_only(attributes: Mapping[str, Attribute]) -> Object:
    """Return the body of a data source."""
    return top_level(attributes, timeouts=("read",))


def replaced(item: Attribute) -> Attribute:
    """Return the attribute as one whose change replaces the object."""
    return replace(item, replaces=True)
