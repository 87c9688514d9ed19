"""Records the plans of tests/data/plans: real Terraform runs against the sandbox, one situation after the other.

Run `python -m tests.review.record_plans` in the project's folder to make them anew, then `pytest tests/review
--write-comments` for the comments beside them. What is written is what `terraform show -json` says, untouched; the
tenant file of each lies beside it, without the sandbox's certificate authority. Another engine's or provider's plan
is added with `TERRAFORM_BINARY_NAME=<engine> python -m tests.review.record_plans --engine <name> --provider <mirror>`.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sandbox.seed import VENDOR_APPLICATION_ID, Seed
from scripts.environment import child_environment, find_terraform
from scripts.rehearsal.provider_choice import ROOT, choose_provider
from scripts.rehearsal.scene import DEPLOY, set_the_scene
from scripts.rehearsal.tenant_file import LOGIN, NAME, write_tenant_file
from steward.wellknown.latch import PREPARED
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR
from steward.wellknown.stack import APPLICATION, MFA_POLICY
from tests.life.tenancy import Tenancy

PLANS = ROOT / "tests" / "data" / "plans"
PORT = 44380  # of the sandbox, which a plan names as the cloud's metadata host
IN_A_PIPELINE = f"-var=phase={PREPARED}"
POLICIES = "/v1.0/identity/conditionalAccess/policies"
ROLES = "/v1.0/roleManagement/directory/roleAssignments"

Edit = Callable[[str], str]


@dataclass(frozen=True)
class Recorder:
    """A tenancy whose plans are written down under the name of their situation."""

    tenancy: Tenancy
    folder: Path

    def record(self, name: str, *options: str, edit: Edit = str, changed: Mapping[str, Any] | None = None) -> None:
        """Plan, and keep what Terraform shows; `edit` changes the tenant file, `changed` the synthesized stack."""
        self._write_tenant_file(edit)
        self.tenancy.synthesize()
        self._change_stack(changed or {})
        self.tenancy.run_terraform("plan", "-input=false", "-out=recorded.tfplan", *(options or (IN_A_PIPELINE,)))
        shown = self.tenancy.run_terraform("show", "-json", "recorded.tfplan").stdout
        (self.folder / f"{name}.json").write_text(shown, encoding="utf-8")
        scene = self.tenancy.scene
        write_tenant_file(
            self.folder / f"{name}.yaml",
            cloud=json.dumps({"name": "sandbox", "authority": scene.sandbox.base_url, "graph": scene.sandbox.base_url}),
            tenant_id=scene.sandbox.tenant_id,
            deployer_id=scene.sandbox.identities[DEPLOY].object_id,
            edit=edit,
        )

    def start_over(self) -> None:
        """Bring the tenant back to its seed, and forget the state."""
        self._write_tenant_file(str)
        self.tenancy.synthesize()
        self.tenancy.scene.control.reset()
        for left in self.tenancy.scene.folder.glob("terraform.*"):
            left.unlink()

    def apply(self, *options: str, expect: int = 0) -> None:
        """Apply the stack as it is."""
        self.tenancy.run_terraform("apply", "-input=false", "-auto-approve", *options, expect=frozenset({expect}))

    def someone(self) -> str:
        """Return the object id of a user who is not the account."""
        users = self.tenancy.scene.control.snapshot()["users"].values()
        return str(min(user["id"] for user in users if user["userPrincipalName"] != LOGIN))

    def _write_tenant_file(self, edit: Edit) -> None:
        scene = self.tenancy.scene
        cloud = {"name": "sandbox", "authority": scene.sandbox.base_url, "graph": scene.sandbox.base_url}
        write_tenant_file(
            scene.folder / f"{NAME}.yaml",
            cloud=json.dumps({**cloud, "ca_file": str(scene.sandbox.ca_file.relative_to(scene.folder))}),
            tenant_id=scene.sandbox.tenant_id,
            deployer_id=scene.sandbox.identities[DEPLOY].object_id,
            edit=edit,
        )

    def _change_stack(self, changed: Mapping[str, Mapping[str, Any]]) -> None:
        file = self.tenancy.scene.stack / "cdk.tf.json"
        stack = json.loads(file.read_text(encoding="utf-8"))
        for kind, resources in changed.items():
            for name, attributes in resources.items():
                _merge(stack["resource"].setdefault(kind, {}).setdefault(name, {}), attributes)
        file.write_text(json.dumps(stack), encoding="utf-8")


def _merge(into: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def record_all(recorder: Recorder) -> None:
    """Record every situation, in an order that needs few deploys."""
    recorder.record("new_tenant")
    recorder.apply(IN_A_PIPELINE)
    recorder.record("no_change")
    recorder.record("permission_added", edit=lambda text: text.replace("User.Read.All]", "User.Read.All, Mail.Read]"))
    someone = recorder.someone()
    kind, _, policy = MFA_POLICY.partition(".")
    excluded = {"conditions": {"users": {"excluded_users": [someone]}}}
    recorder.record("exclusion_added", changed={kind: {policy: excluded}})
    recorder.record("policy_disabled", changed={kind: {policy: {"state": "disabled"}}})
    by_hand = {"role_id": PRIVILEGED_ROLE_ADMINISTRATOR, "principal_object_id": someone}
    recorder.record("role_declared_by_hand", changed={"azuread_directory_role_assignment": {"by_hand": by_hand}})
    recorder.record("login_changed", edit=lambda text: text.replace(LOGIN, f"m.osterhagen@{LOGIN.partition('@')[2]}"))
    recorder.record("application_replaced", IN_A_PIPELINE, f"-replace={APPLICATION}")
    act = recorder.tenancy.scene.control.act
    account = recorder.tenancy.account()["id"]
    act("POST", ROLES, {"principalId": account, "roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/"})
    recorder.record("role_granted_by_hand")
    recorder.record("destroy", IN_A_PIPELINE, "-destroy")

    recorder.start_over()
    control = recorder.tenancy.scene.control
    control.declare_faults({"method": "POST", "path": POLICIES, "status": 403, "code": "Forbidden"})
    recorder.apply(expect=1)
    control.clear_faults()
    recorder.record("half_failed_first_apply")

    recorder.start_over()
    recorder.apply()
    account = recorder.tenancy.account()["id"]
    for assignment in act("GET", f"{ROLES}?$filter=principalId eq '{account}'")["value"]:
        act("DELETE", f"{ROLES}/{assignment['id']}")
    recorder.record("between_close_and_seal")

    recorder.start_over()
    recorder.record("vendors_application", edit=_use_the_vendors_application)


def _use_the_vendors_application(text: str) -> str:
    """Name the vendor's application in a tenant file, which then has neither dashboard nor redirect URIs."""
    head, _, rest = text.partition("dashboard:\n")
    tail = rest.partition("elevation:")[2]
    kept = "".join(line for line in head.splitlines(keepends=True) if "redirect_uris" not in line)
    named = kept.replace(
        "  display_name: CiraSync\n", f"  display_name: CiraSync\n  client_id: {VENDOR_APPLICATION_ID}\n"
    )
    return f"{named}elevation:{tail}"


