"""How long operations may take: a type's own default, or what its `timeouts` block says."""

from typing import Any

import pytest

from sandbox.provider import registry
from sandbox.provider.diagnostics import Diagnosis
from sandbox.provider.session import PACE_VARIABLE, sign_in
from sandbox.provider.timeouts import allowed_seconds, require_durations

# The real provider's defaults, in minutes: create, read, update, delete.
MINUTES = {
    "azuread_application": (10, 5, 10, 5),
    "azuread_application_federated_identity_credential": (15, 5, 5, 5),
    "azuread_conditional_access_policy": (5, 5, 15, 5),
    "azuread_group": (20, 5, 20, 5),
    "azuread_service_principal": (10, 5, 10, 5),
}


@pytest.mark.parametrize("name", registry.RESOURCES)
def test_operation_without_a_timeouts_block_takes_as_long_as_the_real_one_may(name: str) -> None:
    kind = registry.RESOURCES[name]

    allowed = [allowed_seconds(kind, operation, {}) / 60 for operation in ("create", "read", "update", "delete")]

    assert tuple(allowed) == MINUTES.get(name, (5, 5, 5, 5))


@pytest.mark.parametrize(
    ("written", "seconds"), [("12s", 12), ("1h30m", 5400), ("1.5m", 90), ("250ms", 0.25), ("0", 0), ("-5s", -5)]
)
def test_duration_is_read_as_go_writes_it(written: str, seconds: float) -> None:
    values: dict[str, Any] = {"timeouts": {"create": written, "read": None}}

    require_durations(values)

    assert allowed_seconds(registry.RESOURCES["azuread_user"], "create", values) == seconds
    assert allowed_seconds(registry.RESOURCES["azuread_user"], "read", values) == 300


@pytest.mark.parametrize("written", ["abc", "5", "5 m", "1d", ""])
def test_duration_that_is_none_is_refused_by_its_operation(written: str) -> None:
    with pytest.raises(Diagnosis, match=f'Error parsing "update" timeout: time: invalid duration "{written}"'):
        require_durations({"timeouts": {"update": written}})


@pytest.mark.parametrize("given", ["fast", "-1", "1e9", ""])
def test_pace_that_is_no_number_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PACE_VARIABLE, given)

    with pytest.raises(Diagnosis, match=PACE_VARIABLE):
        sign_in({})
