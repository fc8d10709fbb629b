"""What folds, what never does, stages, list, and the ways from step to step."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import StepState
from tui.presentation.graph import Graph, Line, Node, critical_names, draw

DONE, RUNS, WAITS, TODO = StepState.COMPLETED, StepState.RUNNING, StepState.AWAITING_CONFIRMATION, StepState.PENDING


def chain(name: str, states: list[StepState], first: str) -> list[Node]:
    nodes: list[Node] = []
    for word, state in zip(("unit", "integ", "image", "scan"), states, strict=True):
        need = nodes[-1].id if nodes else first
        note = "0:35" if state is DONE else ""
        nodes.append(Node(f"{name}-{word}", f"{name}-{word}", state, (need,), note=note, seconds=35.0, usual=35.0))
    return nodes


def services() -> list[Node]:
    nodes = [Node("build", "build", DONE, note="1:02", seconds=62, usual=62)]
    nodes += chain("auth", [DONE, DONE, RUNS, TODO], "build")
    nodes += chain("mail", [DONE, StepState.FAILED, StepState.SKIPPED, StepState.SKIPPED], "build")
    nodes += chain("jobs", [DONE] * 4, "build") + chain("bill", [DONE] * 4, "build")
    gates = tuple(f"{name}-scan" for name in ("auth", "mail", "jobs", "bill"))
    return [*nodes, Node("gate", "gate", TODO, gates, seconds=1, usual=1)]


def nightly() -> list[Node]:
    nodes = [Node(f"f{n}", f"fetch-{n}", DONE, seconds=60) for n in range(20)]
    for number in range(100):
        state = DONE if number < 80 else RUNS if number < 83 else TODO
        nodes.append(Node(f"b{number}", f"build-web-{number}", state, ("f1", "f2"), seconds=60))
    nodes[-1] = replace(nodes[-1], state=StepState.FAILED, note="exit 2")
    return [*nodes, Node("m", "db-migrate", WAITS, ("b1",)), Node("t", "tell", TODO, ("m",))]


def text(lines: tuple[Line, ...]) -> list[str]:
    return ["".join(part.text for part in line).rstrip() for line in lines]


def test_everything_stands_open_while_there_is_room() -> None:
    assert text(draw(Graph.of(services()), 110, 10).lines) == [
        "✓ build 1:02 ━┯━ auth  ✓ unit 0:35 ━ ✓ integ 0:35 ━ ● image ━━━━━━ ○ scan ━━━━━━┯━ ○ gate",
        "              ├─ mail  ✓ unit 0:35 ─ ✗ integ ────── » image ────── » scan ──────┤",
        "              ├─ jobs  ✓ unit 0:35 ─ ✓ integ 0:35 ─ ✓ image 0:35 ─ ✓ scan 0:35 ─┤",
        "              └─ bill  ✓ unit 0:35 ─ ✓ integ 0:35 ─ ✓ image 0:35 ─ ✓ scan 0:35 ─┘",
    ]


def test_done_runs_fold_before_branches_and_both_before_what_is_to_come() -> None:
    graph = Graph.of(services())
    folded = text(draw(graph, 80, 4).lines)
    assert folded[2].startswith("              ├─ jobs  ✓✓✓✓ 2:20 ─")
    branches = text(draw(graph, 80, 3).lines)
    assert branches[2].startswith("              └─ ▸ 2 done: jobs bill ✓✓✓✓ ✓✓✓✓ 4:40 ─")
    assert "✗ integ" in branches[1] and "● image" in branches[0]


def test_a_person_folds_and_opens_a_strand() -> None:
    graph = Graph.of(services())
    assert "jobs  ✓✓✓✓ 2:20" in text(draw(graph, 110, 10, folded={"jobs-integ"}).lines)[2]
    assert "jobs  ✓ unit ─ ✓ integ ─ ✓ image" in "\n".join(text(draw(graph, 80, 4, opened={"jobs-unit"}).lines))


def test_the_fold_of_the_selected_step_is_marked() -> None:
    drawing = draw(Graph.of(services()), 80, 4, selected="jobs-scan")
    marked = [part for line in drawing.lines for part in line if "reverse" in part.style]
    assert [part.text for part in marked] == ["✓✓✓✓", " 2:20"]
    assert drawing.position_of("jobs-scan") == drawing.position_of("jobs-unit")


def test_hundreds_of_steps_are_stages_with_what_is_hot_below() -> None:
    drawing = draw(Graph.of(nightly()), 80, 20)
    assert text(drawing.lines) == [
        "   1 fetch        ████████████████████   20/20",
        " ▾ 2 build        ████████████████░░░░   80/100  ●3 ✗1  ≈6:20 left",
        "     ✗ build-web-99  exit 2",
        "     ● build-web-80  running",
        "     ● build-web-81  running",
        "     ● build-web-82  running",
        " ▸ 3 db-migrate   ░░░░░░░░░░░░░░░░░░░░    0/1    !1 db-migrate waits for you",
        "   4 tell         ░░░░░░░░░░░░░░░░░░░░    0/1",
    ]
    assert drawing.node_at(8, 3) == "b80"
    assert drawing.position_of("b80") == (0, 3, 80)
    assert drawing.position_of("f3") == (0, 0, 80)


def test_a_stage_closes_and_opens() -> None:
    graph = Graph.of(nightly())
    closed = text(draw(graph, 80, 20, folded={"stage 2"}).lines)
    assert closed[1].startswith(" ▸ 2 build") and len(closed) == 4
    opened = text(draw(graph, 80, 20, opened={"stage 3"}).lines)
    assert opened[7] == "     ! db-migrate  waits for you"


def test_the_list_names_the_needs() -> None:
    lines = text(draw(Graph.of(services()), 70, 3, list_mode=True, offset=(0, 16)).lines)
    assert lines[0] == "  ✓ bill-scan                0:35  ← bill-image"
    assert lines[1].startswith("━ ○ gate                     ← auth-scan, mail-scan, jobs-scan")


def test_the_critical_path_is_named_as_far_as_it_is_to_go() -> None:
    assert critical_names(Graph.of(services())) == ["auth", "gate"]
    assert critical_names(Graph.of(nightly())) == []


def test_ways_from_step_to_step() -> None:
    graph = Graph.of(services())
    assert graph.need_of("gate") == "auth-scan"
    assert graph.need_of("build") is None
    assert graph.dependent_of("build") == "auth-unit"
    assert graph.sibling("auth-unit", 1) == "mail-unit"
    assert graph.sibling("bill-unit", 1) is None
    assert graph.next_in_state(None, {RUNS}) == "auth-image"
    assert graph.next_in_state("mail-integ", {StepState.FAILED}) == "mail-integ"
    assert graph.next_in_state("gate", {WAITS}) is None


@given(st.lists(st.tuples(st.integers(0, 121), st.sampled_from(StepState)), max_size=20))
def test_changing_steps_one_by_one_counts_the_same_as_counting_anew(changes: list[tuple[int, StepState]]) -> None:
    nodes = nightly()
    graph = Graph.of(nodes)
    for place, state in changes:
        nodes[place] = replace(nodes[place], state=state)
        graph = graph.with_steps([nodes[place]])
    fresh = Graph.of(nodes)
    assert graph.nodes == fresh.nodes
    assert [tally.hot.keys() for tally in graph.tallies] == [tally.hot.keys() for tally in fresh.tallies]
    assert [+Counter(tally.counts) for tally in graph.tallies] == [Counter(tally.counts) for tally in fresh.tallies]
    assert [tally.left for tally in graph.tallies] == [tally.left for tally in fresh.tallies]


@pytest.mark.parametrize("count", [2, 40, 500])
def test_a_chain_and_a_fan_of_any_size_draw(count: int) -> None:
    line = [Node(f"n{n}", f"n{n}", TODO, (f"n{n - 1}",) if n else ()) for n in range(count)]
    fan = [Node("root", "root", DONE), *(Node(f"n{n}", f"n{n}", TODO, ("root",)) for n in range(count))]
    for nodes in (line, fan):
        drawing = draw(Graph.of(nodes), 80, 10)
        assert 0 < len(drawing.lines) <= 10
        assert drawing.position_of(nodes[-1].id) is not None


def _marked() -> list[Node]:
    """A run that would fold, with a held step and one that something was said about."""
    nodes = [Node("a", "a", TODO)]
    for before, name in zip("abcdef", "bcdefg", strict=True):
        nodes.append(Node(name, name, TODO, (before,)))
    nodes[3] = replace(nodes[3], held=True)
    nodes[5] = replace(nodes[5], said=True)
    return nodes


@pytest.mark.parametrize(("plain", "held", "said"), [(False, "‖ d", "○ f ✎"), (True, "H d", 'o f "')])
def test_held_steps_and_those_with_open_notes_are_marked_and_never_fold(plain: bool, held: str, said: str) -> None:
    graph = Graph.of(_marked())
    for width, folded in ((80, ""), (40, "+2")):
        (line,) = draw(graph, width, 1, ascii_only=plain).lines
        row = "".join(part.text for part in line)
        assert held in row and said in row and folded in row
    rows = ["".join(part.text for part in line) for line in draw(graph, 60, 9, list_mode=True, ascii_only=plain).lines]
    assert held in rows[3] and "held" in rows[3]
    assert [said[-1] in row for row in rows] == [False] * 5 + [True, False]


def test_a_held_step_is_counted_and_named_among_hundreds() -> None:
    nodes = nightly()
    graph = Graph.of(nodes)
    held = replace(graph.nodes["b95"], held=True)
    for shown in (graph.with_steps([held]), Graph.of([held if node.id == held.id else node for node in nodes])):
        rows = ["".join(part.text for part in line) for line in draw(shown, 80, 12).lines]
        assert any("●3 ✗1 ‖1" in row for row in rows)
        assert any("‖ build-web-95" in row and "held" in row for row in rows)
    freed = shown.with_steps([replace(held, held=False)])
    assert not any("‖" in part.text for line in draw(freed, 80, 12).lines for part in line)
