"""One line per figure: name, value, floor, ratio, goal, verdict. People compare the lines; no test fails on them."""

from __future__ import annotations


def report(name: str, value: float, floor: float, *, goal: float) -> None:
    """A figure against a floor measured in the same run; `goal` is the highest ratio that is good enough."""
    ratio = value / floor if floor else float("inf")
    verdict = "reached" if ratio <= goal else "NOT REACHED"
    print(f"{name:<58} {value:>10.1f} floor {floor:>9.1f} ratio {ratio:>5.2f} goal {goal:>5.2f} {verdict}")  # noqa: T201


def report_absolute(name: str, value: float, *, goal: float, unit: str, least: bool = False) -> None:
    """A figure with a goal of its own unit: the highest that is good enough, or with `least` the lowest."""
    verdict = "reached" if (value >= goal if least else value <= goal) else "NOT REACHED"
    print(f"{name:<58} {value:>10.1f} {unit:<16} goal {goal:>9.1f} {verdict}")  # noqa: T201
