"""The reader of Terraform's plan JSON, as `terraform show -json <plan>` and `tofu show -json <plan>` write it.

What is no such plan, or one of a format that nobody here knows, is refused with what it is instead. The models take the
few parts that a review needs; everything else is dropped unread.

https://developer.hashicorp.com/terraform/internals/json-format, read November 2026: minor versions only add.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from steward.errors import ConfigError
from steward.review.words import make_visible
from steward.wellknown.latch import LATCH
from steward.wellknown.stack import ACCOUNT, APPLICATION, MFA_POLICY, SERVICE_PRINCIPAL

_ANCHORS = frozenset({ACCOUNT, APPLICATION, LATCH, MFA_POLICY, SERVICE_PRINCIPAL})
_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})")
_SHOW = "write it with `terraform show -json <plan file>`"
_ZIP = b"PK\x03\x04"
_DEEPEST = 100

Attributes = Mapping[str, Any]


class _Part(BaseModel):
    # Errors must not repeat what they are about: it may be a secret.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class ChangeBody(_Part):
    """What happens to one thing: the actions, and its attributes before and after."""

    actions: tuple[str, ...]
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    after_unknown: Any = None
    before_sensitive: Any = None
    after_sensitive: Any = None
    importing: dict[str, Any] | None = None


class ResourceChange(_Part):
    """One entry of `resource_changes` or `resource_drift`."""

    address: str
    previous_address: str | None = None
    mode: str = "managed"
    type: str
    name: str
    provider_name: str = ""
    change: ChangeBody
    action_reason: str | None = None
    deposed: str | None = None


class ValuesResource(_Part):
    """A thing in `planned_values` or in the state before."""

    address: str
    mode: str = "managed"
    type: str
    name: str
    provider_name: str = ""
    values: dict[str, Any] = Field(default_factory=dict)


class ValuesModule(_Part):
    """A module's things, and those of the modules in it."""

    resources: tuple[ValuesResource, ...] = ()
    child_modules: tuple["ValuesModule", ...] = ()

    def everything(self) -> Iterator[ValuesResource]:
        """Yield the things of this module and of all below it."""
        yield from self.resources
        for child in self.child_modules:
            yield from child.everything()


class Values(_Part):
    """`planned_values`, or the `values` of a state."""

    root_module: ValuesModule = ValuesModule()


class State(_Part):
    """The state that the plan was made from, after it was refreshed."""

    values: Values = Values()


class ConfigurationResource(_Part):
    """A thing as the configuration declares it, with its expressions."""

    address: str
    mode: str = "managed"
    type: str
    name: str
    expressions: dict[str, Any] = Field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    provisioners: tuple[dict[str, Any], ...] = ()


class ConfigurationModule(_Part):
    """The root module of the configuration."""

    resources: tuple[ConfigurationResource, ...] = ()
    module_calls: dict[str, Any] = Field(default_factory=dict)
    outputs: dict[str, Any] = Field(default_factory=dict)


class ProviderConfiguration(_Part):
    """A provider as the configuration asks for it."""

    name: str
    full_name: str = ""
    version_constraint: str | None = None
    expressions: dict[str, Any] = Field(default_factory=dict)

    def constant(self, name: str) -> Any:
        """Return an argument that is written as a literal, None where it is not there or computed."""
        expression = self.expressions.get(name)
        return expression.get("constant_value") if isinstance(expression, dict) else None


class Configuration(_Part):
    """What was planned: the configuration, evaluated as far as literals go."""

    provider_config: dict[str, ProviderConfiguration] = Field(default_factory=dict)
    root_module: ConfigurationModule = ConfigurationModule()


class Plan(_Part):
    """A plan, as far as a review reads it."""

    format_version: str
    terraform_version: str = ""
    errored: bool = False
    # Terraform tells since 1.8 whether an apply leaves something to another plan, as after -target.
    complete: bool | None = None
    deferred_changes: tuple[Any, ...] = ()
    action_invocations: tuple[Any, ...] = ()
    resource_changes: tuple[ResourceChange, ...] = ()
    resource_drift: tuple[ResourceChange, ...] = ()
    planned_values: Values = Values()
    prior_state: State | None = None
    configuration: Configuration


