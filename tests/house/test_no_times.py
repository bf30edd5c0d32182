"""No test asserts how long something takes: that belongs to `make bench`.

A time says something about the machine and what else it does; such a test fails beside other work.
"""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
CLOCKS = {"monotonic", "perf_counter", "process_time", "thread_time", "time"}
CLOCKS |= {f"{clock}_ns" for clock in CLOCKS}


def asserted_times(source: str) -> list[int]:
    """Lines of assertions on a clock, or on a name that was made from one in the same function."""
    found = []
    for scope in ast.walk(ast.parse(source)):
        if not isinstance(scope, ast.FunctionDef | ast.Module):
            continue
        timed = set()
        for node in ast.walk(scope):
            if isinstance(node, ast.Assign) and _reads_clock(node.value, timed):
                names = (n for target in node.targets for n in ast.walk(target))
                timed |= {n.id for n in names if isinstance(n, ast.Name)}
        found += [
            node.lineno for node in ast.walk(scope)
            if isinstance(node, ast.Assert) and _reads_clock(node.test, timed)
        ]  # fmt: skip
    return sorted(set(found))


def _reads_clock(expression: ast.AST, timed: set[str]) -> bool:
    return any(
        (isinstance(node, ast.Name) and node.id in timed)
        or (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and getattr(node.func.value, "id", "") == "time"
            and node.func.attr in CLOCKS
        )
        for node in ast.walk(expression)
    )


def test_the_check_sees_times():
    for line in (
        "assert time.monotonic() - start < 10",
        "took = time.perf_counter() - start; assert took < 1",
    ):
        assert asserted_times(f"def test():\n    {line}") == [2]
    assert not asserted_times("def test():\n    start = time.time(); work(); assert 1 < 2")


@pytest.mark.parametrize(
    "path", sorted(TESTS.rglob("*.py")), ids=lambda path: str(path.relative_to(TESTS))
)
def test_no_test_asserts_a_time(path):
    lines = asserted_times(path.read_text(encoding="utf-8"))
    assert not lines, f"{path.relative_to(TESTS)}, lines {lines}: report it in benchmarks/ instead"
