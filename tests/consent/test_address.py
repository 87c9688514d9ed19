"""The address that a person is sent to."""

from urllib.parse import parse_qsl, urlsplit

from steward.config.clouds import CLOUDS
from steward.consent.address import consent_address

TENANT = "8f4c1f0e-6f0a-4a8e-9d43-2f1e0d9c8b7a"


def test_own_registration_names_the_port_and_the_state() -> None:
    address = urlsplit(consent_address(CLOUDS["global"], TENANT, "client", port=8123, state="s&t"))
    assert (address.netloc, address.path) == ("login.microsoftonline.com", f"/{TENANT}/adminconsent")
    asked = {"client_id": "client", "redirect_uri": "http://localhost:8123/", "state": "s&t"}
    assert dict(parse_qsl(address.query)) == asked


def test_vendors_application_is_asked_nothing_back() -> None:
    address = urlsplit(consent_address(CLOUDS["usgovernment"], TENANT, "client", state="unused"))
    assert address.netloc == "login.microsoftonline.us"
    assert dict(parse_qsl(address.query)) == {"client_id": "client"}