def read_plan(content: bytes, name: str) -> Plan:
    """Return the plan in `content`; `name` is what the file is called in errors.

    Raises `ConfigError`, which repeats nothing of the content, when it is not a plan of a tenant's stack.
    """
    document = _read_json(content, name)
    _require_plan(document, name)
    _require_shallow(document, name)
    try:
        plan = Plan.model_validate(document)
    except ValidationError as error:
        raise ConfigError(
            f"{name} is a broken plan", why=_where(error), next_move=f"{_SHOW} again; do not edit it"
        ) from None
    addresses = {each.address for each in plan.configuration.root_module.resources}
    addresses |= {each.address for each in plan.resource_changes}
    if not addresses & _ANCHORS:
        raise ConfigError(
            f"{name} is not a plan of a tenant's stack",
            why="none of the things that every tenant's stack declares is in it",
            next_move="name a plan made in cdktf.out/stacks/<tenant>",
        )
    return plan


def _read_json(content: bytes, name: str) -> Any:
    if content.startswith(_ZIP):
        raise ConfigError(
            f"{name} is a plan file, not its JSON",
            why="a plan file is read by Terraform only",
            next_move=f"{_SHOW} > <file>",
        )
    if not content.strip():
        raise ConfigError(f"{name} is empty", why="Terraform may have failed before it", next_move=_SHOW)
    try:
        return json.loads(content)  # UTF-8, or UTF-16 with its mark as some shells redirect
    except (ValueError, RecursionError) as error:
        if _is_a_log(content):
            raise ConfigError(
                f"{name} is the log of `terraform plan -json`", why="it does not hold the plan", next_move=_SHOW
            ) from None
        place = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise ConfigError(
            f"{name} is no JSON", why=f"it breaks off or is something else{place}", next_move=_SHOW
        ) from None


def _is_a_log(content: bytes) -> bool:
    try:
        first = json.loads(content.splitlines()[0])
    except (ValueError, RecursionError, IndexError):
        return False
    return isinstance(first, dict) and "@level" in first


def _require_plan(document: Any, name: str) -> None:
    if isinstance(document, dict) and "@level" in document:
        raise ConfigError(
            f"{name} is the log of `terraform plan -json`", why="it does not hold the plan", next_move=_SHOW
        )
    if not isinstance(document, dict) or "format_version" not in document:
        raise ConfigError(f"{name} is not Terraform's", why="it has no format_version", next_move=_SHOW)
    version = document["format_version"]
    match = _VERSION.fullmatch(version) if isinstance(version, str) else None
    if match is None:
        raise ConfigError(f"{name} has a format_version that is none", why="it is no number", next_move=_SHOW)
    if int(match[1]) < 1:
        raise ConfigError(
            f"{name} has the plan format {match[0]}",
            why="Terraform before 1.1 wrote it, which cannot run a tenant's stack",
            next_move="plan again with Terraform 1.5 or later, or OpenTofu",
        )
    if int(match[1]) > 1:
        raise ConfigError(
            f"{name} has the plan format {match[0]}",
            why="only formats 1.x are known here, and another one may mean other things by the same names",
            next_move="plan with a Terraform that writes 1.x, or update this program",
        )
    if "configuration" not in document or "planned_values" not in document:
        what = "a state" if "values" in document else "no plan"
        raise ConfigError(
            f"{name} is {what}, not a plan",
            why="it lacks configuration and planned values",
            next_move="name the plan file to `terraform show -json`, which otherwise shows the state",
        )


def _require_shallow(document: Any, name: str) -> None:
    """Refuse a document so deep that comparing its values would fail; a provider's schema is a tenth as deep."""
    level = [document]
    for _ in range(_DEEPEST):
        level = [
            child
            for each in level
            if isinstance(each, dict | list)
            for child in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise ConfigError(f"{name} is a broken plan", why="it is nested too deep", next_move=f"{_SHOW} again")


def _where(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(make_visible(str(part))[:60] for part in first["loc"])[:200]
    return f"{place}: {first['type'].replace('_', ' ')}"
