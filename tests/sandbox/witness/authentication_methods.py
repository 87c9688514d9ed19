"""Calls on users' authentication methods, the policy over them, and the report about them."""

from collections.abc import Awaitable, Mapping
from typing import Any

from msgraph.generated.models.authentication_method_state import AuthenticationMethodState
from msgraph.generated.models.authentication_methods_policy import AuthenticationMethodsPolicy
from msgraph.generated.models.authentication_methods_policy_migration_state import (
    AuthenticationMethodsPolicyMigrationState,
)
from msgraph.generated.models.authentication_phone_type import AuthenticationPhoneType
from msgraph.generated.models.email_authentication_method import EmailAuthenticationMethod
from msgraph.generated.models.phone_authentication_method import PhoneAuthenticationMethod
from msgraph.generated.models.sms_authentication_method_configuration import SmsAuthenticationMethodConfiguration
from msgraph.generated.models.temporary_access_pass_authentication_method import (
    TemporaryAccessPassAuthenticationMethod,
)
from msgraph.generated.users.item.authentication.methods.item.reset_password.reset_password_post_request_body import (
    ResetPasswordPostRequestBody,
)

from tests.sandbox.rows.authentication_methods import EMAIL, PASSWORD_METHOD, PHONE, enrolled, pass_of
from tests.sandbox.rows.scene import Scene
from tests.sandbox.witness.call import Call

_BASE = "/users/{id}/authentication"
_PASSES = f"{_BASE}/temporaryAccessPassMethods"
_POLICY = "/policies/authenticationMethodsPolicy"
_CONFIGURATIONS = f"{_POLICY}/authenticationMethodConfigurations"
_REPORT = "/reports/authenticationMethods/userRegistrationDetails"
# By collection: the SDK's name of it, and of its items.
_KINDS = {
    "emailMethods": ("email_methods", "by_email_authentication_method_id"),
    "fido2Methods": ("fido2_methods", "by_fido2_authentication_method_id"),
    "microsoftAuthenticatorMethods": (
        "microsoft_authenticator_methods",
        "by_microsoft_authenticator_authentication_method_id",
    ),
    "phoneMethods": ("phone_methods", "by_phone_authentication_method_id"),
    "softwareOathMethods": ("software_oath_methods", "by_software_oath_authentication_method_id"),
}
_PHONE = PhoneAuthenticationMethod(phone_number=PHONE["phoneNumber"], phone_type=AuthenticationPhoneType.Mobile)
_EMAIL = EmailAuthenticationMethod(email_address=EMAIL["emailAddress"])


def _of_user(client: Any, scene: Scene) -> Any:
    return client.users.by_user_id(scene.user(accountEnabled=True)["id"]).authentication


def _item(client: Any, scene: Scene, collection: str) -> Any:
    _, _, user, _, _, method = enrolled(scene, collection).split("/")
    many, one = _KINDS[collection]
    return getattr(getattr(client.users.by_user_id(user).authentication, many), one)(method)


def _pass(client: Any, scene: Scene) -> Any:
    _, _, user, _, _, method = pass_of(scene).split("/")
    passes = client.users.by_user_id(user).authentication.temporary_access_pass_methods
    return passes.by_temporary_access_pass_authentication_method_id(method)


def _lists(collection: str) -> Call:
    def call(client: Any, scene: Scene) -> Awaitable[Any]:
        asked: Awaitable[Any] = getattr(_of_user(client, scene), _KINDS[collection][0]).get()
        return asked

    return call


def _reads(collection: str) -> Call:
    return lambda client, scene: _item(client, scene, collection).get()


def _deletes(collection: str) -> Call:
    return lambda client, scene: _item(client, scene, collection).delete()


def _password(client: Any, scene: Scene) -> Any:
    return _of_user(client, scene).methods.by_authentication_method_id(PASSWORD_METHOD)


def _configurations(client: Any) -> Any:
    return client.policies.authentication_methods_policy.authentication_method_configurations


