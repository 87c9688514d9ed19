"""Ids in state: which forms are read, and how each other one is refused."""

import pytest

from sandbox.provider.diagnostics import Diagnosis
from sandbox.provider.old_ids import BareId, SubordinateId
from sandbox.provider.registry import RESOURCES
from sandbox.provider.resource import IdPath

SOME = "deadbeef-0000-4000-8000-000000000000"
OTHER = "afd623cd-a60c-4d1d-92dd-11a24b53adcc"
ROLE = IdPath("/servicePrincipals/{servicePrincipalId}/appRoleAssignedTo/{assignmentId}", title="Assignment")


@pytest.mark.parametrize("name", RESOURCES)
def test_id_of_every_type_is_read_back_as_it_is_written(name: str) -> None:
    path = RESOURCES[name].id_path
    ids = [SOME, OTHER][: path.template.count("{")]

    assert path.parts(path.of(*ids)) == ids


@pytest.mark.parametrize("name", RESOURCES)
def test_nonsense_is_no_id_of_any_type(name: str) -> None:
    with pytest.raises(Diagnosis, match=r"pars|not valid"):
        RESOURCES[name].id_path.parts("nonsense")


@pytest.mark.parametrize(
    "given", ["/servicePrincipals/a/appRoleAssignedTo/b", "servicePrincipals/a/appRoleAssignedTo/b/"]
)
def test_path_is_read_with_or_without_its_slashes(given: str) -> None:
    assert ROLE.parts(given) == ["a", "b"]
    assert ROLE.path(given) == "/servicePrincipals/a/appRoleAssignedTo/b"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("", "cannot parse an empty string"),
        ("/servicePrincipals/a/appRoleAssignedTo", "the number of segments didn't match"),
        (
            "/groups/a/appRoleAssignedTo/b",
            'parsing segment "servicePrincipals": parsing the Assignment ID: the segment',
        ),
        ("/servicePrincipals/a/owners/b", "the segment at position 2 didn't match"),
        ("//servicePrincipals/a/appRoleAssignedTo/b", "the segment at position 0 didn't match"),
        ("/servicePrincipals//appRoleAssignedTo/b", "the segment at position 1 didn't match"),
        ("/servicePrincipals/a/appRoleAssignedTo/b/c/d", 'unexpected segment "c/d" present at the end of the URI'),
    ],
)
def test_path_of_another_form_is_refused_with_what_is_wrong(given: str, problem: str) -> None:
    with pytest.raises(Diagnosis) as refused:
        ROLE.parts(given)

    assert refused.value.summary.startswith(f'parsing "{given}": ')
    assert problem in refused.value.summary


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (SOME, "should be in the format {objectId}/{type}/{subId} - but got"),
        ("a/b/c", 'Object ID isn\'t a valid UUID ("a"): uuid string is wrong length'),
        (f"{SOME}/credential/c", 'Object Sub Resource ID isn\'t a valid UUID ("c")'),
        (f"{SOME}/password/{OTHER}", "was expected to be credential, got password"),
    ],
)
def test_composite_id_of_another_form_is_refused_with_what_is_wrong(given: str, problem: str) -> None:
    with pytest.raises(Diagnosis) as refused:
        SubordinateId("credential", title="Credential").parts(given)

    assert refused.value.summary.startswith("unable to parse Credential ID: ")
    assert problem in refused.value.summary


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("x", "uuid string is wrong length"),
        (SOME.replace("-", "_"), "uuid is improperly formatted"),
        (SOME[:-1] + "g", "encoding/hex: invalid byte: U+0067 'g'"),
    ],
)
def test_bare_id_that_is_no_uuid_is_refused_with_what_is_wrong(given: str, problem: str) -> None:
    with pytest.raises(Diagnosis) as refused:
        BareId(title="Request").parts(given)

    assert refused.value.summary == f'specified ID ("{given}") is not valid: {problem}'
