"""A step that needs a person's terminal: it gets it, it is given back, and what was typed at it is nowhere."""

from __future__ import annotations

from tests.acceptance.place import Place

# The prompts are spelt with an escape: what is seen is the prompt, not the script that is shown before it.
LOGIN = {
    "id": "login",
    "action": "shell",
    "tty": True,
    "script": r"read -rsp $'\x50assword: ' word; echo; echo ${#word} letters; read -rp $'\x53ize? ' x; stty size",
}
AFTER = {"id": "after", "action": "notify", "message": "in", "needs": ["login"]}


def test_on_the_command_line_it_is_handed_over_at_once(place: Place) -> None:
    terminal = place.terminal((80, 40))
    terminal.command(place.signoff("run", place.plan(LOGIN, AFTER)))
    terminal.see("needs your terminal", "and run? [y/N]")
    terminal.type("y")
    terminal.press("Enter")
    terminal.see("login: y = run it here, in this terminal, d = deny it")
    terminal.type("y")
    terminal.press("Enter")
    terminal.see("login has this terminal; ctrl+] comes back", "Password:")
    terminal.type("correct horse")
    terminal.press("Enter")
    terminal.see("13 letters", "Size?")
    terminal.press("Enter")
    assert terminal.prompt(before=1) == 0
    assert "40 80" in terminal.text
    assert "says: in" in terminal.text, terminal.text
    assert place.states() == {"login": "completed", "after": "completed"}
    assert "13 letters" in place.run("log", "1", "login").stdout
    kept = b"".join(file.read_bytes() for file in place.state.rglob("*") if file.is_file())
    assert b"correct horse" not in kept
    assert terminal.run("stty -a | grep -c ' echo '") == 0


def test_the_workbench_hands_it_over_and_takes_it_back(place: Place) -> None:
    place.run("run", place.plan(LOGIN, AFTER), "--yes")
    terminal = place.terminal()
    terminal.command(place.signoff())
    terminal.see("login needs your terminal")
    terminal.press("i")
    terminal.see("Run 1 login in this terminal?", "hand it this terminal")
    terminal.decide("Y")
    terminal.see("login has this terminal", "Password:")
    terminal.type("sesame")
    terminal.press("Enter")
    terminal.see("6 letters", "Size?")
    terminal.press("C-]")
    terminal.see("login goes on in its terminal: T takes it again")
    terminal.press("T")
    terminal.see("login has this terminal", "Size?")
    terminal.press("Enter")
    terminal.see("login has ended", "✓ login")
    assert place.states() == {"login": "completed", "after": "completed"}


def test_from_another_terminal_it_is_taken_with_attach(place: Place) -> None:
    place.run("run", place.plan(LOGIN, AFTER), "--yes")
    first = place.terminal()
    first.command(place.signoff())
    first.see("login needs your terminal")
    second = place.terminal((100, 30))
    second.command(place.signoff("attach", "1", "login"))
    second.see("login: y = run it here")
    second.type("y")
    second.press("Enter")
    second.see("Password:")
    second.type("sesame")
    second.press("Enter")
    second.see("Size?")
    second.resize(120, 33)
    second.press("Enter")
    assert second.prompt(before=1) == 0
    assert "33 120" in second.text
    first.see("✓ login")


def test_ctrl_c_is_for_the_step_and_its_exit_code_is_kept(place: Place) -> None:
    stubborn = {**LOGIN, "script": r"trap 'echo caught; exit 7' INT; echo $'\x72eady'; while :; do sleep 0.1; done"}
    terminal = place.terminal((80, 40))
    terminal.command(place.signoff("run", place.plan(stubborn), "--yes"))
    terminal.see("run it here")
    terminal.type("y")
    terminal.press("Enter")
    terminal.see("ready")
    terminal.press("C-c")
    assert terminal.prompt(before=1) == 1
    assert "caught" in terminal.text
    assert place.task()["steps"][0]["exit_code"] == 7


def test_without_a_terminal_it_waits_and_says_how_to_go_on(place: Place) -> None:
    done = place.run("run", place.plan(LOGIN), "--yes")
    assert done.returncode == 3
    assert "login needs your terminal" in done.stdout + done.stderr
    refused = place.run("attach", "1", "login")
    assert refused.returncode == 3
    assert "needs a person at a terminal" in refused.stderr
