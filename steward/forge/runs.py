"""Finds the run that planned what was merged: by the commit, its pull request, and that one's last commit.

What a run has uploaded cannot be changed once it is over, while a comment can be edited by whoever may write to the
repository; so the hashes to apply come from the run, and are shown again to whoever approves.
"""

from dataclasses import dataclass

from github.PullRequest import PullRequest
from github.Repository import Repository

from steward.errors import RefusedError

_PULL_REQUEST = "pull_request"
_COMPLETED = "completed"
# "Issue event types", docs.github.com, read November 2026.
_RETARGETED = frozenset({"base_ref_changed", "automatic_base_change_succeeded"})


@dataclass(frozen=True)
class PlanRun:
    """A run of the planning workflow, and the pull request that it was for."""

    run_id: int
    pull_request: int
    head: str


def find_plan_run(repository: Repository, *, commit: str, branch: str, workflow: str) -> PlanRun:
    """Return the newest completed run for the pull request that was merged as `commit`.

    Raises `RefusedError` where nothing was merged, or nothing was planned for it.
    """
    merged = [
        each
        for each in repository.get_commit(commit).get_pulls()
        if each.merged_at is not None and each.base.ref == branch and each.merge_commit_sha == commit
    ]
    if len(merged) != 1:
        raise RefusedError(
            f"commit {commit} is of no pull request" if not merged else f"commit {commit} is of several pull requests",
            why="what is applied was planned and reviewed in the one that was merged",
            next_move="nothing was touched: open a pull request with the change, and merge that one",
        )
    (pull_request,) = merged
    head = pull_request.head.sha
    _require_sole(repository, pull_request)
    runs = [
        run
        for run in repository.get_workflow(workflow).get_runs(event=_PULL_REQUEST, head_sha=head)
        if run.head_sha == head
        and run.head_branch == pull_request.head.ref
        and run.status == _COMPLETED
        and (not run.pull_requests or pull_request.number in {each.number for each in run.pull_requests})
    ]
    if not runs:
        raise RefusedError(
            f"nothing was planned for pull request {pull_request.number}",
            why=f"no run of {workflow} for its last commit {head} is over",
            next_move="nothing was touched: once that run is over, run this job again; or open a new pull request",
        )
    newest = max(runs, key=lambda run: run.id)
    return PlanRun(newest.id, pull_request.number, head)


def _require_sole(repository: Repository, pull_request: PullRequest) -> None:
    """Demand that the last commit was never planned for anything but this merge.

    A run tells its commit and its branch, not what that was merged into, and what it was merged into has workflows of
    its own: against a branch of his own anybody has the same commit planned as he likes.
    """
    head = pull_request.head
    owner = repository.full_name.partition("/")[0]
    others = [
        f"#{each.number}"
        for each in repository.get_pulls(state="all", head=f"{owner}:{head.ref}")
        if each.head.sha == head.sha and each.number != pull_request.number
    ]
    was_retargeted = any(event.event in _RETARGETED for event in pull_request.get_issue_events())
    if others or was_retargeted:
        why = f"{', '.join(others)} had the same last commit" if others else "its base was another branch for a while"
        raise RefusedError(
            f"which run planned pull request {pull_request.number} cannot be told",
            why=f"{why}, and a run does not tell what it was merged into",
            next_move="nothing was touched: open a pull request of a new branch that changes the tenant file",
        )
