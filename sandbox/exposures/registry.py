"""The exposures of the kinds that occur in lists of mixed kinds, by Graph type."""

from collections.abc import Mapping

from sandbox.exposures.applications import APPLICATION
from sandbox.exposures.exposure import Exposure
from sandbox.exposures.groups import GROUP
from sandbox.exposures.methods import AUTHENTICATOR_METHOD, PASSWORD_METHOD, TEMPORARY_ACCESS_PASS
from sandbox.exposures.roles import DIRECTORY_ROLE
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
        PASSWORD_METHOD,
        TEMPORARY_ACCESS_PASS,
        AUTHENTICATOR_METHOD,
    )
}
