"""The plan was made with the one provider that the stacks are written for, from the place that it comes from."""

from collections.abc import Iterator

from steward.review.rule import Breach, Rule, Severity, Untold
from steward.review.subject import Subject
from steward.review.words import shown

AZUREAD = frozenset({"registry.terraform.io/hashicorp/azuread", "registry.opentofu.org/hashicorp/azuread"})
VERSION = "3.7.0"
# Built into Terraform; OpenTofu calls it the same.
BUILT_IN = "terraform.io/builtin/terraform"
_ARGUMENTS = frozenset({"environment", "metadata_host", "tenant_id"})


def judge(subject: Subject) -> Iterator[Breach | Untold]:
    """Find providers other than azuread and the built-in one, another version, and arguments that redirect it."""
    provider = subject.provider
    if provider is None:
        yield Breach(("the configuration asks for no azuread provider",))
    for key, each in sorted(subject.plan.configuration.provider_config.items()):
        if each.full_name not in AZUREAD | {BUILT_IN}:
            yield Breach(("asks for the provider ", shown(each.full_name or key)))
    used = {change.provider_name for change in (*subject.plan.resource_changes, *subject.plan.resource_drift)}
    if subject.plan.prior_state:
        used |= {each.provider_name for each in subject.plan.prior_state.values.root_module.everything()}
    for name in sorted(used - AZUREAD - {BUILT_IN}):
        yield Breach(("holds things of the provider ", shown(name)))
    if len(used & AZUREAD) > 1:
        yield Breach(("moves things from one registry's azuread to another's",))
    if provider is not None:
        yield from _judge_settings(subject)


def _judge_settings(subject: Subject) -> Iterator[Breach | Untold]:
    provider = subject.provider
    if provider is None:
        return
    if provider.version_constraint not in {VERSION, f"= {VERSION}"}:
        yield Breach(("asks for azuread ", shown(provider.version_constraint or "of any version"), f", not {VERSION}"))
    for name in sorted(set(provider.expressions) - _ARGUMENTS):
        yield Breach(("configures azuread with ", shown(name)))
    if subject.tenant is None:
        return
    cloud = subject.tenant.tenant.cloud
    for name, expected in (("environment", cloud.environment), ("metadata_host", cloud.metadata_host)):
        if provider.constant(name) != expected:
            yield Breach(("points azuread at another cloud than the tenant file's: ", shown(name)))


RULE = Rule(
    id="provider_stays_the_same",
    title="The provider, its version, its source and its cloud are the expected ones",
    severity=Severity.CRITICAL,
    why="A provider is a program that runs with the deploying identity's rights, when the plan is made already.",
    remedy="Restore the provider's declaration; a new version is taken over in a change of its own.",
    source="https://developer.hashicorp.com/terraform/language/providers/requirements",
    judge=judge,
)
