"""Variables that make a later program run or load something else: setting one is as grave as naming the program."""

from __future__ import annotations

import re

from engine.model.tier import Reason
from engine.policy.findings import destructive, execute

_GRAVE = re.compile(
    r"PATH|CDPATH|IFS|ENV|BASH_ENV|BASHOPTS|SHELLOPTS|PS4|PROMPT_COMMAND|BASH_FUNC_.*|BASH_LOADABLES_PATH|SHELL|HOME"
    r"|ZDOTDIR|LD_.*|DYLD_.*|GCONV_PATH|LOCPATH|(?:MAN|GIT_|LESS|SYSTEMD_|PSQL_|DELTA_|GH_|AWS_|BAT_)?PAGER|LESSOPEN"
    r"|LESSCLOSE|LESS|LESSKEY.*|(?:GIT_|SUDO_|SVN_|KUBE_|CRONTAB_)?(?:SEQUENCE_)?EDITOR|VISUAL|BROWSER"
    r"|GIT_(?:SSH.*|EXTERNAL_DIFF|CONFIG.*|PROXY_COMMAND|ASKPASS|EXEC_PATH|TEMPLATE_DIR|DIR|WORK_TREE|ALTERNATE.*"
    r"|ALLOW_PROTOCOL)|SSH_ASKPASS|SUDO_ASKPASS|RIPGREP_CONFIG_PATH|TAR_OPTIONS|GREP_OPTIONS|GZIP|XZ_OPT|RSYNC_RSH"
    r"|CVS_RSH|XDG_CONFIG_.*|PERL5(?:LIB|OPT|DB)|PERLLIB|RUBY(?:OPT|LIB)|PYTHON(?:STARTUP|HOME|BREAKPOINT|INSPECT"
    r"|WARNINGS|USERBASE)|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|RUSTC(?:_WRAPPER|_WORKSPACE_WRAPPER)?"
    r"|CARGO_TARGET_.*_(?:RUNNER|LINKER)|CARGO_BUILD_RUSTC.*|MAKEFILES|(?:OPENSSL|PROXYCHAINS)_CONF(?:_FILE)?"
    r"|PIP_.*INDEX_URL|PIP_CONFIG_FILE|UV_.*INDEX.*|npm_config_.*|NPM_CONFIG_.*|TERM(?:INFO|CAP)|MANROFFOPT|MANOPT"
    r"|DOCKER_HOST|KUBECONFIG|EXINIT|VIMINIT|LUA_INIT.*|PHPRC|PHP_INI_SCAN_DIR|ERL_.*FLAGS|GEM_(?:HOME|PATH)|HISTFILE"
)
_RAISING = re.compile(
    r"PYTHON(?!DONTWRITEBYTECODE|UNBUFFERED|HASHSEED|IOENCODING|UTF8).*|NODE_(?:OPTIONS|PATH)|MAKEFLAGS"
)
_TAME = frozenset({"", "cat", "true", ":", "less", "more", "/bin/true", "/bin/cat", "0", "never"})
_SPLITTERS = re.compile(r"[ \t\n]*")


def assignment_reason(name: str, value: str, *, program: str = "") -> Reason | None:
    """Why setting a variable matters; None for an ordinary one or a value that can do no harm.

    Args:
        program: the program it is set for alone, empty where it stays set.
    """
    if name == "IFS" and (program == "read" or _SPLITTERS.fullmatch(value)):
        return None
    if _GRAVE.fullmatch(name) and (value not in _TAME or name in ("PATH", "HOME")):
        return destructive(f"setting `{name}` makes later commands run or load something else", f"set {name}")
    if _RAISING.fullmatch(name):
        return execute(f"setting `{name}` changes what an interpreter loads", f"set {name}")
    return None
