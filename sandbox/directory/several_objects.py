"""Several objects at once, by their ids and of whatever kind.

Source: learn.microsoft.com, "directoryObject: getByIds", read November 2026.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sandbox.errors import bad_request
from sandbox.schema import graph_schema

_MOST_IDS = 1000


def asked_for(body: Mapping[str, Any]) -> tuple[Collection[str], Collection[str]]:
    """Read which ids are asked for, each once, and of which types; of any where none is named."""
    ids, kinds = body.get("ids"), body.get("types") or ()
    if ids is None:
        raise bad_request("The parameter 'ids' is required.")
    if len(ids) > _MOST_IDS:
        raise bad_request(f"No more than {_MOST_IDS} ids can be asked for; there are {len(ids)}.")
    schema = graph_schema()
    for kind in kinds:
        if not schema.is_derived(kind, "directoryObject") or kind not in schema.types:
            raise bad_request(f"The type '{kind}' is not a type of directory object.")
    return dict.fromkeys(ids), kinds
