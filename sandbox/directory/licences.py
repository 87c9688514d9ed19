"""Licences: what the tenant subscribed to, and who holds a seat."""

from collections.abc import Mapping
from typing import Any

from sandbox.directory import recycling
from sandbox.directory.audit import record_change, target
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import bad_request


def assign(directory: Directory, key: str, body: Mapping[str, Any], caller: Caller) -> Record:
    """Give and take licences of a user, who needs a usage location for it."""
    user = directory.require_user(key)
    added, removed = body.get("addLicenses"), body.get("removeLicenses")
    if added is None or removed is None:
        raise bad_request("The parameters 'addLicenses' and 'removeLicenses' are both required.")
    if added and not user.get("usageLocation"):
        raise bad_request("License assignment cannot be done for user with invalid usage location.")
    held = {each["skuId"]: each for each in user["assignedLicenses"]}
    for sku_id in removed:
        if held.pop(sku_id, None) is None:
            raise bad_request(f"User does not have a corresponding license. SKU {sku_id}.")
    for each in added:
        sku = directory.skus.get(each["skuId"])
        if sku is None:
            raise bad_request(f"License {each['skuId']} does not correspond to a valid company License.")
        if each["skuId"] not in held and consumed(directory, sku) >= sku["prepaidUnits"]["enabled"]:
            raise bad_request(f"Subscription with SKU {each['skuId']} does not have any available licenses.")
        held[each["skuId"]] = {"disabledPlans": each.get("disabledPlans", []), "skuId": each["skuId"]}
    user["assignedLicenses"] = list(held.values())
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


def render(directory: Directory, sku: Record) -> Record:
    """Show a subscription with its seats taken at this moment."""
    return {**sku, "consumedUnits": consumed(directory, sku)}


def details_of(directory: Directory, user: Record) -> list[Record]:
    """List the licences a user holds with their service plans."""
    return [
        {
            "id": each["skuId"],
            "servicePlans": directory.skus[each["skuId"]]["servicePlans"],
            "skuId": each["skuId"],
            "skuPartNumber": directory.skus[each["skuId"]]["skuPartNumber"],
        }
        for each in user["assignedLicenses"]
    ]
