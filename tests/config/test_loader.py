"""What a good tenant file becomes, and what several files must not share."""

from pathlib import Path

import pytest

from steward.config.clouds import CLOUDS
from steward.config.loader import find_tenant_files, load_tenant, load_tenants
from steward.config.model import (
    CommandSink,
    ConsentFor,
    Elevation,
    FileSink,
    GroupReference,
    KeyVaultSink,
    SignIn,
)
from steward.config.problem import TenantFileError
from tests.config.good_file import GOOD, mutate, write_tenant_file

EXAMPLE = Path(__file__).parents[2] / "tenants" / "example.yaml.sample"
OTHER_ID = "0d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6"


def test_good_file_becomes_a_tenant(tmp_path: Path) -> None:
    file = write_tenant_file(tmp_path)

    tenant = load_tenant(file)

    assert (tenant.name, tenant.tenant.cloud, tenant.file) == ("contoso", CLOUDS["global"], file)
    assert tenant.account.sign_in is SignIn.BLOCKED
    assert tenant.break_glass == GroupReference(name="Break-glass accounts")
    assert [(each.value, each.resource_app_id[:8]) for each in tenant.application.permissions.application] == [
        ("Contacts.ReadWrite", "00000003"),
        ("full_access_as_app", "00000002"),
    ]
    assert [each.id for each in tenant.application.permissions.delegated] == ["e1fe6dd8-ba31-4d61-89e7-88639da4683d"]
    assert tenant.application.is_own
    assert tenant.dashboard[1].group.object_id == "5c4b3a29-1807-4f6e-9d5c-4b3a29180716"
    assert tenant.evidence == file.parent.parent / "evidence"


def test_example_is_a_good_file() -> None:
    assert load_tenant(EXAMPLE).name == "contoso"


def test_file_with_the_least_gets_the_documented_defaults(tmp_path: Path) -> None:
    least = """
        tenant: {name: contoso, id: 8f4c1f0e-6f0a-4a8e-9d43-2f5b1c7e9a10, cloud: global}
        deployer: {object_id: 2b0f3a64-6f1e-4c55-a9f7-0c1d2e3f4a5b}
        account: {login: j.keller@contoso.com, display_name: Jonas Keller, usage_location: US}
        break_glass: {group_id: 7a6e5d4c-3b2a-4190-8f7e-6d5c4b3a2910}
        application: {display_name: CiraSync, permissions: {application: [Contacts.ReadWrite]}}
    """
    file = write_tenant_file(tmp_path, least)

    tenant = load_tenant(file)

    assert (tenant.elevation, tenant.window_minutes, tenant.consent) == (Elevation.AT_DEPLOY, 60, "graph")
    assert (tenant.mfa.strength_id, tenant.sink, tenant.dashboard) == (None, None, ())
    assert tenant.application.permissions.delegated_for is ConsentFor.ALL_PRINCIPALS
    assert (tenant.backend.kind, tenant.backend.settings) == ("local", {})
    assert tenant.evidence == file.parent.parent / "evidence"


def test_ids_in_capitals_come_out_in_lower_case(tmp_path: Path) -> None:
    text = mutate("8f4c1f0e-6f0a-4a8e-9d43-2f5b1c7e9a10", "8F4C1F0E-6F0A-4A8E-9D43-2F5B1C7E9A10")

    assert load_tenant(write_tenant_file(tmp_path, text)).tenant.id == "8f4c1f0e-6f0a-4a8e-9d43-2f5b1c7e9a10"


@pytest.mark.parametrize("day", ["2026-11-23", "'2026-11-23'"])
def test_day_of_sealing_may_stand_in_quotes(day: str, tmp_path: Path) -> None:
    text = mutate("sign_in: blocked", f"sign_in: blocked\n  sealed_on: {day}")

    assert str(load_tenant(write_tenant_file(tmp_path, text)).account.sealed_on) == "2026-11-23"


def test_sandbox_is_a_cloud_with_its_own_addresses(tmp_path: Path) -> None:
    file = write_tenant_file(
        tmp_path,
        mutate(
            "cloud: global",
            "cloud: {name: sandbox, authority: https://localhost:8443, graph: https://localhost:8443, ca_file: ca.pem}",
        ),
    )
    (file.parent / "ca.pem").touch()

    cloud = load_tenant(file).tenant.cloud

    assert (cloud.metadata_host, cloud.environment, cloud.ca_file) == ("localhost:8443", None, file.parent / "ca.pem")


