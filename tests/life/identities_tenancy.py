"""A tenant whose identities nobody has made yet, its administrator, and a stand-in for the pipeline's issuer."""

import contextlib
import io
import json
import re
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from sandbox.seed import Seed, SeedIssuer
from scripts import identities
from scripts.environment import child_environment
from scripts.rehearsal.provider_choice import ROOT
from scripts.rehearsal.scene import Scene, set_the_scene
from scripts.rehearsal.tenant_file import NAME
from steward.config.loader import load_tenant
from steward.config.model import Tenant
from steward.errors import ExitCode
from tests.life.administrator import ACCEPT, ADMINISTRATOR, LOGIN, WALKER, as_browser, walk
from tests.programs.running import run
from tests.sandbox.browser import Browser

ISSUER = "https://token.actions.githubusercontent.com"
AUDIENCE = "api://AzureADTokenExchange"
REPOSITORY = "repo:contoso/steward"
ENVIRONMENT, BRANCH = f"{REPOSITORY}:environment:production", f"{REPOSITORY}:ref:refs/heads/main"
PULL_REQUEST = f"{REPOSITORY}:pull_request"
GITHUB = "identities:\n  github:\n    repository: contoso/steward\n"
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_TOKEN_SECONDS = 6 * 3600


def unmade(text: str, section: str = GITHUB) -> str:
    """Return a rehearsal's tenant file with the identities to be made in the place of the deployer."""
    changed, count = re.subn(r"deployer:\n  object_id: .*\n", section, text)
    assert count == 1
    return changed


def pipeline_token(subject: str, **changes: Any) -> str:
    """Return the token that a job of the pipeline gets of its own issuer."""
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": subject, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + _TOKEN_SECONDS}
    return jwt.encode({**claims, **changes}, _KEY, algorithm="RS256", headers={"kid": "stand-in"})


def seed_with_issuer(seed: Seed | None = None) -> Seed:
    """Return a seed with the administrator, whose tenant knows the stand-in's keys as the pipeline's issuer."""
    given = seed or Seed()
    public = {**RSAAlgorithm.to_jwk(_KEY.public_key(), as_dict=True), "kid": "stand-in", "use": "sig"}
    issuer = SeedIssuer(ISSUER, {"keys": [public]})
    return replace(given, users=(*given.users, ADMINISTRATOR), trusted_issuers=(issuer,))


