"""Plan documents made to harm the reader (S4): each is refused at a place, at once and in bounded memory."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from itertools import pairwise

import pytest

from tests.engine.planning.plans import faults_of

_M = 8 * 2**20


def _steps(count: int, more: str = "") -> str:
    return "request: r\nsteps:\n" + "".join(
        f"- {{id: s{n}, action: test, command: x{more.format(n=n)}}}\n" for n in range(count)
    )


def _bomb() -> str:
    names = "abcdefghijklmnopqrst"
    lines = [f"{name}: &{name} [{', '.join(['*' + before] * 9)}]" for before, name in pairwise(names)]
    return "a: &a [x, x]\n" + "\n".join(lines)


DOCUMENTS: Mapping[str, tuple[Callable[[], str | bytes], str]] = {
    "empty": (lambda: "", ":1:1  the document is empty"),
    "only a comment": (lambda: "# nothing\n", ":1:1  the document is empty"),
    "a list": (lambda: "[1, 2]", ":1:1  a plan is a mapping"),
    "too large": (lambda: b"x" * (_M + 1), ":1:1  the document is over 8 MiB"),
    "no UTF-8": (lambda: b"request: a\n  b: \xff", ":2:6  byte 0xFF is not UTF-8"),
    "UTF-16": (lambda: "request: a".encode("utf-16"), ":1:1  byte 0xFF is not UTF-8"),
    "NUL": (lambda: "request: a\0b", ":1:11  NUL"),
    "NUL as escape": (lambda: 'request: "a\\0b"', ":1:10  request: control character U+0000"),
    "escape sequence": (lambda: "request: r\nsteps: \x1b[2J", ":2:8  control character U+001B"),
    "half a surrogate": (lambda: "request: \ud800", ":1:10  control character U+D800"),
    "two documents": (lambda: "request: a\n---\nrequest: b", ":2:1  a second document begins"),
    "tag": (lambda: "request: !!python/object/apply:os.system [ls]", ":1:10  request: tag"),
    "own tag of a scalar": (lambda: "request: !x y", ":1:10  request: tag '!x'"),
    "duplicate key": (lambda: "request: a\nrequest: b", ":2:1  request: this key is there already"),
    "list as key": (lambda: "? [a]\n: b", ":1:3  a key is plain text"),
    "alias as key": (lambda: "- &a x\n- {*a : b}", ":2:4  [1]: a key is plain text"),
    "alias without anchor": (lambda: "request: *a", ":1:10  request: alias *a has no anchor"),
    "itself": (lambda: "request: &a [*a]", ":1:14  request[0]: alias *a has no anchor"),
    "NaN": (lambda: _steps(1, ", timeout: .nan"), ":3:47  steps[0].timeout: .nan is not a finite number"),
    "infinity": (lambda: _steps(1, ", timeout: -.inf"), ":3:47  steps[0].timeout: -.inf is not a finite number"),
    "beyond floats": (lambda: _steps(1, ", timeout: 1e999"), "steps[0].timeout: 1e999 is not a finite number"),
    "many digits": (lambda: _steps(1, ", timeout: " + "9" * 100_000), "steps[0].timeout: the number is too large"),
    "negative timeout": (lambda: _steps(1, ", timeout: -5"), ":3:47  steps[0].timeout: a duration is more than zero"),
    "long duration": (lambda: _steps(1, ", timeout: " + "1m" * _M)[:_M], "steps[0].timeout: longer than 256 KiB"),
    "unclosed": (lambda: "a: [1,\nb", "not YAML or JSON"),
    "tab": (lambda: "request: r\n\tsteps: []", ":2:1  "),
    "deep in flow": (lambda: "[" * 5_000, ":1:41  "),
    "deep as far as it goes": (lambda: "[" * _M, "nested deeper than 40 levels"),
    "deep in block": (lambda: "- " * 5_000, ":1:81  "),
    "deep JSON": (lambda: '{"a":' * 5_000, "nested deeper than 40 levels"),
    "deep by aliases": (
        lambda: "- &a0 [x]\n" + "".join(f"- &a{n + 1} [*a{n}]\n" for n in range(5_000)),
        "its aliases nest deeper than 40 levels",
    ),
    "bomb": (_bomb, "its aliases expanded, has over 200,000 values"),
    "bomb of text": (lambda: f"a: &a {'x' * 200_000}\nb: [{'*a, ' * 10_000}]", "or is too long"),
    "aliases": (lambda: "- &a x\n" + "- *a\n" * (_M // 6), "has over 200,000 values"),
    "values": (lambda: "[" + "[]," * (_M // 4) + "]", "has over 200,000 values"),
    "keys": (lambda: "".join(f"k{n}: 1\n" for n in range(300_000)), ":257:1  k256: a mapping of more than 256 keys"),
    "tags without end": (lambda: "[" + "!a ," * (_M // 5) + "]", ":1:2  [0]: tag '!a'"),
    "too many steps": (lambda: _steps(10_001), ":2:1  steps: 10,001 steps; at most 10,000 are allowed"),
    "unknown needs": (lambda: _steps(10_000, ", needs: [t{n}]"), ":3:45  steps[0].needs: no step 't0'"),
    "unknown fields": (lambda: _steps(10_000, ", foo: 1, bar: 2"), "steps[0].foo: unknown field `foo`"),
    "fields without end": (
        lambda: _steps(700, "".join(f", k{n}: 1" for n in range(240))),
        ":3:42  steps[0].k0: unknown field",
    ),
    "numbers as needs": (lambda: _steps(1, f", needs: [{'1, ' * 190_000}]"), ":3:46  steps[0].needs[0]: write text"),
    "long cycle": (
        lambda: (
            "request: r\nsteps:\n"
            + "".join(
                f"- {{id: s{n}, action: test, command: x, needs: [s{(n + 1) % 10_000}]}}\n" for n in range(10_000)
            )
        ),
        "the needs form a cycle: s",
    ),
    "near misses": (
        lambda: (
            _steps(5_000).replace("id: s", f"id: {'a' * 50}")
            + "- {id: z, action: ask, question: q, needs: ["
            + ", ".join("a" * 50 + f"x{n}" for n in range(19))
            + "]}"
        ),
        "no step",
    ),
    "JSON escapes": (lambda: '{"a":"' + "\\ud83d\\ude80" * 600_000 + '"}', "a: longer than 256 KiB"),
    "quotes in a command": (lambda: _steps(1, "'" + "a' '" * 60_000), "the quote ' is not closed"),
    "almost a secret": (
        lambda: json.dumps(
            {"request": "", "steps": [{"id": "a", "action": "shell", "script": ("://a:" + "-----BEGIN A ") * 10_000}]}
        ),
        ":1:13  request: empty",
    ),
}

_READER = """
import json, sys, time
from engine.errors import InvalidPlan
from tests.engine.planning.plans import parse_document
from engine.planning.schema import document_adapter