def _configuration(client: Any) -> Any:
    return _configurations(client).by_authentication_method_configuration_id("Sms")


CALLS: Mapping[str, Call] = {
    f"GET {_BASE}/methods": lambda client, scene: _of_user(client, scene).methods.get(),
    f"GET {_BASE}/methods/{{method_id}}": lambda client, scene: _password(client, scene).get(),
    f"POST {_BASE}/methods/{{method_id}}/resetPassword": lambda client, scene: _password(
        client, scene
    ).reset_password.post(ResetPasswordPostRequestBody(new_password="Kelp-9-lamp-post")),
    f"GET {_BASE}/passwordMethods": lambda client, scene: _of_user(client, scene).password_methods.get(),
    f"GET {_BASE}/passwordMethods/{{method_id}}": lambda client, scene: (
        _of_user(client, scene).password_methods.by_password_authentication_method_id(PASSWORD_METHOD).get()
    ),
    f"GET {_PASSES}": lambda client, scene: _of_user(client, scene).temporary_access_pass_methods.get(),
    f"POST {_PASSES}": lambda client, scene: _of_user(client, scene).temporary_access_pass_methods.post(
        TemporaryAccessPassAuthenticationMethod(is_usable_once=True, lifetime_in_minutes=90)
    ),
    f"GET {_PASSES}/{{method_id}}": lambda client, scene: _pass(client, scene).get(),
    f"DELETE {_PASSES}/{{method_id}}": lambda client, scene: _pass(client, scene).delete(),
    **{f"GET {_BASE}/{each}": _lists(each) for each in _KINDS},
    **{f"GET {_BASE}/{each}/{{method_id}}": _reads(each) for each in _KINDS},
    **{f"DELETE {_BASE}/{each}/{{method_id}}": _deletes(each) for each in _KINDS},
    f"POST {_BASE}/phoneMethods": lambda client, scene: _of_user(client, scene).phone_methods.post(_PHONE),
    f"POST {_BASE}/emailMethods": lambda client, scene: _of_user(client, scene).email_methods.post(_EMAIL),
    f"PATCH {_BASE}/phoneMethods/{{method_id}}": lambda client, scene: _item(client, scene, "phoneMethods").patch(
        PhoneAuthenticationMethod(phone_number="+49 15187654321")
    ),
    f"PATCH {_BASE}/emailMethods/{{method_id}}": lambda client, scene: _item(client, scene, "emailMethods").patch(
        EmailAuthenticationMethod(email_address="mara@elsewhere.example")
    ),
    f"GET {_POLICY}": lambda client, _scene: client.policies.authentication_methods_policy.get(),
    f"PATCH {_POLICY}": lambda client, _scene: client.policies.authentication_methods_policy.patch(
        AuthenticationMethodsPolicy(
            policy_migration_state=AuthenticationMethodsPolicyMigrationState.MigrationInProgress
        )
    ),
    f"GET {_CONFIGURATIONS}": lambda client, _scene: _configurations(client).get(),
    f"GET {_CONFIGURATIONS}/{{configuration_id}}": lambda client, _scene: _configuration(client).get(),
    f"PATCH {_CONFIGURATIONS}/{{configuration_id}}": lambda client, _scene: _configuration(client).patch(
        SmsAuthenticationMethodConfiguration(
            odata_type="#microsoft.graph.smsAuthenticationMethodConfiguration",
            state=AuthenticationMethodState.Disabled,
        )
    ),
    f"DELETE {_CONFIGURATIONS}/{{configuration_id}}": lambda client, _scene: _configuration(client).delete(),
    f"GET {_REPORT}": lambda client, _scene: client.reports.authentication_methods.user_registration_details.get(),
    f"GET {_REPORT}/{{id}}": lambda client, scene: (
        client.reports.authentication_methods.user_registration_details.by_user_registration_details_id(
            scene.user()["id"]
        ).get()
    ),
}