def main(arguments: list[str]) -> int:
    """Serve a tenant, record, and clear away."""
    parser = argparse.ArgumentParser(prog="python -m tests.review.record_plans", description=__doc__)
    parser.add_argument(
        "--engine", metavar="NAME", help="record `no_change_by_NAME` only, with what Terraform there is"
    )
    parser.add_argument(
        "--provider", default="own", help="own, registry, or the folder of a mirror, as for a rehearsal (%(default)s)"
    )
    parser.add_argument("--into", type=Path, default=PLANS, help="folder for what is recorded (%(default)s)")
    parsed = parser.parse_args(arguments)
    engine = parsed.engine
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        terraform = find_terraform()
        environment = child_environment(ROOT)
        environment |= choose_provider(parsed.provider, folder, terraform=terraform, environment=environment).variables
        scene = set_the_scene(
            folder,
            base_environment=environment,
            seed=replace(Seed(), conditional_access_requests_per_second=None),
            port=PORT,
        )
        made = folder / "plans"
        made.mkdir()
        try:
            recorder = Recorder(Tenancy(scene, terraform), made)
            if engine:
                recorder.start_over()
                recorder.apply(IN_A_PIPELINE)
                recorder.record(f"no_change_by_{engine}")
            else:
                record_all(recorder)
        finally:
            scene.control.close()
            scene.sandbox.stop()
        # Only now, so that a run that breaks off leaves the plans that are there.
        shutil.copytree(made, parsed.into, dirs_exist_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
