"""Groups that exist already, read and never written: break-glass and the dashboard's.

A data source fails the plan unless there is exactly one such security group, so a mistyped name is told before
anything is created.
"""

from cdktf_cdktf_provider_azuread.data_azuread_group import DataAzureadGroup
from constructs import Construct

from stacks.naming import address_as
from steward.config.model import GroupReference


def read_group(scope: Construct, name: str, group: GroupReference) -> DataAzureadGroup:
    """Read the security group that a tenant file refers to, at the address `data.azuread_group.<name>`."""
    data = DataAzureadGroup(
        scope,
        name,
        object_id=group.object_id,
        display_name=None if group.object_id else group.name,
        security_enabled=True,
    )
    address_as(data, name)
    return data
