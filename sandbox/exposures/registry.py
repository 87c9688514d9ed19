"""The exposures of the kinds that occur in lists of mixed kinds, by Graph type."""

from collections.abc import Mapping

from sandbox.exposures.administrative_units import ADMINISTRATIVE_UNIT
from sandbox.exposures.applications import APPLICATION
from sandbox.exposures.conditional_access import COUNTRY_NAMED_LOCATION, IP_NAMED_LOCATION, NAMED_LOCATION
from sandbox.exposures.exposure import Exposure
from sandbox.exposures.groups import GROUP
from sandbox.exposures.methods import METHOD_CONFIGURATIONS, METHOD_KINDS
from sandbox.exposures.roles import DIRECTORY_ROLE, POLICY_RULES
from sandbox.exposures.service_principals import SERVICE_PRINCIPAL
from sandbox.exposures.users import USER

BY_TYPE: Mapping[str, Exposure] = {
    each.type_name: each
    for each in (
        USER,
        GROUP,
        APPLICATION,
        SERVICE_PRINCIPAL,
        DIRECTORY_ROLE,
        NAMED_LOCATION,
        IP_NAMED_LOCATION,
        COUNTRY_NAMED_LOCATION,
        *POLICY_RULES,
        ADMINISTRATIVE_UNIT,
        *METHOD_KINDS,
        *METHOD_CONFIGURATIONS,
    )
}
