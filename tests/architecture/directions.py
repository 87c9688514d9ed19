"""The directions of import, as data, and the judgement over one import.

Down only: a unit may import from the layers below its own, and from nothing beside or above it. What lies below and is
forbidden all the same stands in `FORBIDDEN`; what is closed to all but a few stands in `RESERVED`.
"""

from collections.abc import Iterator, Mapping

from tests.architecture.imports import Import, is_within

LAYERS: tuple[frozenset[str], ...] = (
    frozenset(
        {
            "steward.diagnostics",
            "steward.errored_state",
            "steward.errors",
            "steward.ids",
            "steward.local_state",
            "steward.pasting",
            "steward.registrations",
            "steward.scratch",
            "steward.secret",
            "steward.visible",
        }
    ),
    frozenset({"steward.acts", "steward.facts", "steward.findings", "steward.wellknown"}),
    frozenset({"steward.config"}),
    frozenset({"steward.consent", "steward.sinks"}),
    frozenset({"steward.evidence", "steward.forge", "steward.graph", "steward.terraform"}),
    frozenset({"stacks", "steward.audit", "steward.lifecycle", "steward.papers", "steward.review"}),
    frozenset({"steward.identities"}),
    frozenset({"steward.delivery"}),
    frozenset({"main", "scripts"}),
)

# Worlds of their own: they import nothing of ours, and only the named ones import them.
APART: Mapping[str, frozenset[str]] = {
    "benchmarks": frozenset({"tests"}),
    "conformance": frozenset({"tests"}),
    "sandbox": frozenset({"benchmarks", "conformance", "scripts", "tests"}),
    "tests": frozenset(),
    "toolchain": frozenset({"tests"}),
}

# The tests may see everything; the conformance runner drives the sandbox with a provider chosen as for a rehearsal, the
# benchmarks whole rehearsals too.
MAY_IMPORT: Mapping[str, frozenset[str]] = {
    "benchmarks": frozenset({"sandbox", "scripts"}),
    "conformance": frozenset({"sandbox", "scripts"}),
    "tests": frozenset({"benchmarks", "conformance", "main", "sandbox", "scripts", "stacks", "steward", "toolchain"}),
}

# Below, and closed all the same.
FORBIDDEN: Mapping[str, tuple[frozenset[str], str]] = {
    "stacks": (
        frozenset({"steward.acts", "steward.evidence", "steward.facts", "steward.graph", "steward.terraform"}),
        "the stacks declare from the tenant file and never call the tenant",
    ),
    "main": (
        frozenset({"steward.graph", "steward.lifecycle", "steward.terraform"}),
        "synthesis never calls the tenant",
    ),
    "steward.review": (
        frozenset({"steward.graph", "steward.terraform"}),
        "a review judges the plan that it is given",
    ),
    "steward.papers": (
        frozenset({"steward.graph", "steward.terraform"}),
        "papers are made of evidence and files, and ask no tenant",
    ),
    "steward.lifecycle.steps": (
        frozenset({"steward.graph", "steward.terraform"}),
        "a step judges facts; the reader and the runner touch the tenant",
    ),
    "steward.identities": (
        frozenset({"steward.graph", "steward.terraform"}),
        "what is wanted and what differs is judged by facts; the runner touches the tenant",
    ),
    "sandbox.provider": (
        frozenset({"sandbox"}),
        "the rehearsal provider is a process of its own that has to start fast",
    ),
}

# Third parties that only some may import.
RESERVED: Mapping[str, tuple[frozenset[str], str]] = {
    **dict.fromkeys(
        ("cdktf", "cdktf_cdktf_provider_azuread", "cdktn", "cdktn_provider_azuread", "constructs", "jsii"),
        (frozenset({"main", "stacks", "tests"}), "a move to another generation of the kit has to stay small"),
    ),
    **dict.fromkeys(
        (
            "kiota_abstractions", "kiota_authentication_azure", "kiota_http",
            "kiota_serialization_json", "msal", "msgraph", "msgraph_core",
        ),
        (frozenset({"steward.graph", "tests"}), "one package talks to the tenant"),
    ),
    "azure": (
        frozenset({"steward.delivery.plan_store", "steward.graph", "steward.sinks", "tests"}),
        "one package talks to the tenant, the sinks to its key vault, and one module to the plans' container",
    ),
    "github": (frozenset({"steward.forge", "tests"}), "one package talks to the forge"),
    "jinja2": (frozenset({"sandbox", "steward.papers.pages", "tests"}), "one module escapes what stands in a paper"),
    "matplotlib": (frozenset({"steward.papers.timeline", "tests"}), "an extra, imported when a picture is drawn"),
    "tf": (frozenset({"sandbox.provider", "tests"}), "one package speaks Terraform's plugin protocol"),
}  # fmt: skip  # one package a line would hide the three groups


def unit_of(module: str) -> str:
    """Return the declared unit of one of our modules: a child of steward, or what stands at the top."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "steward" else parts[0]


def is_declared(unit: str) -> bool:
    """Whether the unit has a direction."""
    return unit in APART or unit == "steward" or any(unit in layer for layer in LAYERS)


def judge(given: Import, ours: frozenset[str]) -> Iterator[str]:
    """Say why an import is refused, if it is; `ours` are the names at the top of the tree."""
    for unit, (closed, reason) in FORBIDDEN.items():
        leaves = not is_within(given.imported, unit)
        if is_within(given.importer, unit) and leaves and any(is_within(given.imported, one) for one in closed):
            yield f"{given.where}: {given.importer} imports {given.imported}: {reason}"
    top = given.imported.partition(".")[0]
    if top in RESERVED:
        users, reason = RESERVED[top]
        if not any(is_within(given.importer, user) for user in users):
            yield f"{given.where}: {given.importer} imports {given.imported}: {reason}"
    if top in ours and not _goes_down(unit_of(given.importer), unit_of(given.imported)):
        yield f"{given.where}: {given.importer} imports {given.imported}: imports go down only"


def _goes_down(importer: str, imported: str) -> bool:
    if imported in {importer, "steward"}:
        return True
    if importer in MAY_IMPORT:
        return imported.partition(".")[0] in MAY_IMPORT[importer]
    if imported in APART:
        return importer in APART[imported]
    return importer not in APART and _layer(imported) < _layer(importer)


def _layer(unit: str) -> int:
    return next((number for number, layer in enumerate(LAYERS) if unit in layer), len(LAYERS))
