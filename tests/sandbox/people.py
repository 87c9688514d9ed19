"""The people and applications that sign in during tests, and how an application sends a person to sign in."""

import base64
import hashlib
from typing import Any

import httpx
import pyotp

from sandbox.behaviour import Behaviour
from sandbox.clock import from_stamp
from sandbox.seed import SeedApplication, SeedLicence, SeedUser
from tests.sandbox.browser import Browser
from tests.sandbox.conftest import SEED, Tenant

GRAPH = "00000003-0000-0000-c000-000000000000"
CLI = "14d82eec-204b-4c2f-b7e8-296a70dab67e"  # Microsoft Graph Command Line Tools
LOOPBACK = "http://localhost:8400"
PASSWORD = "Kelp-9-lantern"
MEMBER = "mara.holt@contoso.example"
ADMINISTRATOR = "ada.king@contoso.example"
VERIFIER = "kelp-lantern-harbour-" * 3
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
USER_READ = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
CONTACTS_ROLE = "6918b873-d17a-4dc1-b314-35f528134491"
USER_READ_ALL_ROLE = "df021288-bdef-4463-88db-98f22de89214"

PEOPLE = (
    SeedUser(MEMBER, "Mara Holt", password=PASSWORD),
    SeedUser(ADMINISTRATOR, "Ada King", password=PASSWORD, directory_roles=("Global Administrator",)),
    SeedUser(
        "carl.voss@contoso.example",
        "Carl Voss",
        password=PASSWORD,
        directory_roles=("Cloud Application Administrator",),
    ),
    SeedUser("off.duty@contoso.example", "Off Duty", password=PASSWORD, account_enabled=False),
    SeedUser(
        "new.hire@contoso.example",
        "New Hire",
        password=PASSWORD,
        properties={"passwordProfile": {"forceChangePasswordNextSignIn": True}},
    ),
)
APPLICATIONS = (
    SeedApplication(
        "Desk",
        properties={
            "isFallbackPublicClient": True,
            "publicClient": {"redirectUris": ["http://localhost"]},
            "signInAudience": "AzureADMyOrg",
        },
    ),
    SeedApplication(
        "Shop",
        properties={
            "web": {"redirectUris": ["https://shop.contoso.example/signed-in", "http://localhost/"]},
            "requiredResourceAccess": [
                {
                    "resourceAppId": GRAPH,
                    "resourceAccess": [
                        {"id": CONTACTS_ROLE, "type": "Role"},
                        {"id": USER_READ_ALL_ROLE, "type": "Role"},
                        {"id": USER_READ, "type": "Scope"},
                    ],
                }
            ],
        },
    ),
    SeedApplication("Daemon", properties={"signInAudience": "AzureADMyOrg"}),
    SeedApplication("Single page", properties={"spa": {"redirectUris": ["https://page.contoso.example/"]}}),
)


def settle(tenant: Tenant, **changes: Any) -> None:
    """Seed the tenant with people and applications; logs are at hand at once."""
    behaviour = {"log_delay_seconds": 0, **changes.pop("behaviour", {})}
    further = {"users": (*SEED.users, *PEOPLE), "applications": APPLICATIONS, "behaviour": Behaviour(**behaviour)}
    tenant.reseed(**{**further, "licences": (SeedLicence("AAD_PREMIUM_P2"),), **changes})


def client_id(tenant: Tenant, name: str) -> str:
    """Tell a seeded application's client id."""
    known = tenant.control.snapshot()["applications"].values()
    return next(str(each["appId"]) for each in known if each["displayName"] == name)


def authorize(browser: Browser, tenant: Tenant, app: str, **changes: str) -> None:
    """Send a browser to the authorization endpoint; an empty value leaves a parameter out."""
    authority = changes.pop("authority", tenant.running.tenant_id)
    parameters = {
        "client_id": app,
        "response_type": "code",
        "redirect_uri": LOOPBACK,
        "scope": "openid profile offline_access User.Read",
        "state": "state-1",
        "nonce": "nonce-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    browser.open(f"/{authority}/oauth2/v2.0/authorize", **{name: each for name, each in parameters.items() if each})


def redeem(tenant: Tenant, app: str, code: str, **changes: str) -> httpx.Response:
    """Change a code into tokens; an empty value leaves a parameter out."""
    authority = changes.pop("authority", tenant.running.tenant_id)
    form = {
        "grant_type": "authorization_code",
        "client_id": app,
        "code": code,
        "redirect_uri": LOOPBACK,
        "code_verifier": VERIFIER,
        **changes,
    }
    sent = {name: each for name, each in form.items() if each}
    return tenant.anonymous().post(f"/{authority}/oauth2/v2.0/token", data=sent)


def code_of(browser: Browser) -> str:
    """Take the code out of where the browser has arrived."""
    assert browser.arrival is not None, browser.page.get_text()
    return browser.arrival.values["code"]


def one_time_code(tenant: Tenant, secret: str) -> str:
    """Read the code off an authenticator that goes by the tenant's clock."""
    return pyotp.TOTP(secret).at(from_stamp(tenant.control.clock()["now"]))


def refused(response: httpx.Response) -> tuple[int, str, int]:
    """Tell status, error and AADSTS number of a token endpoint's refusal."""
    body = response.json()
    return response.status_code, body["error"], body["error_codes"][0]


def require_second_factor(tenant: Tenant, **changes: Any) -> None:
    """Have conditional access ask everybody for a second factor, everywhere."""
    body = {
        "displayName": "second factor for all",
        "state": "enabled",
        "conditions": {
            "users": {"includeUsers": ["All"]},
            "applications": {"includeApplications": ["All"]},
            "clientAppTypes": ["all"],
        },
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
        **changes,
    }
    tenant.control.act("POST", "/v1.0/identity/conditionalAccess/policies", body)
