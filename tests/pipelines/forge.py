"""A stand-in for GitHub's API and its issuer of identity tokens: strict about paths, tokens and permissions.

Shapes are those of docs.github.com/en/rest (2022-11-28), as far as PyGithub reads them.
"""

import asyncio
import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.life.identities_tenancy import pipeline_token

REPOSITORY = "contoso/steward"
JOBS_OWN = "github-actions[bot]"
_LONGEST_COMMENT = 65_536


@dataclass(frozen=True)
class JobToken:
    """What a job's token permits, by scope; `subject` is what its identity token says, None where it gets none."""

    permissions: Mapping[str, str]
    subject: str | None = None
    login: str = JOBS_OWN


@dataclass
class Forge:
    """Pull requests with their comments, and the runs of workflows."""

    tokens: dict[str, JobToken] = field(default_factory=dict)
    comments: dict[int, dict[str, Any]] = field(default_factory=dict)
    pulls: dict[int, dict[str, Any]] = field(default_factory=dict)
    runs: list[dict[str, Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    issued: list[str] = field(default_factory=list)
    faults: list[Response] = field(default_factory=list)
    events: dict[int, list[str]] = field(default_factory=dict)
    meeting: threading.Barrier | None = None
    url: str = ""
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1001))

    def add_token(self, token: JobToken) -> str:
        """Return the secret text of a job's token."""
        text = f"ghs_canary{next(self._numbers)}"
        self.tokens[text] = token
        return text

    def application(self) -> Starlette:
        """Return what answers."""
        at = f"/api/v3/repos/{REPOSITORY}"
        return Starlette(
            routes=[
                Route("/oidc/token", self._identity_token),
                Route(f"{at}/issues/{{number:int}}", self._issue),
                Route(f"{at}/issues/{{number:int}}/comments", self._comments, methods=["GET", "POST"]),
                Route(f"{at}/issues/comments/{{number:int}}", self._comment, methods=["PATCH", "DELETE"]),
                Route(f"{at}/issues/{{number:int}}/events", self._events),
                Route(f"{at}/pulls", self._pulls),
                Route(f"{at}/commits/{{sha}}", self._commit),
                Route(f"{at}/commits/{{sha}}/pulls", self._commit_pulls),
                Route(f"{at}/actions/workflows/{{file}}", self._workflow),
                Route(f"{at}/actions/workflows/{{file}}/runs", self._runs),
            ]
        )

    @property
    def _repository(self) -> str:
        return f"{self.url}/api/v3/repos/{REPOSITORY}"

    def _refuse(self, request: Request, scope: str, level: str = "read") -> Response | None:
        self.requests.append(f"{request.method} {request.url.path}")
        if self.faults:
            return self.faults.pop(0)
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        token = self.tokens.get(text)
        if kind not in {"token", "Bearer"} or token is None:
            return JSONResponse({"message": "Bad credentials"}, 401)
        held = token.permissions.get(scope, "none")
        if held != level and not (held == "write" and level == "read"):
            return JSONResponse({"message": "Resource not accessible by integration"}, 403)
        return None

    def _caller(self, request: Request) -> JobToken:
        return self.tokens[request.headers["authorization"].partition(" ")[2]]

    async def _identity_token(self, request: Request) -> Response:
        self.requests.append(f"{request.method} {request.url.path}")
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        token = self.tokens.get(text)
        audience = request.query_params.get("audience")
        if (
            kind != "Bearer"
            or token is None
            or token.subject is None
            or request.query_params.get("api-version") != "2.0"
        ):
            return JSONResponse({"message": "no identity token for this job"}, 403)
        issued = pipeline_token(token.subject, aud=audience)
        self.issued.append(issued)
        return JSONResponse({"value": issued})

    async def _issue(self, request: Request) -> Response:
        refused = self._refuse(request, "pull-requests")
        number = request.path_params["number"]
        return refused or JSONResponse(
            {
                "number": number,
                "url": f"{self._repository}/issues/{number}",
                "comments_url": f"{self._repository}/issues/{number}/comments",
            }
        )

    async def _comments(self, request: Request) -> Response:
        refused = self._refuse(request, "pull-requests", "read" if request.method == "GET" else "write")
        if refused:
            return refused
        if request.method == "GET":
            page, size = int(request.query_params.get("page", 1)), int(request.query_params.get("per_page", 30))
            listed = sorted(self.comments.values(), key=lambda each: int(each["id"]))
            headers = {}
            if len(listed) > page * size:
                headers["link"] = f'<{self.url}{request.url.path}?page={page + 1}&per_page={size}>; rel="next"'
            return JSONResponse(listed[(page - 1) * size : page * size], headers=headers)
        body = (await request.json())["body"]
        if self.meeting is not None:
            # Both have seen no comment before either posts one.
            await asyncio.to_thread(self.meeting.wait, 30)
        if len(body) > _LONGEST_COMMENT:
            return JSONResponse({"message": "Validation Failed", "errors": ["body is too long"]}, 422)
        return JSONResponse(self.add_comment(body, self._caller(request).login), 201)

    def add_comment(self, body: str, login: str) -> dict[str, Any]:
        """Add a comment, as GitHub keeps it: without blanks at its ends."""
        number = next(self._numbers)
        url = f"{self._repository}/issues/comments/{number}"
        self.comments[number] = {"id": number, "url": url, "body": body.strip(), "user": {"login": login}}
        return self.comments[number]

    async def _comment(self, request: Request) -> Response:
        refused = self._refuse(request, "pull-requests", "write")
        number = request.path_params["number"]
        if refused:
            return refused
        if number not in self.comments:
            return JSONResponse({"message": "Not Found"}, 404)
        if request.method == "DELETE":
            del self.comments[number]
            return Response(status_code=204)
        self.comments[number]["body"] = (await request.json())["body"].strip()
        return JSONResponse(self.comments[number])

    async def _commit(self, request: Request) -> Response:
        sha = request.path_params["sha"]
        return self._refuse(request, "contents") or JSONResponse(
            {"sha": sha, "url": f"{self._repository}/commits/{sha}"}
        )

    async def _commit_pulls(self, request: Request) -> Response:
        sha = request.path_params["sha"]
        found = [each for each in self.pulls.values() if each["merge_commit_sha"] == sha or each["head"]["sha"] == sha]
        return self._refuse(request, "pull-requests") or JSONResponse([self._pull(each) for each in found])

    def _pull(self, pull: Mapping[str, Any]) -> dict[str, Any]:
        own = {
            "url": f"{self._repository}/pulls/{pull['number']}",
            "issue_url": f"{self._repository}/issues/{pull['number']}",
        }
        return {**pull, **own}

    async def _pulls(self, request: Request) -> Response:
        asked = request.query_params
        if unknown := set(asked) - {"state", "head", "page", "per_page"}:
            return JSONResponse({"message": f"unknown {sorted(unknown)}"}, 422)
        owner, _, branch = asked["head"].partition(":")
        found = [
            self._pull(each)
            for each in self.pulls.values()
            if each["head"]["ref"] == branch
            and owner == REPOSITORY.partition("/")[0]
            and (asked["state"] == "all" or each["merged_at"] is None)
        ]
        return self._refuse(request, "pull-requests") or JSONResponse(found)

    async def _events(self, request: Request) -> Response:
        number = request.path_params["number"]
        told = [{"id": at, "event": event} for at, event in enumerate(self.events.get(number, ["merged"]))]
        return self._refuse(request, "pull-requests") or JSONResponse(told)

    async def _workflow(self, request: Request) -> Response:
        file = request.path_params["file"]
        return self._refuse(request, "actions") or JSONResponse(
            {"id": 1, "path": f".github/workflows/{file}", "url": f"{self._repository}/actions/workflows/{file}"}
        )

    async def _runs(self, request: Request) -> Response:
        asked = request.query_params
        if unknown := set(asked) - {"event", "head_sha", "page", "per_page"}:
            return JSONResponse({"message": f"unknown {sorted(unknown)}"}, 422)
        found = [
            {name: value for name, value in each.items() if name != "file"}
            for each in self.runs
            if each["file"] == request.path_params["file"]
            and each["event"] == asked["event"]
            and each["head_sha"] == asked["head_sha"]
        ]
        return self._refuse(request, "actions") or JSONResponse({"total_count": len(found), "workflow_runs": found})


def rate_limited(*, seconds: int) -> Response:
    """Return GitHub's answer to a caller that writes too fast."""
    return JSONResponse(
        {
            "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
            "documentation_url": "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api",
        },
        403,
        headers={"retry-after": str(seconds)},
    )