@pytest.mark.parametrize(
    ("mfa", "strength_id"),
    [
        ("{strength: Multifactor authentication}", "00000000-0000-0000-0000-000000000002"),
        ("{strength: Passwordless MFA}", "00000000-0000-0000-0000-000000000003"),
        ("{strength: Phishing-resistant MFA}", "00000000-0000-0000-0000-000000000004"),
        ("{strength_id: C0FFEE00-1234-4abc-8def-001122334455}", "c0ffee00-1234-4abc-8def-001122334455"),
    ],
)
def test_mfa_strength_is_known_by_its_id(mfa: str, strength_id: str, tmp_path: Path) -> None:
    assert load_tenant(write_tenant_file(tmp_path, mutate("mfa: any", f"mfa: {mfa}"))).mfa.strength_id == strength_id


def test_vendors_application_is_taken_without_dashboard_and_redirect_uris(tmp_path: Path) -> None:
    text = GOOD[: GOOD.index("dashboard:")] + GOOD[GOOD.index("elevation:") :]
    text = text[: text.index("  redirect_uris:")] + text[text.index("elevation:") :]
    text = mutate(
        "display_name: CiraSync", "display_name: CiraSync\n  client_id: 1f2e3d4c-5b6a-4798-8a9b-0c1d2e3f4a5b", text=text
    )

    tenant = load_tenant(write_tenant_file(tmp_path, text))

    assert (tenant.application.is_own, tenant.dashboard) == (False, ())


@pytest.mark.parametrize("strength", ["Passwordless MFA", "Phishing-resistant MFA"])
@pytest.mark.parametrize("by", ["strength", "strength_id"])
def test_strength_that_takes_no_pass_is_refused_where_a_person_enrols(strength: str, by: str, tmp_path: Path) -> None:
    ids = {
        "Passwordless MFA": "00000000-0000-0000-0000-000000000003",
        "Phishing-resistant MFA": "00000000-0000-0000-0000-000000000004",
    }
    text = mutate("mfa: any", f"mfa: {{{by}: {strength if by == 'strength' else ids[strength]}}}")
    text = mutate("sign_in: blocked", "sign_in: allowed", text=text)
    text += f"sink: {{file: {{folder: {tmp_path}/secrets}}}}\n"

    with pytest.raises(TenantFileError, match="temporaryAccessPassOneTime"):
        load_tenant(write_tenant_file(tmp_path, text))


def test_custom_dashboard_role_is_taken_when_marked(tmp_path: Path) -> None:
    text = mutate("role: Full Administrator", "role: Room List Manager, custom: true")

    assert load_tenant(write_tenant_file(tmp_path, text)).dashboard[0].role == "Room List Manager"


def test_role_for_two_groups_and_group_with_two_roles_are_taken(tmp_path: Path) -> None:
    text = mutate(
        "elevation: at_deploy",
        "  - {role: Full Administrator, group: X}\n  - {role: Dashboard View Only, group: X}\nelevation: at_deploy",
    )

    assert len(load_tenant(write_tenant_file(tmp_path, text)).dashboard) == 4


class TestSink:
    def _load_with(self, folder: str, tmp_path: Path, *, mark: str = ".git") -> Path:
        text = mutate("sign_in: blocked", "sign_in: allowed") + f"sink: {{file: {{folder: {folder}}}}}\n"
        file = write_tenant_file(tmp_path, text)
        (file.parent.parent / mark).mkdir(exist_ok=True)
        sink = load_tenant(file).sink
        assert isinstance(sink, FileSink)
        return sink.folder

    def test_outside_the_project_is_taken(self, tmp_path: Path) -> None:
        assert self._load_with("../../secrets", tmp_path) == tmp_path / "secrets"

    @pytest.mark.parametrize("folder", [".", "../secrets", "../evidence/secrets", "../../project"])
    @pytest.mark.parametrize("mark", [".git", "cdktf.json"])
    def test_inside_the_project_is_refused(self, folder: str, mark: str, tmp_path: Path) -> None:
        with pytest.raises(TenantFileError, match="project"):
            self._load_with(folder, tmp_path, mark=mark)

    def test_inside_the_project_through_a_link_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "project").mkdir()
        (tmp_path / "elsewhere").symlink_to(tmp_path / "project")

        with pytest.raises(TenantFileError, match="project"):
            self._load_with("../../elsewhere/secrets", tmp_path)

    def test_inside_another_repository_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "other" / ".git").mkdir(parents=True)

        with pytest.raises(TenantFileError, match="project"):
            self._load_with("../../other/secrets", tmp_path)

    def test_beside_the_tenant_file_of_no_project_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "contoso.yaml"
        file.write_text(mutate("sign_in: blocked", "sign_in: allowed") + "sink: {file: {folder: secrets}}\n")

        with pytest.raises(TenantFileError, match="project"):
            load_tenant(file)

    def test_that_is_a_file_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "secrets").touch()

        with pytest.raises(TenantFileError, match="is no folder"):
            self._load_with("../../secrets", tmp_path)

    def test_that_evidence_shares_is_refused(self, tmp_path: Path) -> None:
        text = mutate("sign_in: blocked", "sign_in: allowed") + f"sink: {{file: {{folder: {tmp_path}/kept/secrets}}}}\n"
        text = mutate("evidence: ../evidence", f"evidence: {tmp_path}/kept", text=text)

        with pytest.raises(TenantFileError, match="evidence"):
            load_tenant(write_tenant_file(tmp_path, text))


