"""Whatever stands in a file, loading it gives a tenant or a refusal that can be printed; nothing else escapes."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steward.config.loader import load_tenant
from steward.config.model import Tenant
from steward.config.sealed import write_sealed_on
from steward.errors import ConfigError
from tests.config.good_file import GOOD
from tests.config.test_sealed import DAY

BYTES = GOOD.encode()
WORDS = [
    *(
        b"",
        b"~",
        b"null",
        b"true",
        b"-1",
        b"1e3",
        b".nan",
        b"0x1f",
        b"2026-02-30",
        b"2026-11-23T10:00:00Z",
        b"[]",
        b"{}",
    ),
    *(b"[[]]", b"{a: b}", b"'", b'"', b'"\\ud800"', b'"\\0"', b"!!int x", b"!!binary x", b"!!set {}", b"!!map x"),
    *(
        b"&a",
        b"*a",
        b"<<: ",
        b"|\n",
        b">-\n",
        b"? ",
        b": ",
        b"- ",
        b"\t",
        b"\r",
        b"\x00",
        b"\xff",
        b"\xc2\x85",
        b"#",
        b"---\n",
    ),
    *(b"%YAML 1.1\n---\n", b"${", b"https://[", b"http://localhost:x/", b"@", b"a" * 300, b"9" * 5000, b"/" * 300),
]
SETTINGS = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)


@st.composite
def mutated_files(draw: st.DrawFn) -> bytes:
    """Return the good file with a few stretches replaced by words that are awkward somewhere."""
    content = BYTES
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 30)))
        content = content[:start] + draw(st.sampled_from(WORDS) | st.binary(max_size=6)) + content[end:]
    return content


@st.composite
def mutated_values(draw: st.DrawFn) -> bytes:
    """Return the good file with the values of a few lines replaced."""
    lines = BYTES.split(b"\n")
    for _ in range(draw(st.integers(1, 3))):
        number = draw(st.integers(0, len(lines) - 1))
        key, colon, _ = lines[number].partition(b":")
        lines[number] = key + colon + b" " + draw(st.sampled_from(WORDS))
    return b"\n".join(lines)


def load_bytes(content: bytes) -> Tenant | ConfigError | None:
    """Return what loading gives; None for a refusal that does not name its file."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "contoso.yaml"
        file.write_bytes(content)
        try:
            return load_tenant(file)
        except ConfigError as error:
            return error if str(file) in str(error).encode().decode() else None


@SETTINGS
@given(mutated_files())
def test_mutated_bytes_give_a_tenant_or_a_refusal(content: bytes) -> None:
    assert isinstance(load_bytes(content), Tenant | ConfigError)


@SETTINGS
@given(mutated_values())
def test_mutated_values_give_a_tenant_or_a_refusal(content: bytes) -> None:
    assert isinstance(load_bytes(content), Tenant | ConfigError)


@SETTINGS
@given(mutated_values())
def test_sealing_a_mutated_file_seals_it_or_leaves_it_alone(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "contoso.yaml"
        file.write_bytes(content)
        try:
            write_sealed_on(file, DAY)
        except ConfigError:
            assert file.read_bytes() == content
        else:
            assert load_tenant(file).account.sealed_on is not None
        assert [each.name for each in Path(folder).iterdir()] == ["contoso.yaml"]
