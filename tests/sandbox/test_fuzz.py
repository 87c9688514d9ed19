"""Malformed requests, many of them and always the same ones: refused in Graph's shape, and the server lives on."""

import contextlib
import json
import socket
import ssl
import zlib
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from sandbox.errors import GraphError
from sandbox.exposures.groups import GROUP
from sandbox.exposures.users import USER
from sandbox.queries.filters import compile_filter
from sandbox.queries.ordering import read_order
from sandbox.queries.searching import compile_search
from sandbox.resources import ROUTES
from sandbox.routing import Route
from sandbox.server import RunningSandbox
from tests.sandbox.conftest import SEED, Tenant
from tests.sandbox.mutations import MUTATIONS, TEXTS, VALUES, Mutation, bounded, mutated, require_graphs_answer
from tests.sandbox.rows.registry import ROWS
from tests.sandbox.rows.scene import Ask, Scene

_JSON = {"content-type": "application/json"}
_MODULES = sorted({route.handler.__module__.rpartition(".")[2] for route in ROUTES})
_FILTER_WORDS = st.sampled_from(
    (
        "displayName", "accountEnabled", "otherMails", "otherMails/any", "assignedLicenses/$count", "createdDateTime",
        "id", "x", "x/y", "m", "m:", "any", "all", "eq", "ne", "ge", "in", "has", "and", "or", "not", "null", "true",
        "startsWith", "endsWith", "contains", "(", ")", ",", ":", "'a'", "''", "'", "7", "-7", "1e400", "2026-11-01",
        "2026-11-01T00:00:00Z", "9999-99-99T99:99:99Z", "0001-01-01T00:00:00+14:00", "/", "$", "$count",
        "microsoft.graph.user",
        "62e90394-69f5-4237-9190-012177145e10", "\t", "\x00", "é",
    )
)  # fmt: skip  # one word a line would fill the page
FILTERS = st.lists(_FILTER_WORDS, max_size=14).map(" ".join) | TEXTS


@pytest.mark.parametrize("module", _MODULES)
def test_mutated_good_requests_of_every_row_are_answered_as_graph_would(tenant: Tenant, module: str) -> None:
    routes = [
        (version, route)
        for route in ROUTES
        if route.handler.__module__.endswith(f".{module}")
        for version in route.versions[:1]
    ]
    for version, route in routes:
        _try_row(tenant, version, route)


def _try_row(tenant: Tenant, version: str, route: Route) -> None:
    tenant.control.reseed(SEED)
    scene = Scene(tenant)
    ask = ROWS[route.key](scene)
    client = scene.client_for(route)

    # Each row meets mutations of its own, the same ones every time.
    @seed(zlib.crc32(route.key.encode()))
    @settings(bounded(8), derandomize=False)
    @given(MUTATIONS)
    def try_mutation(mutation: Mutation) -> None:
        changed = mutated(ask, mutation)
        require_graphs_answer(_send(client, version, route, changed), (route.key, mutation))

    try_mutation()
    assert client.get("/v1.0/directoryRoleTemplates").status_code in {200, 403}


def _send(client: httpx.Client, version: str, route: Route, ask: Ask) -> httpx.Response:
    content = ask.content
    if content is None and ask.body is not None:
        content = json.dumps(ask.body).encode()
    headers = {**(_JSON if ask.content is None else {}), **ask.headers}
    return client.request(route.method, f"/{version}{ask.path}", content=content, headers=headers)


@pytest.mark.parametrize("path", ["/v1.0/users", "/v1.0/groups", "/v1.0/servicePrincipals", "/v1.0/auditLogs/signIns"])
def test_any_query_is_answered_or_refused(tenant: Tenant, path: str) -> None:
    client = tenant.client("administer")
    options = st.sampled_from(("$filter", "$search", "$orderby", "$select", "$expand", "$skiptoken", "$top", "$count"))

    @bounded(60)
    @given(st.dictionaries(options, FILTERS, max_size=3), st.booleans())
    def ask(query: dict[str, str], eventual: bool) -> None:
        text = urlencode(query, quote_via=quote, errors="replace")
        headers = {"ConsistencyLevel": "eventual"} if eventual else {}
        require_graphs_answer(client.get(f"{path}?{text}", headers=headers), query)

    ask()


@contextlib.contextmanager
def _refused_at_most() -> Iterator[None]:
    """Let what is inside be refused as a bad request, and nothing else."""
    try:
        yield
    except GraphError as refusal:
        if refusal.status != HTTPStatus.BAD_REQUEST:
            raise