def test_evidence_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    file = write_tenant_file(tmp_path)
    (file.parent.parent / "evidence").touch()

    assert load_tenant(file, is_to_close=True).evidence == file.parent.parent / "evidence"
    with pytest.raises(TenantFileError, match="evidence: is no folder"):
        load_tenant(file)


@pytest.mark.parametrize(
    "backend",
    [
        "{azurerm: {storage_account_name: state, container_name: tenants, key: contoso.tfstate, use_oidc: true}}",
        "{s3: {bucket: state, key: contoso, region: eu-central-1, encrypt: true}}",
        "{pg: {conn_str: 'postgres://terraform@db.example.com/state', schema_name: contoso}}",
        "{http: {address: 'https://a.example/s', lock_address: 'https://a.example/l', unlock_address: 'https://a.example'}}",
        "{cloud: {organization: contoso, project: steward}}",
        "{gcs: {bucket: state, prefix: contoso}}",
        "{consul: {path: contoso}}",
    ],
)
def test_backend_without_secrets_is_taken_with_its_settings(backend: str, tmp_path: Path) -> None:
    tenant = load_tenant(write_tenant_file(tmp_path, mutate("backend: local", f"backend: {backend}")))

    assert backend.startswith(f"{{{tenant.backend.kind}:")
    assert tenant.backend.settings


@pytest.mark.parametrize(
    ("backend", "settings"),
    [
        ("{azurerm: {container_name: a}}", {"container_name": "a", "key": "cirasync/contoso.tfstate"}),
        ("{azurerm: {key: b}}", {"key": "b"}),
        ("{cloud: {organization: a}}", {"organization": "a", "workspace": "cirasync-contoso"}),
        ("{consul: {}}", {"path": "cirasync/contoso"}),
        ("{gcs: {bucket: a}}", {"bucket": "a", "prefix": "cirasync/contoso"}),
        ("{pg: {}}", {"schema_name": "cirasync_contoso"}),
        (
            "{s3: {bucket: a}}",
            {"bucket": "a", "key": "cirasync/contoso.tfstate", "encrypt": True, "use_lockfile": True},
        ),
        (
            "{s3: {bucket: a, key: b, dynamodb_table: locks, encrypt: false}}",
            {"bucket": "a", "key": "b", "dynamodb_table": "locks", "encrypt": False},
        ),
    ],
)
def test_backend_gets_what_a_file_may_leave_out(backend: str, settings: dict[str, str | bool], tmp_path: Path) -> None:
    tenant = load_tenant(write_tenant_file(tmp_path, mutate("backend: local", f"backend: {backend}")))

    assert tenant.backend.settings == settings


def test_backend_that_leaves_the_state_without_a_lock_does_not_keep_from_closing(tmp_path: Path) -> None:
    file = write_tenant_file(tmp_path, mutate("backend: local", "backend: {consul: {lock: false}}"))

    with pytest.raises(TenantFileError, match="lock"):
        load_tenant(file)

    assert load_tenant(file, is_to_close=True).name == "contoso"


