"""House rules that one Python file can break, each a function from a file to what is wrong with it.

What a rule lets pass is data beside it, with the reason.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

from tests.architecture.sources import Source

Rule = Callable[[Source], Iterator[str]]

MAY_READ_ENVIRONMENT: Mapping[str, str] = {
    "scripts/": "programs are where the environment comes in",
    "tests/": "a test starts programs, and gives them the environment that it has",
    "toolchain/__main__.py": "a program; its modules get the environment as a value",
    "sandbox/provider/serve.py": "Terraform hands its magic cookie over in the environment",
    "sandbox/provider/session.py": "a provider is configured by ARM_* variables where its block is silent",
    "sandbox/provider/transport.py": "SSL_CERT_FILE names the authorities to trust, as for the real provider",
}

MAY_PRINT: Mapping[str, str] = {
    "benchmarks/__main__.py": "the one module of the benchmarks that prints",
    "conformance/__main__.py": "the one module of the conformance runner that prints",
    "main.py": "cdktf shows a synthesis error as it is written to standard error",
    "sandbox/__main__.py": "says where the sandbox listens",
    "sandbox/provider/serve.py": "the handshake with Terraform is a line on standard output",
    "scripts/__init__.py": "tells of a set-up that is missing, before anything that prints can be imported",
    "scripts/console.py": "the one module of the programs that prints",
    "scripts/live.py": "the view that it shows in a terminal, on the stream that it is given",
    "tests/": "pytest captures it",
    "toolchain/__main__.py": "the one module of the set-up that prints",
}

MAY_NAME_CLOUD_HOSTS: Mapping[str, str] = {
    "steward/config/clouds.py": "the table of clouds",
    "tests/": "expected values are literals",
}

VAGUE_NAMES = frozenset({"base", "common", "helper", "helpers", "misc", "shared", "tools", "util", "utils"})

_CLOUD_HOST = re.compile(
    r"\b(?:graph\.microsoft|dod-graph\.microsoft|login\.microsoftonline|login\.partner\.microsoftonline"
    r"|microsoftgraph\.chinacloudapi|login\.chinacloudapi|graph\.windows|login\.windows)\.(?:com|us|cn|de|net)\b"
)
_ENVIRONMENT = frozenset({"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"})
_STREAMS = frozenset({"stdout", "stderr", "__stdout__", "__stderr__"})
_PRINTERS = frozenset({"rich", "rich.console", "rich.live", "rich.pretty", "rich.progress"})
_RELAXATION = re.compile(r"#\s*(?:noqa|type:\s*ignore|ruff:|mypy:|pragma:|fmt:\s*(?:off|skip)|nosec)")
_RELAXATION_WITH_REASON = re.compile(
    r"#\s*(?:noqa:\s*[A-Z]+[0-9]+(?:\s*,\s*[A-Z]+[0-9]+)*|type:\s*ignore\[[a-z, -]+\]|fmt:\s*(?:off|skip))"
    r"[\s#:-]+\w+(?:\W+\w+)+"
)
_PUT_OFF = re.compile(r"\b(?:for now|coming soon|in a later version|not yet implemented|roadmap)\b", re.IGNORECASE)


def environment_is_read_by_programs_only(source: Source) -> Iterator[str]:
    """Let programs read the environment; everything else gets values."""
    if _is_excepted(source, MAY_READ_ENVIRONMENT):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and _is_name(node.value, "os") and node.attr in _ENVIRONMENT:
            yield f"{source.path}:{node.lineno}: os.{node.attr} is read outside scripts/"
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            for alias in node.names:
                if alias.name in _ENVIRONMENT:
                    yield f"{source.path}:{node.lineno}: os.{alias.name} is imported outside scripts/"


def only_one_module_an_area_prints(source: Source) -> Iterator[str]:
    """Let one module an area print, so that nothing reaches the terminal past it."""
    if _is_excepted(source, MAY_PRINT):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and _is_name(node.func, "print"):
            yield f"{source.path}:{node.lineno}: print outside the module that prints"
        if isinstance(node, ast.Attribute) and _is_name(node.value, "sys") and node.attr in _STREAMS:
            yield f"{source.path}:{node.lineno}: sys.{node.attr} outside the module that prints"
        if isinstance(node, ast.ImportFrom) and node.module == "sys" and {a.name for a in node.names} & _STREAMS:
            yield f"{source.path}:{node.lineno}: a standard stream is imported outside the module that prints"
        if isinstance(node, ast.ImportFrom) and node.module in _PRINTERS:
            yield f"{source.path}:{node.lineno}: {node.module} is imported outside the module that prints"


def cloud_hosts_are_named_in_the_table_of_clouds(source: Source) -> Iterator[str]:
    """Take authority and Graph host from the tenant; text for people may name them."""
    if _is_excepted(source, MAY_NAME_CLOUD_HOSTS):
        return
    explanations = _docstrings(source.tree)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in explanations:
            for host in _CLOUD_HOST.findall(node.value):
                yield f"{source.path}:{node.lineno}: {host} is written outside the table of clouds"


def modules_are_named_for_what_they_hold(source: Source) -> Iterator[str]:
    """Refuse names that fit everything and say nothing."""
    for part in PurePosixPath(source.path.removesuffix(".py")).parts:
        if part in VAGUE_NAMES:
            yield f"{source.path}: {part} says nothing about what is in it"


def relaxed_checks_give_their_reason(source: Source) -> Iterator[str]:
    """Say which check is relaxed, and why, on its line."""
    for number, line in source.lines:
        if _RELAXATION.search(line) and not _RELAXATION_WITH_REASON.search(line):
            yield f"{source.path}:{number}: a check is relaxed without its name or a reason"


def nothing_is_put_off(source: Source) -> Iterator[str]:
    """Describe what is there; plans live elsewhere."""
    for number, line in source.lines:
        if _PUT_OFF.search(line):
            yield f"{source.path}:{number}: puts something off: {line.strip()}"


def evidence_says_what_it_ran_against(source: Source) -> Iterator[str]:
    """Begin every evidence file with what `describe_tenant` says; one that does not name its hosts proves less."""
    if source.path.startswith("tests/"):
        return
    functions = [node for node in ast.walk(source.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    told = {call for function in functions for call in _opens_evidence(function) if _describes(call, function)}
    for call in _opens_evidence(source.tree):
        if call not in told:
            yield f"{source.path}:{call.lineno}: an evidence file begins without describe_tenant"


def _opens_evidence(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_name(node.func, "EvidenceFile"):
            yield node


def _describes(call: ast.Call, function: ast.AST) -> bool:
    """Return whether what a call is given as `about` comes from `describe_tenant`, by way of one name at most."""
    about = next((keyword.value for keyword in call.keywords if keyword.arg == "about"), None)
    if not isinstance(about, ast.Name):
        return about is not None and _calls_describe_tenant(about)
    assigned = [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and any(_is_name(target, about.id) for target in node.targets)
    ]
    return bool(assigned) and all(map(_calls_describe_tenant, assigned))


def _calls_describe_tenant(node: ast.expr) -> bool:
    """Return whether a value is `describe_tenant`'s, or a mapping that begins with it and takes none of it back."""
    if isinstance(node, ast.Dict):
        kept = [key.value for key in node.keys if isinstance(key, ast.Constant)]
        begins = bool(node.values) and node.keys[0] is None and _calls_describe_tenant(node.values[0])
        return begins and not {"tenant", "tenant_id", "ran_against"}.intersection(kept)
    return isinstance(node, ast.Call) and _is_name(node.func, "describe_tenant")


RULES: tuple[Rule, ...] = (
    cloud_hosts_are_named_in_the_table_of_clouds,
    environment_is_read_by_programs_only,
    evidence_says_what_it_ran_against,
    modules_are_named_for_what_they_hold,
    nothing_is_put_off,
    only_one_module_an_area_prints,
    relaxed_checks_give_their_reason,
)


def _is_excepted(source: Source, exceptions: Mapping[str, str]) -> bool:
    return any(source.path == path or (path.endswith("/") and source.path.startswith(path)) for path in exceptions)


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _docstrings(tree: ast.Module) -> set[ast.Constant]:
    """Return the strings that stand alone as statements."""
    return {
        node.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
