"""The shape of a plan document, once: the validator of the plan file and the JSON Schema for editors and models.

Both come from the nouns themselves, so a field that is added there is validated and described here at once.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.model.plan import Document

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@cache
def document_adapter() -> TypeAdapter[Document]:
    """The validator of documents; made once, because importing and building it takes about 200 ms."""
    from pydantic import TypeAdapter

    return TypeAdapter(Document)


def plan_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a plan document, as `signoff schema` prints it."""
    schema = document_adapter().json_schema()
    for part in schema["$defs"].values():
        # the nouns know their action by themselves; in a document it is what tells the steps apart
        if "action" in part.get("properties", {}):
            part["required"] = ["action", *part["required"]]
    return {**schema, "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Signoff plan"}


def agent_guide() -> str:
    """The text of `signoff agent-guide`: how any coding agent writes a plan and hands it in."""
    return Path(__file__).with_name("guide.md").read_text(encoding="utf-8")
