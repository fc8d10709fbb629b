"""The variables of a recipe, one row each: its name, its default, a field for another value. Sends nothing."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Input, Static

from engine import Variable
from tui.presentation.targets import variable


class VariableFields(VerticalScroll, can_focus=False):
    """As many fields as the ticked recipe has variables; none, and nothing of this in sight, without one."""

    DEFAULT_CSS = """
    VariableFields { height: auto; max-height: 6; display: none; }
    VariableFields Horizontal { height: 1; }
    VariableFields Static { width: 45%; max-width: 48; height: 1; padding: 0 1; }
    VariableFields Input, VariableFields Input:focus {
        width: 1fr; height: 1; border: none; padding: 0 1; background: $boost;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.variables: tuple[Variable, ...] = ()
        self.ascii_only = False

    def compose(self) -> ComposeResult:
        for each in self.variables:
            told = "must be given" if each.default is None else "empty: the default"
            with Horizontal():
                yield Static(variable(each, ascii_only=self.ascii_only), markup=False)
                yield Input(placeholder=told, select_on_focus=False)

    async def show(self, variables: Sequence[Variable]) -> None:
        """Show fields for these; what was written for the same ones stays."""
        if self.variables == tuple(variables):
            return
        written = self.values
        self.variables = tuple(variables)
        self.display = bool(variables)
        await self.recompose()
        for each, field in zip(self.variables, self.query(Input), strict=True):
            field.value = written.get(each.name, "")

    @property
    def values(self) -> dict[str, str]:
        """What was written, by name; an empty field says nothing."""
        fields = zip(self.variables, self.query(Input), strict=True)
        return {each.name: field.value for each, field in fields if field.value}

    @property
    def missing(self) -> list[str]:
        """The names of those that must be given and are not."""
        return [each.name for each in self.variables if each.default is None and each.name not in self.values]
