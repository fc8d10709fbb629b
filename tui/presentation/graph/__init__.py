"""A plan's graph as text: nodes (what needs what), fold (what is shown together), layout and route (where), draw.

`Graph.of(nodes)` once a revision, `graph.with_steps(changed)` on each event, `draw(graph, width, height)` on each
frame.
"""

from tui.presentation.graph.draw import Drawing, draw
from tui.presentation.graph.fold import critical_names
from tui.presentation.graph.nodes import Graph, Node, Stage
from tui.presentation.graph.parts import Line, Part

__all__ = ["Drawing", "Graph", "Line", "Node", "Part", "Stage", "critical_names", "draw"]