document_adapter()
data = sys.stdin.buffer.read()
seconds = []
while len(seconds) < 10 and not any(each < 1 for each in seconds):  # other work on the machine makes some tries slow
    before = time.process_time()
    try:
        parse_document(data.decode("utf-8", "surrogatepass") if sys.argv[1] == "text" else data, "plan.yaml")
        faults = []
    except InvalidPlan as error:
        faults = [str(fault) for fault in error.faults]
    seconds.append(time.process_time() - before)
status = open("/proc/self/status").read()  # ru_maxrss would count what was forked from, before the exec
kilobytes = int(status.partition("VmHWM:")[2].split()[0])
print(json.dumps({"faults": faults[:1100], "seconds": min(seconds), "megabytes": kilobytes / 1024}))
"""


@pytest.mark.parametrize("name", DOCUMENTS)
def test_is_refused_at_a_place(name: str) -> None:
    make, said = DOCUMENTS[name]
    faults = faults_of(make())

    assert any(said in fault for fault in faults), faults[:3]
    assert len(faults) <= 1_001
    assert all(fault.startswith("plan.yaml:") and len(fault) < 1_000 for fault in faults)


@pytest.mark.parametrize(
    "name",
    [
        "bomb",
        "deep as far as it goes",
        "unknown fields",
        "fields without end",
        "long duration",
        "JSON escapes",
        "values",
    ],
)
def test_costs_less_than_a_second_and_300_megabytes(name: str) -> None:
    made = DOCUMENTS[name][0]()
    data = made if isinstance(made, bytes) else made.encode()
    read = subprocess.run(
        [sys.executable, "-c", _READER, "text" if isinstance(made, str) else "bytes"],
        input=data,
        capture_output=True,
        timeout=30,
        check=True,
        preexec_fn=_limited,
    )
    answer = json.loads(read.stdout)

    assert answer["faults"]
    assert answer["seconds"] < 1
    assert answer["megabytes"] < 300
    assert b"Traceback" not in read.stderr


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
    resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
