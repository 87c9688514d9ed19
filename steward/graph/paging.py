"""Lists of Graph, to their last page: the first page is never taken for the list."""

from typing import Any

from kiota_abstractions.base_request_configuration import RequestConfiguration


async def read_all(builder: Any, query: Any = None, *, advanced: bool = False) -> list[Any]:
    """Return every element of a collection; `builder` is an SDK request builder, `query` its query parameters.

    `advanced` sends the header without which Graph refuses some filters; the query must then ask for the count.
    """
    configuration: RequestConfiguration[Any] = RequestConfiguration(query_parameters=query)
    following: RequestConfiguration[Any] = RequestConfiguration()
    if advanced:
        # A link to the next page does not carry the header.
        for each in (configuration, following):
            each.headers.add("ConsistencyLevel", "eventual")
    page = require_page(await builder.get(configuration))
    items = list(page.value)
    while page.odata_next_link:
        page = require_page(await builder.with_url(page.odata_next_link).get(following))
        items.extend(page.value)
    return items


def require_page(page: Any) -> Any:
    """Return the page; raises `ValueError` for an answer that holds no list, which is not the same as an empty one."""
    if page is None or page.value is None:
        raise ValueError("the answer holds no list")
    return page


def quote(value: str) -> str:
    """Return `value` as an OData string literal."""
    doubled = value.replace("'", "''")
    return f"'{doubled}'"