@dataclass(frozen=True)
class IdentitiesTenancy:
    """One scene, and identities.py run in it by its administrator."""

    scene: Scene
    environment: Mapping[str, str]

    @property
    def file(self) -> Path:
        return self.scene.folder / f"{NAME}.yaml"

    @property
    def tenant(self) -> Tenant:
        return load_tenant(self.file)

    def start_over(self, text: str) -> None:
        """Bring the tenant and its file back to the beginning."""
        self.scene.control.reset()
        self.scene.control.clear_faults()
        self.scene.control.lag()
        self.file.write_text(text, encoding="utf-8")
        for left in (self.scene.folder / "evidence").rglob("*.jsonl"):
            left.unlink()

    def command(self, verb: str, *options: str) -> list[str]:
        file = [] if any(option.endswith(".yaml") for option in options) else [self.file.name]
        return [sys.executable, str(ROOT / "scripts" / "identities.py"), verb, *file, *options]

    def run(
        self, verb: str, *options: str, code: int = 0, login: str = LOGIN, answer: Mapping[str, str] = ACCEPT
    ) -> str:
        """Run identities.py in this process, with the administrator at the browser it opens; return what it told."""
        sandbox = self.scene.sandbox
        WALKER.at, WALKER.answer = (sandbox.base_url, sandbox.ca_file, login), answer
        told, result = io.StringIO(), io.StringIO()
        try:
            with contextlib.chdir(self.scene.folder), redirect_stderr(told), redirect_stdout(result):
                ended = identities.main(self.command(verb, *options)[2:])
        except SystemExit as wrong_arguments:
            ended = ExitCode(int(wrong_arguments.code or 0))
        finally:
            WALKER.at, WALKER.answer = None, ACCEPT
        said = result.getvalue() + told.getvalue()
        assert ended == code, said
        assert "Traceback" not in said
        return said if "--json" not in options else result.getvalue()

    def run_as_process(self, verb: str, *options: str, code: int = 0) -> str:
        """Run identities.py as a user does, with the browser that the environment names."""
        ended = run(
            self.command(verb, *options),
            folder=self.scene.folder,
            environment=self.environment,
            timeout=240,
        )
        told = ended.stdout + ended.stderr
        assert ended.returncode == code, told
        return told

    def run_elsewhere(self, verb: str, *options: str, code: int = 0, answer: Mapping[str, str] = ACCEPT) -> str:
        """Run identities.py in this process, with the administrator at a browser elsewhere, told the code."""
        told = _Elsewhere(self.scene, answer)
        with contextlib.chdir(self.scene.folder), redirect_stderr(told), redirect_stdout(told):
            ended = identities.main(self.command(verb, "--device-code", *options)[2:])
        assert ended == code, told.getvalue()
        assert told.has_walked
        return told.getvalue()

    def writes(self) -> list[str]:
        """Return the requests to Graph in the journal that could have changed the tenant."""
        return [
            f"{entry['method']} {entry['path']}"
            for entry in self.scene.control.journal()
            if entry["method"] != "GET" and entry["path"].startswith("/v1.0/")
        ]

    def applications(self) -> dict[str, dict[str, Any]]:
        """Return what the directory holds with our stamp, by display name; two of a name are a mistake."""
        known = [each for each in self.scene.control.snapshot()["applications"].values() if each.get("tags")]
        names = [each["displayName"] for each in known]
        assert len(names) == len(set(names)), names
        return dict(zip(names, known, strict=True))

    def snapshot(self) -> dict[str, Any]:
        """Return the directory without what changes by itself."""
        return {name: self.scene.control.snapshot()[name] for name in _KEPT}

    def sign_in_as(self, identity: str, subject: str, folder: Path) -> dict[str, str]:
        """Return the environment in which a job with that subject runs as the identity."""
        assert self.tenant.identities is not None
        token = folder / f"{identity}.token"
        token.write_text(pipeline_token(subject), encoding="utf-8")
        left_out = {"ARM_CLIENT_ID", "ARM_CLIENT_SECRET"}
        given = next(iter(self.scene.environments.values()))
        return {
            **{name: value for name, value in given.items() if name not in left_out},
            "ARM_CLIENT_ID": self.tenant.identities.client_ids[identity],
            "ARM_USE_OIDC": "true",
            "ARM_OIDC_TOKEN_FILE_PATH": str(token),
        }

    def evidence(self) -> list[dict[str, Any]]:
        """Return every line of evidence."""
        files = sorted((self.scene.folder / "evidence" / NAME).glob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]


class _Elsewhere(io.StringIO):
    """What a program tells; once it shows the code, the administrator enters it."""

    def __init__(self, scene: Scene, answer: Mapping[str, str]) -> None:
        super().__init__()
        self._scene = scene
        self._answer = answer
        self.has_walked = False

    def write(self, text: str) -> int:
        written = super().write(text)
        asked = re.search(r"open (\S+) and enter the code (\S+)\s", self.getvalue())
        if asked and not self.has_walked:
            self.has_walked = True
            threading.Thread(target=self._walk, args=(asked[1], asked[2]), daemon=True).start()
        return written

    def _walk(self, address: str, code: str) -> None:
        with Browser(self._scene.sandbox.base_url, self._scene.sandbox.ca_file) as browser:
            walk(browser, address, code=code, answer=self._answer)


_KEPT = ("applications", "service_principals", "owners", "app_role_assignments", "federated_credentials")


def make_identities_tenancy(
    folder: Path, *, edit: Callable[[str], str] = unmade, environment: Mapping[str, str] | None = None, **options: Any
) -> IdentitiesTenancy:
    """Serve a tenant and write its file; the caller stops the sandbox."""
    base = {**child_environment(ROOT), **(environment or {})}
    scene = set_the_scene(
        folder, base_environment=base, seed=seed_with_issuer(options.pop("seed", None)), edit=edit, **options
    )
    browser = as_browser(folder, scene.sandbox.base_url, scene.sandbox.ca_file)
    return IdentitiesTenancy(scene, {**child_environment(ROOT), "BROWSER": browser})
