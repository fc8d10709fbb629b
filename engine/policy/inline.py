"""Code given on the command line of an interpreter, and awk programs: looked through for what starts programs,
removes files or opens connections. It is a search for words, not a parse; code always counts as `execute` at least."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.model.tier import Reason, Tier

_GRAVE = re.compile(
    r"rmtree|rmdir|\bunlink|\bremove\w{0,30}\(|\bos\s*\.\s*(?:system|popen|exec\w*|spawn\w*|kill\w*|remove|removedirs|rename"
    r"|replace|truncate|chmod|chown|posix_spawn|setuid|fork)|\bsubprocess|\bpty\b|\bsystem\b|\bpopen|\bexec[lv]?[pe]{0,2}\b|execSync|execFile|\bspawn"
    r"|\beval\b|__import__|\bcompile\(|import_module|importlib|getattr|globals\(|\bctypes|b64decode|fromhex|codecs\b"
    r"|child_process|\bfs\b|Deno\.(?:run|remove)|process\.binding|shell_exec|passthru|proc_open|\bKernel|FileUtils"
    r"|%x|`|\bqx\b|os\.execute|io\.popen|loadstring|\bsh\b|IO\.popen|Process\.|\bfork\b|\bkill\b|write_text|write_bytes"
    r"|File\.(?:delete|write)|writeFile|shutil|\bopen3?\s*[(\s].{0,300}['\"](?:[wax]\+?b?|r\+)['\"]|\bopen\b.{0,300}\||\bsignal\b"
    r"|chr\(|fromCharCode|atob\(|\.pack\b|pack\(|Buffer\.from|marshal|pickle|\\x[0-9a-fA-F]{2}|\bvars\(|\.decode\(",
)
_OUTWARD = re.compile(
    r"\bsocket|urllib|requests\b|httpx|http\.client|https?://|ftplib|smtplib|telnetlib|paramiko|asyncio\.open_connection"
    r"|\bfetch\(|require\(['\"](?:http|https|net|dgram|tls|dns)|Net::|IO::Socket|LWP|TCPSocket|fsockopen|curl_|/inet/"
    r"|/dev/(?:tcp|udp)/|open-uri|XMLHttpRequest|WebSocket|webbrowser",
)
_AWK_STRING = re.compile(r'"(?:\\.|[^"\\\n])*"')
_AWK_REGEX = re.compile(r"((?:^|[(,~!{};&|\n])[ \t]*)/(?:\\.|\[\^?\]?[^\]\n]*\]|[^/\\\n])*/")
_AWK_GRAVE = re.compile(r"system\s*\(|(?<!\|)\|(?!\|)|\|&|@|\bgetline\b|\bclose\s*\(")


def inline_reasons(code: str, program: str) -> Iterator[Reason]:
    """Reasons beyond `execute` for code that an interpreter gets as text."""
    if found := _GRAVE.search(code):
        text = f"code given to `{program}` contains `{found[0][:40]}`: it may start programs or remove files"
        yield Reason(Tier.DESTRUCTIVE, text, "inline code")
    if found := _OUTWARD.search(code):
        yield Reason(
            Tier.EXTERNAL, f"code given to `{program}` contains `{found[0][:40]}`: it may connect", "inline code"
        )


def awk_reasons(program: str) -> Iterator[Reason]:
    """Reasons beyond `read` for an awk program."""
    if "/inet" in program:
        yield Reason(Tier.EXTERNAL, "the awk program opens a connection", "awk inet")
    bare = _AWK_REGEX.sub(r"\1 ", _AWK_STRING.sub('""', program))
    if found := _AWK_GRAVE.search(bare):
        yield Reason(Tier.DESTRUCTIVE, f"the awk program contains `{found[0]}`: it may run programs", "awk system")
    if ">" in bare:
        yield Reason(Tier.WRITE, "the awk program may write files", "awk redirect")