class TestSeveralFiles:
    def test_come_out_in_the_order_of_their_files(self, tmp_path: Path) -> None:
        second = mutate("name: contoso", "name: another")
        second = mutate("8f4c1f0e-6f0a-4a8e-9d43-2f5b1c7e9a10", OTHER_ID, text=second)
        files = [write_tenant_file(tmp_path), write_tenant_file(tmp_path, second, name="a.yaml")]

        assert [tenant.name for tenant in load_tenants(files)] == ["contoso", "another"]

    def test_with_one_tenant_id_are_refused_naming_both_files_and_lines(self, tmp_path: Path) -> None:
        second = "# longer by a line\n" + mutate("name: contoso", "name: another")
        second = mutate("8f4c1f0e-6f0a-4a8e-9d43-2f5b1c7e9a10", "8F4C1F0E-6f0a-4a8e-9d43-2f5b1c7e9a10", text=second)
        first, other = write_tenant_file(tmp_path), write_tenant_file(tmp_path, second, name="other.yaml")

        with pytest.raises(TenantFileError) as caught:
            load_tenants([first, other])

        (located,) = caught.value.problems
        assert (located.file, located.line, located.problem.key) == (other, 5, ("tenant", "id"))
        assert f"{first}:4" in str(caught.value)

    def test_with_one_name_are_refused(self, tmp_path: Path) -> None:
        second = mutate("8f4c1f0e-6f0a-4a8e-9d43-2f5b1c7e9a10", OTHER_ID)
        files = [write_tenant_file(tmp_path), write_tenant_file(tmp_path, second, name="other.yaml")]

        with pytest.raises(TenantFileError) as caught:
            load_tenants(files)

        assert [each.problem.key for each in caught.value.problems] == [("tenant", "name")]

    def test_with_one_state_are_refused(self, tmp_path: Path) -> None:
        first = mutate("backend: local", "backend: {s3: {bucket: state, key: contoso}}")
        second = mutate("name: contoso", "name: another", text=first)
        second = mutate("8f4c1f0e-6f0a-4a8e-9d43-2f5b1c7e9a10", OTHER_ID, text=second)
        second = mutate("{bucket: state, key: contoso}", "{key: contoso, bucket: state}", text=second)
        files = [write_tenant_file(tmp_path, first), write_tenant_file(tmp_path, second, name="other.yaml")]

        with pytest.raises(TenantFileError) as caught:
            load_tenants(files)

        assert [each.problem.key for each in caught.value.problems] == [("backend",)]

    @pytest.mark.parametrize("second_backend", ["{s3: {bucket: state}}", "{s3: {bucket: other, key: contoso}}"])
    def test_with_states_of_their_own_pass(self, second_backend: str, tmp_path: Path) -> None:
        first = mutate("backend: local", "backend: {s3: {bucket: state, key: contoso}}")
        second = mutate("backend: local", f"backend: {second_backend}")
        second = mutate("name: contoso", "name: another", text=second)
        second = mutate("8f4c1f0e-6f0a-4a8e-9d43-2f5b1c7e9a10", OTHER_ID, text=second)

        assert len(
            load_tenants([write_tenant_file(tmp_path, first), write_tenant_file(tmp_path, second, name="b.yaml")])
        )

    def test_with_one_state_and_other_settings_are_refused_all_the_same(self, tmp_path: Path) -> None:
        first = mutate("backend: local", "backend: {s3: {bucket: state, key: a, region: eu-central-1}}")
        second = mutate("backend: local", "backend: {s3: {bucket: state, key: a, encrypt: true, max_retries: 3}}")
        second = mutate("name: contoso", "name: another", text=second)
        second = mutate("8f4c1f0e-6f0a-4a8e-9d43-2f5b1c7e9a10", OTHER_ID, text=second)
        files = [write_tenant_file(tmp_path, first), write_tenant_file(tmp_path, second, name="other.yaml")]

        with pytest.raises(TenantFileError, match="backend: is the same"):
            load_tenants(files)

    def test_are_all_reported_when_several_are_wrong(self, tmp_path: Path) -> None:
        first = write_tenant_file(tmp_path, mutate("mfa: any", "mfa: none"))
        second = write_tenant_file(tmp_path, mutate("consent: graph", "consent: browser"), name="other.yaml")

        with pytest.raises(TenantFileError) as caught:
            load_tenants([first, tmp_path / "absent.yaml", second])

        assert {each.file for each in caught.value.problems} == {first, tmp_path / "absent.yaml", second}

    def test_one_file_named_twice_is_refused(self, tmp_path: Path) -> None:
        file = write_tenant_file(tmp_path)

        with pytest.raises(TenantFileError):
            load_tenants([file, file])

    def test_a_bad_one_does_not_keep_another_from_being_loaded_alone(self, tmp_path: Path) -> None:
        write_tenant_file(tmp_path, "tenant: [")
        good = write_tenant_file(tmp_path, name="good.yaml")

        assert len(load_tenants([good])) == 1


