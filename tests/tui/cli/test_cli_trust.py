"""`trust`, recipes and variables on the command line: what a person sees before they say yes, and what is said else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine import (
    DirectoryFile,
    DirectoryView,
    ListTrusted,
    MakePlan,
    Need,
    Novelty,
    Reply,
    RevokeTrust,
    Trust,
    Trusted,
    TrustedFile,
)
from engine.errors import NotTrusted, PersonNeeded
from engine.model.policy import Policy
from engine.testing import ScriptedEngine
from tests.tui import plans
from tests.tui.cli.outside import Obedient, Typist, call

RECIPE = DirectoryFile(
    path=".signoff/recipes/deploy.yaml", sha256="ab" * 32, text="request: go\n\x1b[2Jrm -rf /\n", recipe="deploy"
)
RULES = DirectoryFile(path=".signoff/policy.yaml", sha256="cd" * 32, text="refuse: [curl]\n", novelty=Novelty.CHANGED)
VIEW = DirectoryView(root="/srv/app", digest="4f1c9a" + "0" * 58, files=(RULES, RECIPE), recipes=("deploy",))
TRUSTED = Trusted(
    root="/srv/app",
    digest=VIEW.digest,
    files=(TrustedFile(path=RULES.path, sha256=RULES.sha256),),
    policy=Policy(refuse=("curl",), network=False),
    actor="ana",
    time=0.0,
)


def bringing(view: DirectoryView = VIEW) -> Obedient:
    engine = Obedient(plans.to_review())
    engine.directory = view
    engine.answers[ListTrusted] = lambda _: (TRUSTED,)
    return engine


def test_a_person_reads_every_file_and_trusts_the_digest_that_was_shown(tmp_path: Path) -> None:
    engine, ana = bringing(), Typist("y")
    (tmp_path / "app").mkdir()
    said = call(engine, "trust", "app", person=ana, cwd=tmp_path)
    assert (said.code, said.needs) == (0, [Need.READ, Need.DECIDE])
    assert ana.prompts == ["Trust a policy and 1 recipe, digest 4f1c9a? [y/N] "]
    assert "changed  .signoff/policy.yaml  cdcdcdcdcdcd  1 line" in ana.seen
    assert "new      .signoff/recipes/deploy.yaml  abababababab  2 lines" in ana.seen
    assert "  \\e[2Jrm -rf /" in ana.seen
    (command,) = engine.done
    assert isinstance(command, Trust)
    assert (command.root, command.digest) == ("/srv/app", VIEW.digest)


def test_of_a_changed_file_the_difference_is_shown_and_of_a_new_one_the_text() -> None:
    diff = (
        "--- .signoff/policy.yaml (trusted)\n+++ .signoff/policy.yaml (now)\n@@ -1 +1 @@\n-refuse: [rm]\n+\x1brefuse\n"
    )
    changed = replace(VIEW, files=(replace(RULES, diff=diff), RECIPE), trusted=replace(TRUSTED, digest="00"))
    ana = Typist("y")
    assert call(bringing(changed), "trust", person=ana).code == 0
    assert "--- changed since ana trusted it" in ana.seen
    assert "  -refuse: [rm]\n  +\\erefuse" in ana.seen
    assert "refuse: [curl]" not in ana.seen and "  request: go" in ana.seen
    assert json.loads(call(bringing(changed), "trust", "--json").out)["files"][0]["diff"] == diff


def test_what_is_no_directory_is_an_error() -> None:
    for words in (["trust", "/nonexistent"], ["trust", "/nonexistent", "--json"], ["trust", "/etc/hostname"]):
        said = call(bringing(), *words, person=Typist("y"))
        assert (said.code, said.needs) == (2, [])
    assert "/nonexistent is no directory here" in call(bringing(), "trust", "/nonexistent").err


def test_where_everything_is_gone_the_way_to_let_go_of_its_policy_is_named() -> None:
    empty = DirectoryView(root="/srv/my app", trusted=replace(TRUSTED, root="/srv/my app"))
    said = call(bringing(empty), "trust", person=Typist())
    assert "what its policy asked for still holds: signoff trust --revoke '/srv/my app'" in said.out
    assert TRUSTED.policy != Policy()
    recipes = replace(TRUSTED, files=(TrustedFile(path=RECIPE.path, sha256=RECIPE.sha256),))
    assert "still holds" not in call(bringing(replace(empty, trusted=recipes)), "trust", person=Typist()).out


@pytest.mark.parametrize("typed", ["", "n", "Y es", "trust"])
def test_everything_else_than_a_yes_trusts_nothing(typed: str) -> None:
    engine = bringing()
    said = call(engine, "trust", person=Typist(typed))
    assert (said.code, engine.done, said.needs) == (3, [], [Need.READ])


def test_nobody_can_trust_without_a_terminal() -> None:
    engine = bringing()
    said = call(engine, "trust")
    assert (said.code, engine.done) == (3, [])
    assert "needs a person at a terminal" in said.err


def test_what_cannot_be_used_is_named_and_not_asked_for() -> None:
    engine = bringing(replace(VIEW, refused=(".signoff/recipes/x.yaml is a link; links are not followed here",)))
    said = call(engine, "trust", person=Typist())
    assert (said.code, engine.done) == (1, [])
    assert "refused  .signoff/recipes/x.yaml is a link" in said.err


def test_what_is_trusted_and_what_is_not_there_is_not_asked_for() -> None:
    said = call(bringing(replace(VIEW, trusted=TRUSTED)), "trust", person=Typist())
    assert (said.code, said.out) == (0, "trusted already, unchanged: 4f1c9a000000  by ana  /srv/app\n")
    said = call(bringing(DirectoryView(root="/srv/app")), "trust", person=Typist())
    assert "nothing to trust" in said.out


def test_the_list() -> None:
    assert call(bringing(), "trust", "--list").out == "4f1c9a000000  by ana  /srv/app\n"
    (kept,) = json.loads(call(bringing(), "trust", "--list", "--json").out)
    assert (kept["root"], kept["digest"], kept["actor"]) == ("/srv/app", VIEW.digest, "ana")


def test_as_json_nothing_is_asked() -> None:
    shown = json.loads(call(bringing(), "trust", "--json", person=Typist()).out)
    assert (shown["holds"], shown["digest"], len(shown["files"])) == (False, VIEW.digest, 2)


def test_revoking_asks_too() -> None:
    engine, ana = bringing(replace(VIEW, trusted=TRUSTED)), Typist("y")
    assert call(engine, "trust", "--revoke", person=ana).code == 0
    assert "its policy included?" in ana.prompts[0]
    (command,) = engine.done
    assert isinstance(command, RevokeTrust)
    assert command.root == "/srv/app"
    assert call(bringing(), "trust", "--revoke").code == 2


# Recipes and variables


def made(engine: ScriptedEngine) -> MakePlan:
    return next(command for command in engine.done if isinstance(command, MakePlan))


def planning(engine: Obedient) -> Obedient:
    real = engine.do

    async def do(command: object, *, actor: str | None = None) -> Reply:
        reply = await real(command, actor=actor)  # type: ignore[arg-type]
        return replace(reply, task=12) if isinstance(command, MakePlan) else reply

    engine.do = do  # type: ignore[method-assign]
    return engine


@pytest.mark.parametrize("verb", ["run", "plan"])
def test_a_recipe_is_taken_by_its_name_and_said(verb: str) -> None:
    engine = planning(bringing())
    said = call(engine, verb, "deploy", "--var", "env=two words=x", "--var", "n=")
    assert "signoff: recipe deploy" in said.err
    command = made(engine)
    assert (command.recipe, command.request, command.document) == ("deploy", "", None)
    assert command.variables == {"env": "two words=x", "n": ""}


def test_an_existing_file_comes_before_a_recipe_and_a_task_before_both(tmp_path: Path) -> None:
    for name in ("deploy", "12"):
        (tmp_path / name).write_text("request: x")
    engine = planning(bringing())
    said = call(engine, "run", "deploy", "--var", "env=prod", cwd=tmp_path)
    assert "signoff: plan file deploy" in said.err
    assert (made(engine).recipe, made(engine).variables) == ("", {"env": "prod"})
    assert "signoff: task 12" in call(engine, "run", "12", cwd=tmp_path).err
    assert call(engine, "run", "12", "--var", "env=prod", cwd=tmp_path).code == 2


def test_other_words_are_a_request() -> None:
    for words in (["deploy", "it"], ["deplo"]):
        engine = planning(bringing())
        assert "signoff: request" in call(engine, "run", *words).err
        assert made(engine).request == " ".join(words)


def test_an_untrusted_recipe_names_the_way_to_trust_it() -> None:
    engine = bringing()
    engine.refusal = NotTrusted(folder="/srv/app/.signoff", why="is not trusted yet")
    said = call(engine, "run", "deploy", "--yes")
    assert said.code == 3
    assert "/srv/app/.signoff is not trusted yet; nothing of it was used" in said.err
    assert "signoff trust shows it" in said.err


def test_a_policy_that_is_not_used_is_said_with_the_plan() -> None:
    engine = planning(bringing())
    said = call(engine, "plan", "run the tests")
    assert ".signoff brings a policy and 1 recipe; nothing of it is used until you trust it (signoff trust)" in said.err
    before = replace(TRUSTED, digest="00")
    said = call(planning(bringing(replace(VIEW, trusted=before))), "plan", "run the tests")
    assert "is not what ana trusted" in said.err
    assert "the policy that was trusted still holds" in said.err


def test_a_variable_has_a_name_and_a_value() -> None:
    said = call(bringing(), "run", "deploy", "--var", "env")
    assert said.code == 2
    assert "'env' is not of the form NAME=VALUE" in said.err


def test_a_policy_of_the_directory_against_yes_ends_with_the_code_of_a_missing_signature() -> None:
    engine = bringing()
    engine.refusal = PersonNeeded(problem="The policy does not let run --yes sign; nothing was recorded")
    assert call(engine, "run", "12", "--yes").code == 3


def test_config_says_which_values_the_directory_tightened() -> None:
    said = call(bringing(), "config", "show", "--origin", "--set", "policy.refuse=wget", cwd=Path("/srv/app"))
    lines = dict(line.split(" = ") for line in said.out.splitlines())
    assert lines["policy.refuse"] == '["wget", "curl"]  # policy of /srv/app, trusted by ana'
    assert lines["policy.network"] == "false  # policy of /srv/app, trusted by ana"
    assert lines["policy.allow_yes"] == "true  # default"
    elsewhere = call(bringing(), "config", "show", "--origin", cwd=Path("/srv/other"))
    assert "trusted by" not in elsewhere.out
