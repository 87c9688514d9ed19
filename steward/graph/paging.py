"""Lists of Graph, to their last page: the first page is never taken for the list."""

from typing import Any

from kiota_abstractions.base_request_configuration import RequestConfiguration


async def read_all(builder: Any, query: Any = None) -> list[Any]:
    """Return every element of a collection; `builder` is an SDK request builder, `query` its query parameters."""
    page = await builder.get(RequestConfiguration(query_parameters=query))
    items = list(page.value or ())
    while page.odata_next_link:
        page = await builder.with_url(page.odata_next_link).get()
        items.extend(page.value or ())
    return items


def quote(value: str) -> str:
    """Return `value` as an OData string literal."""
    doubled = value.replace("'", "''")
    return f"'{doubled}'"