@bounded(400)
@given(FILTERS, st.booleans())
def test_any_filter_search_and_order_is_read_or_refused(text: str, advanced: bool) -> None:
    record = {"id": "x", "displayName": "Ada", "otherMails": ["a"], "accountEnabled": True, "createdDateTime": None}
    for exposure in (USER, GROUP):
        with _refused_at_most():
            compile_filter(text, exposure.allowed(advanced=advanced, beta=False)).holds(record)
        with _refused_at_most():
            compile_search(text, exposure.type_name, exposure.searchable, eventual=advanced)(record)
        with _refused_at_most():
            read_order(text, exposure.orders(beta=False), advanced=advanced, filtered=False)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 4000 + "id eq 'a'" + ")" * 4000,
        "not " * 4000 + "(id eq 'a')",
        " and ".join(["id eq 'a'"] * 900),
        "/".join(["a"] * 5000) + " eq 'a'",
        "otherMails/any(m:" * 300 + "m eq 'a'" + ")" * 300,
        "'" * 9001,
        "a" * 9000,
    ],
)
def test_deep_and_long_filter_is_answered_or_refused(text: str) -> None:
    with _refused_at_most():
        compile_filter(text, USER.allowed(advanced=True, beta=False)).holds({"id": "a"})


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"displayName":' + b"[" * 90 + b"]" * 90 + b"}",
        b'{"employeeHireDate":NaN}',
        b'{"displayName":Infinity}',
        b'{"displayName":1e999}',
        b'{"displayName":' + b"9" * 10_000 + b"}",
        b'{"displayName":"\\ud800"}',
        b'{"\\udfff":1}',
        b'{"displayName":"a","displayName":"b"}',
        b'{"displayName":"a\\u0000b"}',
        b'{"displayName":"\xff"}',
        b'{"displayName":"a"',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"\x00",
        b'"a"',
        b"null",
        b"displayName=a",
    ],
)
def test_body_that_is_odd_json_is_answered_or_refused_and_can_be_read_in_the_journal(
    tenant: Tenant, content: bytes
) -> None:
    client = tenant.client("administer")
    for method, path in (
        ("PATCH", "/v1.0/users/kim.berg@contoso.example"),
        ("POST", "/v1.0/groups"),
        ("POST", "/v1.0/$batch"),
        ("POST", "/v1.0/users/kim.berg@contoso.example/assignLicense"),
    ):
        response = client.request(method, path, content=content, headers=_JSON)
        require_graphs_answer(response, (method, path, content[:60]))
    assert tenant.control.journal()[-1]["route"].endswith("assignLicense")
    assert client.get("/v1.0/users?$top=999").status_code == 200


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/json; charset=utf-16", "application/jsonx", "a" * 5000, ";"]
)
def test_content_type_that_is_odd_is_taken_or_refused(tenant: Tenant, kind: str) -> None:
    headers = {"content-type": kind, "client-request-id": "x" * 4000}
    response = tenant.client("administer").patch("/v1.0/users/kim.berg@contoso.example", content=b"{}", headers=headers)
    require_graphs_answer(response, kind)
    assert (response.status_code == 204) == kind.startswith("application/json;")


@pytest.mark.parametrize(
    "path",
    [
        "/v1.0/users/%ff",
        "/v1.0/users/%c3%28",
        "/v1.0/users/%00",
        "/v1.0/users/a%2Fb",
        "/v1.0/users/%E0%80%80",
        "/v1.0/users?$filter=%ff",
        "/v1.0/users?%ff=1",
        "/v1.0/users?$filter=%zz",
        "/v1.0/users?$top=%00",
        "/v1.0/users?=",
        "/v1.0/users?&&&",
        "/v1.0/users?$filter",
        "/v1.0//users",
        "/v1.0/users/",
        "/v1.0/",
        "/v1.0",
        "/",
        "//",
        "/%76%31.0/users",
        "/v1.0/users('%ff')",
        "/v1.0/users(userPrincipalName='')",
        "/v1.0/users()",
        "/v1.0/users/..%2f..%2f_sandbox/snapshot",
        "/v1.0/" + "a/" * 3000,
        "/v1.0/users/" + "a" * 20_000,
        "/v1.0/users?$filter=" + "a" * 20_000,
    ],
)
def test_address_that_is_odd_is_refused_in_graphs_shape(tenant: Tenant, path: str) -> None:
    client = tenant.client("administer")
    answer = _raw(tenant.running, f"GET {path} HTTP/1.1", f"Authorization: {client.headers['Authorization']}")
    assert answer.status_code in {200, 400, 404}, path
    require_graphs_answer(answer, path)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "CONNECTED", "get", "PROPFIND", "PUT", "M-SEARCH"])
