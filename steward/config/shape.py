"""Holds a source against the shape of a tenant file, and says in plain words what does not fit.

Keys are judged each for itself, so that one fault does not hide the others: what fits is returned together with the
problems of what does not.
"""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel, ValidationError, create_model
from pydantic_core import ErrorDetails

from steward.config import refusal
from steward.config.document import MAPPING, WORD, Section, TenantDocument
from steward.config.problem import KeyPath, Problem, choose, key_text, nearest, shown
from steward.config.source import Source

_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping of keys",
    "model_type": "a mapping of keys",
    "date_type": "a date such as 2026-11-23",
}


def read_sections(source: Source) -> tuple[dict[str, Any], list[Problem]]:
    """Return the top-level sections by name, and the problems of what does not fit its shape.

    A section that fits in part has the keys that do; to look at another one raises `UnfitKeyError`.
    """
    try:
        document = TenantDocument.model_validate(source.value)
    except ValidationError as error:
        problems = [_describe(details) for details in error.errors(include_url=False)]
        return dict(_read_fitting(TenantDocument, source.value, {problem.key for problem in problems})), problems
    return {name: getattr(document, name) for name in TenantDocument.model_fields}, []


def _read_fitting(
    model: type[BaseModel], value: Mapping[str, object], wrong: AbstractSet[KeyPath]
) -> Iterator[tuple[str, Any]]:
    """Yield the keys of a section that fit, each with its value; `wrong` are the paths in it that do not."""
    for name, field in model.model_fields.items():
        key = field.alias or name
        below = {path[1:] for path in wrong if path[:1] == (key,)}
        given = value.get(key)
        if not below:
            # A model of one field brings that field's own conversions and default.
            part = create_model("Part", __base__=Section, **{name: (field.annotation, field)})  # type: ignore[call-overload]  # fields by name are what it takes
            yield name, getattr(part.model_validate({key: given} if key in value else {}), name)
        elif () not in below and isinstance(given, Mapping):
            for section in _models_in(field.annotation):
                fitting = dict(_read_fitting(section, given, below))
                whole = section.model_construct(**fitting)
                for missing in section.model_fields.keys() - fitting.keys():
                    # Its default is not what the file says.
                    whole.__dict__.pop(missing, None)
                yield name, whole


def _describe(details: ErrorDetails) -> Problem:
    """Return the problem that pydantic's error stands for, without pydantic's wording."""
    key = tuple(part for part in details["loc"] if part not in (WORD, MAPPING))
    kind, context = details["type"], details.get("ctx", {})
    match kind:
        case refusal.REFUSED:
            problem = Problem(key, context["what"], context["why"], context["next_move"])
        case "missing":
            problem = Problem(key, "is missing", _description(key), f"add it{_under(key)}")
        case "extra_forbidden":
            problem = _describe_unknown_key(key)
        case "enum" | "literal_error":
            problem = _describe_unknown_word(key, details["input"], context["expected"])
        case "too_short":
            problem = Problem(key, f"has fewer than {context['min_length']} entries", _description(key))
        case "string_too_long" | "too_long":
            problem = Problem(key, f"is longer than {context['max_length']} characters", _description(key))
        case "greater_than_equal":
            problem = Problem(key, f"is less than {context['ge']}", _description(key))
        case "less_than_equal":
            problem = Problem(key, f"is more than {context['le']}", _description(key))
        case _:
            problem = _describe_wrong_kind(key, details["input"], _KINDS.get(kind, "something else"))
    return problem


def _describe_wrong_kind(key: KeyPath, given: object, wanted: str) -> Problem:
    remedy = "put it in quotes" if wanted == "text" and not isinstance(given, dict | tuple) else f"write {wanted}"
    return Problem(key, f"is {_kind_of(given)} where {wanted} belongs", _description(key), remedy)


def _describe_unknown_key(key: KeyPath) -> Problem:
    *place, name = key
    name = str(name)
    allowed = [field for model in models_at(tuple(place)) for field in keys_of(model)]
    near = nearest(name, allowed)
    elsewhere = [key_text(path) for path in _all_keys() if path[-1] == name]
    if elsewhere:
        next_move = f"it belongs at {choose(elsewhere)}"
    elif near:
        next_move = f"did you mean {choose(near)}?"
    else:
        next_move = f"the keys here are {', '.join(allowed)}"
    return Problem(key, "is no key of a tenant file" if not place else "is no key of this section", "", next_move)


def _describe_unknown_word(key: KeyPath, given: object, expected: str) -> Problem:
    words = [word.strip("' ") for word in expected.replace(" or ", ",").split(",")]
    subject = repr(shown(given)) if isinstance(given, str) else _kind_of(given)
    near = nearest(given, words) if isinstance(given, str) else ()
    next_move = f"did you mean {choose(near)}?" if near else f"write {choose(words)}"
    also = " or a mapping" if any(models_at(key)) else ""
    return Problem(key, f"is {subject}", f"the words here are {choose(words)}{also}", next_move)


def _kind_of(value: object) -> str:
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    kinds = {dict: "a mapping", tuple: "a list", str: "text", int: "a number", float: "a number"}
    return kinds.get(type(value), "a date")


def _under(key: KeyPath) -> str:
    return f" under {key_text(key[:-1])}" if len(key) > 1 else ""


def keys_of(model: type[BaseModel]) -> Iterator[str]:
    """Yield the keys of a section as files write them."""
    for name, field in model.model_fields.items():
        yield field.alias or name


def models_at(path: KeyPath) -> tuple[type[BaseModel], ...]:
    """Return the sections that may stand at `path`; none where a plain value belongs."""
    models: tuple[type[BaseModel], ...] = (TenantDocument,)
    for part in path:
        if isinstance(part, str):
            models = tuple(
                each
                for model in models
                for name, field in model.model_fields.items()
                if (field.alias or name) == part
                for each in _models_in(field.annotation)
            )
    return models


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _description(key: KeyPath) -> str:
    """Return what the key means, as the shape describes it."""
    place, name = key[:-1], next((part for part in reversed(key) if isinstance(part, str)), "")
    for model in models_at(place):
        for field_name, field in model.model_fields.items():
            if (field.alias or field_name) == name:
                return field.description or ""
    return ""


@cache
def _all_keys() -> tuple[KeyPath, ...]:
    return tuple(_walk(TenantDocument, ()))


def _walk(model: type[BaseModel], path: KeyPath) -> Iterator[KeyPath]:
    for name, field in model.model_fields.items():
        here = (*path, field.alias or name)
        yield here
        for each in _models_in(field.annotation):
            yield from _walk(each, here)