class TestFolder:
    def test_gives_yaml_files_by_name_and_no_others(self, tmp_path: Path) -> None:
        for name in ("b.yaml", "a.yaml", "example.yaml.sample", "schema.json", ".draft.yaml", "README.md"):
            (tmp_path / name).touch()
        (tmp_path / "more").mkdir()
        (tmp_path / "more" / "c.yaml").touch()

        assert [file.name for file in find_tenant_files(tmp_path)] == ["a.yaml", "b.yaml"]

    def test_of_this_project_offers_no_tenant(self) -> None:
        assert EXAMPLE not in find_tenant_files(EXAMPLE.parent)
        assert not EXAMPLE.match("*.yaml")

    @pytest.mark.parametrize("name", ["contoso.yml", "contoso.YAML"])
    def test_refuses_a_file_that_would_be_left_out_silently(self, name: str, tmp_path: Path) -> None:
        (tmp_path / name).touch()

        with pytest.raises(TenantFileError, match=r"contoso\.yaml"):
            find_tenant_files(tmp_path)

    def test_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(TenantFileError, match="is no folder"):
            find_tenant_files(tmp_path / "tenants")

    def test_key_vault_of_the_cloud_is_taken(self, tmp_path: Path) -> None:
        sink = '{key_vault: {vault: "https://contoso-secrets.vault.azure.net", secret_prefix: account}}'
        text = mutate("sign_in: blocked", "sign_in: allowed") + f"sink: {sink}\n"

        loaded = load_tenant(write_tenant_file(tmp_path, text)).sink

        assert loaded == KeyVaultSink(vault="https://contoso-secrets.vault.azure.net", secret_prefix="account")

    @pytest.mark.parametrize(
        ("address", "is_taken"),
        [("https://localhost:8443", True), ("https://localhost:8444", False), ("https://c.vault.azure.net", False)],
    )
    def test_key_vault_of_a_sandbox_is_at_the_sandbox(self, address: str, is_taken: bool, tmp_path: Path) -> None:
        base = "https://localhost:8443"
        cloud = f'cloud: {{name: sandbox, authority: "{base}", graph: "{base}"}}'
        text = mutate("cloud: global", cloud, text=mutate("sign_in: blocked", "sign_in: allowed"))
        text += f'sink: {{key_vault: {{vault: "{address}", secret_prefix: account}}}}\n'

        if is_taken:
            assert load_tenant(write_tenant_file(tmp_path, text)).sink
        else:
            with pytest.raises(TenantFileError, match="must not leave"):
                load_tenant(write_tenant_file(tmp_path, text))

    @pytest.mark.parametrize(("word", "program"), [("age", "age"), ("../keep", "{project}/keep")])
    def test_command_is_words_and_a_path_is_relative_to_the_file(self, word: str, program: str, tmp_path: Path) -> None:
        sink = f"{{command: {{words: [{word}, --output, <time>-<name>.age]}}}}"
        text = mutate("sign_in: blocked", "sign_in: allowed") + f"sink: {sink}\n"
        file = write_tenant_file(tmp_path, text)

        wanted = program.replace("{project}", str(file.parent.parent))
        assert load_tenant(file).sink == CommandSink(words=(wanted, "--output", "<time>-<name>.age"))


def _consented_in_a_browser(folder: Path, **changes: str) -> Path:
    (folder / "secrets").mkdir()
    text = GOOD[: GOOD.index("dashboard:")] + GOOD[GOOD.index("elevation:") :]
    replaced = {
        "sign_in: blocked": "sign_in: allowed",
        "elevation: at_deploy": "elevation: in_window",
        "consent: graph": f"consent: browser\nsink: {{file: {{folder: {folder / 'secrets'}}}}}",
        **changes,
    }
    for old, new in replaced.items():
        text = mutate(old, new, text=text)
    return write_tenant_file(folder, text)


@pytest.mark.parametrize(("addition", "awaited"), [("", "dashboard"), ("\nfirst_sign_in: none", "none")])
def test_consent_in_a_browser_may_be_all_that_a_window_is_for(addition: str, awaited: str, tmp_path: Path) -> None:
    tenant = load_tenant(_consented_in_a_browser(tmp_path, **{"window_minutes: 60": f"window_minutes: 60{addition}"}))
    assert tenant.consents_in_browser
    assert tenant.first_sign_in == awaited


def test_consent_in_a_browser_cannot_be_for_the_account_only(tmp_path: Path) -> None:
    with pytest.raises(TenantFileError, match="for all principals, always"):
        load_tenant(_consented_in_a_browser(tmp_path, **{"for: all_principals": "for: account"}))