def test_method_that_nothing_answers_is_refused_in_graphs_shape(tenant: Tenant, method: str) -> None:
    authorization = tenant.client("administer").headers["Authorization"]
    for path in ("/v1.0/users", "/kelp", f"/{tenant.running.tenant_id}/oauth2/v2.0/token"):
        answer = _raw(tenant.running, f"{method} {path} HTTP/1.1", f"Authorization: {authorization}")
        assert answer.status_code in {400, 404, 405}, (method, path)
        if answer.content:
            require_graphs_answer(answer, (method, path))


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer a",
        "Bearer a.b.c",
        "Bearer e30.e30.e30.",
        "Basic YTpi",
        "Bearer " + "a" * 9000,
        "Bearer eyJhbGciOiJub25lIn0.e30.",
        "Bearer eyJhbGciOlsxXX0.W10.x",
        "Bearer W10.W10.W10",
        "bearer \xff",
    ],
)
def test_authorization_that_is_odd_is_refused(tenant: Tenant, authorization: str) -> None:
    answer = _raw(tenant.running, "GET /v1.0/users HTTP/1.1", f"Authorization: {authorization}")
    assert answer.status_code == 401
    require_graphs_answer(answer, authorization)


def test_bytes_that_are_no_request_leave_the_server_alive(tenant: Tenant) -> None:
    @bounded(60)
    @given(
        st.binary(max_size=120)
        | st.binary(max_size=60).map(lambda tail: b"GET /v1.0/users?" + tail + b" HTTP/1.1\r\n\r\n")
    )
    def send(content: bytes) -> None:
        with _connection(tenant.running) as connection:
            connection.sendall(content + b"\r\n\r\n")
            answered = connection.recv(65536)
        assert b"Traceback" not in answered
        assert b"sandboxDefect" not in answered
        assert not answered or answered.startswith((b"HTTP/1.1 4", b"HTTP/1.1 501"))

    send()
    assert tenant.client("administer").get("/v1.0/users").status_code == 200


_FIELDS = st.sampled_from(
    (
        *("grant_type", "scope", "client_id", "client_secret", "client_assertion", "client_assertion_type", "code"),
        *(
            "refresh_token",
            "device_code",
            "redirect_uri",
            "code_verifier",
            "username",
            "password",
            "resource",
            "claims",
        ),
    )
)
_GRANTS = st.sampled_from(
    (
        *("client_credentials", "authorization_code", "refresh_token", "password", "kelp", ""),
        *("urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
    )
)


def test_any_form_at_the_token_endpoint_is_answered_or_refused_as_entra_would(tenant: Tenant) -> None:
    client = tenant.anonymous()
    identity = tenant.running.identities["deploy"]
    good = {"client_id": identity.client_id, "client_secret": identity.client_secret, "scope": "x/.default"}

    @bounded(150)
    @given(
        _GRANTS, st.dictionaries(_FIELDS, TEXTS, max_size=4), st.sampled_from(("/oauth2/v2.0/token", "/oauth2/token"))
    )
    def ask(grant: str, fields: dict[str, str], path: str) -> None:
        form = urlencode({"grant_type": grant, **good, **fields}, errors="replace")
        _require_entras_answer(client.post(f"/{tenant.running.tenant_id}{path}", content=form, headers=_FORM), fields)

    ask()


_FORM = {"content-type": "application/x-www-form-urlencoded"}


@bounded(60)
@given(st.data())
def _raw_forms(client: httpx.Client, path: str, data: Any) -> None:
    content = data.draw(st.binary(max_size=80) | VALUES.map(lambda value: json.dumps(value).encode()))
    kind = data.draw(st.sampled_from((_FORM, _JSON, {"content-type": "multipart/form-data; boundary=x"}, {})))
    _require_entras_answer(client.post(path, content=content, headers=kind), (content, kind))


@pytest.mark.parametrize("path", ["token", "devicecode", "authorize"])
def test_any_bytes_at_the_sign_in_endpoints_are_refused_as_entra_would(tenant: Tenant, path: str) -> None:
    _raw_forms(tenant.anonymous(), f"/{tenant.running.tenant_id}/oauth2/v2.0/{path}")


def _require_entras_answer(response: httpx.Response, sent: object) -> None:
    assert response.status_code < 500, (sent, response.text)
    assert "Traceback" not in response.text, sent
    assert "sandboxDefect" not in response.text, sent


def _connection(running: RunningSandbox) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(running.ca_file))
    host, _, port = running.base_url.removeprefix("https://").partition(":")
    plain = socket.create_connection(("127.0.0.1", int(port)), timeout=10)
    return context.wrap_socket(plain, server_hostname=host)


def _raw(running: RunningSandbox, *lines: str) -> httpx.Response:
    """Send a request as it stands, which a proper client would not do, and read the answer."""
    with _connection(running) as connection:
        head = "\r\n".join([*lines, "Host: localhost", "Connection: close", "", ""])
        connection.sendall(head.encode("latin-1"))
        received = b"".join(_chunks(connection))
    head_bytes, _, body = received.partition(b"\r\n\r\n")
    status, *fields = head_bytes.decode("latin-1").split("\r\n")
    headers = [(name, value) for name, _, value in (each.partition(": ") for each in fields)]
    return httpx.Response(int(status.split()[1]), headers=headers, content=body)


def _chunks(connection: ssl.SSLSocket) -> Iterator[bytes]:
    while received := connection.recv(65536):
        yield received
