"""Licences: what the tenant subscribed to, and who holds a seat.

Source: learn.microsoft.com, "user: assignLicense", read November 2026; the texts of refusals are known from public
threads.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sandbox.directory import recycling
from sandbox.directory.audit import record_change, target
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import bad_request, not_found


def assign(directory: Directory, key: str, body: Mapping[str, Any], caller: Caller) -> Record:
    """Give and take licences of a user, who needs a usage location for it; a licence held already is changed."""
    user = directory.require_user(key)
    added, removed = body.get("addLicenses"), body.get("removeLicenses")
    if added is None or removed is None:
        raise bad_request("The parameters 'addLicenses' and 'removeLicenses' are both required.")
    wanted = [str(each.get("skuId")).lower() for each in added]
    unwanted = [each.lower() for each in removed]
    if len({*wanted, *unwanted}) != len(wanted) + len(unwanted):
        raise bad_request("A license must not be named twice in 'addLicenses' and 'removeLicenses'.")
    if added and not user.get("usageLocation"):
        raise bad_request("License assignment cannot be done for user with invalid usage location.")
    held = {each["skuId"]: each for each in user["assignedLicenses"]}
    for sku_id in unwanted:
        if held.pop(sku_id, None) is None:
            raise bad_request(f"User does not have a corresponding license. SKU {sku_id}.")
    for sku_id, each in zip(wanted, added, strict=True):
        sku = directory.skus.get(sku_id)
        if sku is None:
            raise bad_request(f"License {sku_id} does not correspond to a valid company License.")
        if sku_id not in held and consumed(directory, sku) >= sku["prepaidUnits"]["enabled"]:
            raise bad_request(f"Subscription with SKU {sku_id} does not have any available licenses.")
        held[sku_id] = {"disabledPlans": _require_plans(sku, each.get("disabledPlans", [])), "skuId": sku_id}
    user["assignedLicenses"] = list(held.values())
    user["licenseAssignmentStates"] = [_state(directory, each) for each in held.values()]
    record_change(
        directory,
        caller,
        "Change user license",
        category="UserManagement",
        operation="Update",
        targets=[target("User", user)],
    )
    return user


def consumed(directory: Directory, sku: Record) -> int:
    """Count the seats taken, those of deleted users included, who keep theirs until they are gone for good."""
    holders = [*directory.users.values(), *recycling.deleted(directory, "user")]
    return sum(sku["skuId"] == each["skuId"] for user in holders for each in user["assignedLicenses"])


def require_sku(directory: Directory, subscription_id: str) -> Record:
    """Get a subscription by its id, which joins the tenant's id and the SKU's, or refuse with 404."""
    for each in directory.skus.values():
        if each["id"] == subscription_id:
            return each
    raise not_found(subscription_id)


def render(directory: Directory, sku: Record) -> Record:
    """Show a subscription with its seats taken at this moment."""
    return {**sku, "consumedUnits": consumed(directory, sku)}


def details_of(directory: Directory, user: Record) -> list[Record]:
    """List the licences a user holds with their service plans; a plan that is switched off says so."""
    return [
        {
            "id": each["skuId"],
            "servicePlans": [
                {**plan, "provisioningStatus": "Disabled"} if plan["servicePlanId"] in each["disabledPlans"] else plan
                for plan in directory.skus[each["skuId"]]["servicePlans"]
            ],
            "skuId": each["skuId"],
            "skuPartNumber": directory.skus[each["skuId"]]["skuPartNumber"],
        }
        for each in user["assignedLicenses"]
    ]


def require_details(directory: Directory, user: Record, details_id: str) -> Record:
    """Get one of a user's licences, or refuse with 404."""
    for each in details_of(directory, user):
        if each["id"] == details_id:
            return each
    raise not_found(details_id)


def _require_plans(sku: Record, disabled: Collection[str]) -> list[str]:
    known = {plan["servicePlanId"] for plan in sku["servicePlans"]}
    for each in disabled:
        if each.lower() not in known:
            raise bad_request(f"Service plan {each} is not part of the license {sku['skuId']}.")
    return [each.lower() for each in disabled]


def _state(directory: Directory, licence: Record) -> Record:
    return {
        "assignedByGroup": None,
        "disabledPlans": licence["disabledPlans"],
        "error": "None",
        "lastUpdatedDateTime": directory.clock.stamp(),
        "skuId": licence["skuId"],
        "state": "Active",
    }
