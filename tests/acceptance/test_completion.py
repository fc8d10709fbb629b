"""The completion scripts in the shells they are for: loaded as their users load them, asked with the tab key."""

from __future__ import annotations

import shutil

import pytest

from tests.acceptance.place import Place
from tests.acceptance.terminal import Terminal

STARTS = {
    "bash": "signoff completion bash > done.bash; PS1='? '; source done.bash",
    "zsh": (
        "mkdir zsh; signoff completion zsh > zsh/_signoff; cat > zsh/.zshrc <<'END'\n"
        "PS1='? '; fpath=($ZDOTDIR $fpath); autoload -Uz compinit; compinit -u -d $ZDOTDIR/dump\n"
        "END\n"
        "ZDOTDIR=$PWD/zsh exec zsh -i"
    ),
    "fish": (
        "mkdir -p fish/fish/completions; signoff completion fish > fish/fish/completions/signoff.fish;"
        " XDG_CONFIG_HOME=$PWD/fish exec fish --private -C 'function fish_prompt; echo -n \"? \"; end'"
    ),
}


@pytest.fixture(params=list(STARTS))
def shell(request: pytest.FixtureRequest, place: Place) -> Terminal:
    """A terminal in which the completions of one shell are loaded."""
    if not shutil.which(request.param):
        pytest.skip(f"{request.param} is not installed")
    place.plan({"id": "test", "action": "test", "command": "make test"})
    terminal = place.terminal()
    terminal.command(STARTS[request.param])
    terminal.see("\n? ")
    return terminal


COMPLETED = {
    "signoff ap": "? signoff approve ",
    "signoff --plain ap": "? signoff --plain approve ",
    "signoff approve 1 --sk": "? signoff approve 1 --skip",
    "signoff run pl": "? signoff run plan.yaml",
    "signoff plan -f pl": "? signoff plan -f plan.yaml",
    "signoff run -C te": "? signoff run -C tests/",
    "signoff config e": "? signoff config edit",
    "signoff run x --confirm ex": "? signoff run x --confirm external",
}


def test_the_tab_key_completes(shell: Terminal) -> None:
    for typed, completed in COMPLETED.items():
        shell.type(typed)
        shell.press("Tab")
        shell.see(completed)
        shell.press("C-u")
        shell.miss(completed)
        assert typed not in shell.text


def test_the_tab_key_lists_what_there_is(shell: Terminal) -> None:
    shell.type("signoff approve --")
    shell.press("Tab", "Tab")
    assert "--reason" not in shell.see("--only", "--skip", "--revision")
