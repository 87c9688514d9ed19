"""The latch: where the tenant stands in its life, kept in Terraform state and turned by an apply of its own.

Its first value is chosen when the tenant is created; afterwards a changed variable changes nothing, and only
`-replace` with `-target` turns it. Beside the phase it holds the end of the privileged window, so that a plain
plan after that end takes the role away even if nobody ever came back.
"""

import json

from cdktf import (
    DataResource,
    Fn,
    IResolvable,
    Op,
    Precondition,
    TerraformCount,
    TerraformResourceLifecycle,
    TerraformVariable,
    TerraformVariableValidationConfig,
    Token,
)
from constructs import Construct

from stacks.naming import address_as
from steward.config.model import Elevation, Tenant
from steward.wellknown.latch import PHASES, PREPARED, PRIVILEGED, SEALED


def first_phase(tenant: Tenant) -> str:
    """Return the phase that a tenant without a latch starts in."""
    if tenant.account.sealed_on:
        return SEALED
    return PRIVILEGED if tenant.elevation is Elevation.AT_DEPLOY else PREPARED


class Latch(Construct):
    """`terraform_data.latch` with its variable `phase`, and the count of what exists only while it is privileged."""

    def __init__(self, scope: Construct, construct_id: str, *, tenant: Tenant) -> None:
        super().__init__(scope, construct_id)
        phase = TerraformVariable(
            self,
            "phase",
            type="string",
            default=first_phase(tenant),
            description="Phase of the latch when it is created or turned; of no effect on a latch that exists.",
            validation=[
                TerraformVariableValidationConfig(
                    condition=f"${{contains({json.dumps(PHASES)}, var.phase)}}",
                    error_message=f"phase is one of {', '.join(PHASES)}.",
                )
            ],
        )
        address_as(phase, "phase")
        self.resource = DataResource(
            self,
            "latch",
            input={
                "phase": phase.string_value,
                "until": Fn.timeadd(Fn.plantimestamp(), f"{tenant.window_minutes}m"),
            },
            # The old one is kept while the new one is made: a broken-off turn leaves a latch and its end, never none.
            lifecycle=TerraformResourceLifecycle(ignore_changes=["input"], create_before_destroy=True),
        )
        address_as(self.resource, "latch")

    def count_while_privileged(self) -> TerraformCount:
        """Return a count of 1 while the latch says privileged and its end lies ahead, else 0.

        It reads the latch's `input`, which is known while planning; its `output` is not before the first apply.
        """
        is_privileged = Op.eq(Fn.lookup(self.resource.input, "phase", ""), PRIVILEGED)
        is_within = self._is_before_the_end(Fn.plantimestamp())
        return TerraformCount.of(Token.as_number(Fn.conditional(Op.and_(is_privileged, is_within), 1, 0)))

    def require_open_window(self) -> Precondition:
        """Return the condition that the end still lies ahead when a plan is applied, however long ago it was made.

        `timestamp()` is unknown while planning, so that it is judged by the apply and makes no plan fail or non-empty;
        an instance that a plan takes away has no conditions.
        """
        return Precondition(
            condition=self._is_before_the_end(Fn.timestamp()),
            error_message="The window ended before this plan was applied, so the role is not granted. No new plan is "
            "needed: scripts/post_apply.py goes on without the role, or opens a window of its own.",
        )

    def _is_before_the_end(self, moment: str) -> IResolvable:
        until = Token.as_string(Fn.lookup(self.resource.input, "until", ""))
        # Compared with -1, not with "< 0": cdktf 0.21 renders a zero on the right of an operator as undefined.
        return Op.eq(Fn.timecmp(moment, until), -1)
