"""What SQL text does, by its words: no dialect is parsed, so a word in a string counts too."""

from __future__ import annotations

import re

from engine.model.tier import Reason, Tier

_COMMENT = re.compile(r"/\*[!+]?\d*|\*/|--[^\n]*")
_GRAVE = re.compile(
    r"\b(?:drop|truncate|delete|revoke|shutdown|execute|prepare|exec|call|do\s*\$|purge|reassign|flush)\b"
    r"|\balter\s+(?:role|user|system)\b|\bupdate\b(?!.{0,2000}\bwhere\b)|\breplace\s+into\b"
    r"|\b(?:from|to)\s+program\b|\binto\s+(?:out|dump)file\b|\bload_extension\b|\bwritefile\b|\bxp_\w+|\blo_\w+"
    r"|\bpg_(?:read|write|terminate|cancel)\w*|\bload_file\b|\bsys_exec\w*|\bcreate\s+(?:\w+\s+)*function\b"
    r"|\bwritable_schema\b|\bdropDatabase\b|\bdeleteMany\b|\battach\b",
    re.IGNORECASE | re.DOTALL,
)
_ESCAPE = re.compile(
    r"\\!|\\(?:copy|o|out|w|write|g|gx|gexec|i|ir|include)\b|\\\||^\s*(?:!|system\b|source\b|tee\b|pager\b)"
    r"|^\s*\.(?:shell|system|sh|sys|output|once|import|load|open|save|backup|restore|read|excel|log|dump|www|cd|arch\w*)",
    re.IGNORECASE | re.MULTILINE,
)


def sql_reason(text: str, client: str) -> Reason | None:
    """The gravest thing a text of SQL or client commands does; None where it changes little."""
    for found in (_GRAVE.search(_COMMENT.sub(" ", text)), _GRAVE.search(text)):
        if found:
            word = " ".join(found[0].split()[:2])[:40]
            return Reason(Tier.DESTRUCTIVE, f"`{client}` is given `{word}`, which changes or removes data", "sql")
    if _ESCAPE.search(text):
        return Reason(Tier.DESTRUCTIVE, f"`{client}` is told to run programs or write files", "sql escape")
    return None
