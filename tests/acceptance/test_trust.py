"""A repository that brings recipes and a policy: read once, trusted by a person, then used, and asked about again."""

from __future__ import annotations

from tests.acceptance.place import Place

RECIPE = """\
request: Say where
vars: {env: null}
steps:
  - id: say
    action: shell
    script: printf '<%s>' "$WHERE" > said
    env: {WHERE: "${vars.env}"}
  - id: show
    action: execute
    command: printf %s ${vars.env} > shown
    needs: [say]
"""
HOSTILE = "a'b\"; touch pwned; $(touch pwned) `touch pwned` --x"


def bring(place: Place, recipe: str = RECIPE, policy: str = "refuse: [curl]\n") -> None:
    (place.root / ".signoff/recipes").mkdir(parents=True, exist_ok=True)
    place.write(".signoff/recipes/where.yaml", recipe)
    place.write(".signoff/policy.yaml", policy)


def test_a_recipe_is_read_trusted_and_run_and_asked_about_when_it_changed(place: Place) -> None:
    bring(place)
    untrusted = place.run("run", "where", "--var", "env=x", "--yes")
    assert untrusted.returncode == 3
    assert "is not trusted yet; nothing of it was used" in untrusted.stderr
    assert "signoff trust" in untrusted.stderr
    terminal = place.terminal((80, 50))
    terminal.command(place.signoff("trust"))
    terminal.see("refuse: [curl]", "script: printf", "Trust a policy and 1 recipe", "[y/N]")
    terminal.type("y")
    terminal.press("Enter")
    assert terminal.prompt(before=1) == 0
    done = place.run("run", "where", "--var", f"env={HOSTILE}", "--yes")
    assert done.returncode == 0, done.stderr
    assert "signoff: recipe where" in done.stderr
    assert (place.root / "said").read_text() == f"<{HOSTILE}>"
    assert (place.root / "shown").read_text() == HOSTILE
    assert not (place.root / "pwned").exists()
    assert "the policy refuses `curl`" in place.run("plan", "-f", place.plan(curl())).stderr
    bring(place, RECIPE + "# changed\n", policy="refuse: []\n")
    assert place.run("run", "where", "--var", "env=x", "--yes").returncode == 3
    assert "the policy refuses `curl`" in place.run("plan", "-f", place.plan(curl())).stderr


def curl() -> dict[str, str]:
    return {"id": "get", "action": "execute", "command": "curl example.org"}


def test_the_workbench_asks_when_it_opens_and_offers_the_recipe_then(place: Place) -> None:
    bring(place, RECIPE.replace("null", "here"))
    terminal = place.terminal()
    terminal.command(place.signoff())
    terminal.see("Trust what", "refuse: [curl]", "Later esc")
    terminal.decide("Escape")
    terminal.see("not trusted: Trust this directory")
    terminal.press("q")
    terminal.prompt(before=1)
    terminal.command(place.signoff())
    terminal.see("Trust what")
    terminal.decide("Space")
    terminal.see("of 15, end")
    terminal.decide("T")
    terminal.see("trusted: n offers its recipes")
    terminal.press("n")
    terminal.see("signoff run where")
    terminal.press("Tab")
    terminal.press("Space")
    terminal.press("C-s")
    place.phase("awaiting_approval")
    assert [step["id"] for step in place.task()["steps"]] == ["say", "show"]
