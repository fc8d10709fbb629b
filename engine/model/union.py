"""Unions told apart by one field, for the doors where outside data is validated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from engine.model.nouns import dataclass

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema


@dataclass(frozen=True)
class TaggedBy:
    """Marks a union of dataclasses whose `field` is a literal: faults then speak of the one type that was meant."""

    field: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        choices: dict[Any, CoreSchema] = {
            str(getattr(member, self.field)): handler.generate_schema(member) for member in get_args(source)
        }
        return core_schema.tagged_union_schema(choices, discriminator=self.field)
