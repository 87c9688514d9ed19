"""msgraph-sdk and azure-identity, unmodified, against the sandbox."""

from typing import Any

import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.identity.conditional_access.evaluate.evaluate_post_request_body import EvaluatePostRequestBody
from msgraph.generated.models.application_context import ApplicationContext
from msgraph.generated.models.conditional_access_client_app import ConditionalAccessClientApp
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.sign_in_conditions import SignInConditions
from msgraph.generated.models.unified_role_assignment import UnifiedRoleAssignment
from msgraph.generated.models.user_sign_in import UserSignIn
from msgraph.generated.models.what_if_analysis_reasons import WhatIfAnalysisReasons
from msgraph_core import PageIterator

from tests.sandbox.conftest import SEED, Tenant
from tests.sandbox.rows.policies import policy
from tests.sandbox.sdk import with_client
from tests.sandbox.test_conditional_access import PATH

# The SDK's generated code warns about its own older classes whenever one of its modules is first imported.
pytestmark = [
    pytest.mark.filterwarnings("ignore:GetQueryParameters is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:This class is deprecated. Please use the generic:DeprecationWarning"),
]


def test_sdk_lists_users_page_by_page(tenant: Tenant) -> None:
    tenant.reseed(page_size=3)

    async def use(client: Any) -> list[str]:
        parameters = client.users.UsersRequestBuilderGetQueryParameters(select=["userPrincipalName"])
        first = await client.users.get(request_configuration=RequestConfiguration(query_parameters=parameters))
        seen: list[str] = []
        iterator = PageIterator(first, client.request_adapter)

        def keep(user: Any) -> bool:
            seen.append(user.user_principal_name)
            return True

        await iterator.iterate(keep)
        return seen

    assert with_client(tenant, "post-apply", use) == [each.user_principal_name for each in SEED.users]


def test_sdk_gives_finds_and_takes_back_a_role(tenant: Tenant, new_user: dict[str, Any]) -> None:
    async def use(client: Any) -> list[str]:
        assignments = client.role_management.directory.role_assignments
        body = UnifiedRoleAssignment(
            principal_id=new_user["id"],
            role_definition_id="62e90394-69f5-4237-9190-012177145e10",
            directory_scope_id="/",
        )
        created = await assignments.post(body)
        parameters = assignments.RoleAssignmentsRequestBuilderGetQueryParameters(
            filter=f"principalId eq '{new_user['id']}'", expand=["roleDefinition"]
        )
        configuration = RequestConfiguration(query_parameters=parameters)
        found = await assignments.get(request_configuration=configuration)
        names = [each.role_definition.display_name for each in found.value]
        await assignments.by_unified_role_assignment_id(created.id).delete()
        left = await assignments.get(request_configuration=configuration)
        assert left.value == []
        return names

    assert with_client(tenant, "post-apply", use) == ["Global Administrator"]


def test_sdk_asks_what_if_and_learns_that_the_policy_applies(tenant: Tenant, new_user: dict[str, Any]) -> None:
    body = policy(conditions__users__includeUsers=[new_user["id"]])
    tenant.client("deploy").post(PATH, json=body).raise_for_status()

    async def use(client: Any) -> Any:
        question = EvaluatePostRequestBody(
            sign_in_identity=UserSignIn(user_id=new_user["id"]),
            sign_in_context=ApplicationContext(include_applications=["00000003-0000-0000-c000-000000000000"]),
            sign_in_conditions=SignInConditions(client_app_type=ConditionalAccessClientApp.Browser),
        )
        return await client.identity.conditional_access.evaluate.post(question)

    (result,) = with_client(tenant, "post-apply", use).value
    assert result.policy_applies is True
    assert result.analysis_reasons == [WhatIfAnalysisReasons.NotSet]
    assert [each.value for each in result.grant_controls.built_in_controls] == ["mfa"]


def test_sdk_meets_a_refusal_as_an_error_with_graphs_code(tenant: Tenant) -> None:
    async def use(client: Any) -> tuple[int, str]:
        try:
            await client.users.get()
        except ODataError as fault:
            return fault.response_status_code, fault.error.code
        return 0, "nothing was refused"

    assert with_client(tenant, "nobody", use) == (403, "Authorization_RequestDenied")


def test_sdk_reads_role_schedules_refused_for_want_of_p2(tenant: Tenant) -> None:
    async def use(client: Any) -> str:
        try:
            await client.role_management.directory.role_assignment_schedule_instances.get()
        except ODataError as fault:
            return str(fault.error.code)
        return "nothing was refused"

    assert with_client(tenant, "post-apply", use) == "AadPremiumLicenseRequired"
