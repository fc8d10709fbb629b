"""edit: the plan file of a task in the person's own editor, or from a file; what comes back is the next revision.

An edit with faults is offered to the editor again; nothing of it is lost while the person wants to go on.
"""

from __future__ import annotations

import re
import tempfile
from argparse import ArgumentParser
from pathlib import Path

from engine import InvalidPlan, ReadDocument, Reply, Revise, ShowTask, SignoffError, TaskView, scratch
from engine.errors import StaleRevision, UsageError
from tui.cli.arguments import counting, set_option, task_argument
from tui.cli.call import Call, Verb
from tui.cli.exits import Exit
from tui.cli.going_on import advise
from tui.cli.people import a_person
from tui.cli.terminal import Person, says_yes
from tui.editor import SCRATCH, edit, editor_of
from tui.presentation.safe import safe

_HINT = "hand the edited plan in as a file: signoff edit ID -f FILE, - for standard input"


def _arguments(parser: ArgumentParser) -> None:
    task_argument(parser)
    parser.add_argument("-f", "--file", metavar="FILE", help="the edited plan; - for standard input")
    parser.add_argument(
        "--revision",
        metavar="N",
        type=counting,
        help="what the file was made from (default: the present one; a kept edit knows its own)",
    )
    parser.add_argument("--note", metavar="TEXT", default="", help="why; reviewers read it")
    set_option(parser)


async def _edit(call: Call) -> int:
    async with call.engine("read") as engine:
        view: TaskView = await engine.read(ShowTask(task=call.args.task))
        text: str = await engine.read(ReadDocument(task=call.args.task))
    if call.args.file is not None:
        return await _revise(call, view.task.id, _made_from(call, view), _given(call), call.args.file)
    with a_person(call, _HINT) as person, scratch(SCRATCH) as folder:
        path = folder / f"plan-{view.task.id}.yaml"
        path.write_text(text, encoding="utf-8")
        while True:
            await edit(path, editor_of(call.world.environ))
            if (edited := path.read_text(encoding="utf-8", errors="surrogateescape")) == text:
                call.console.note(f"nothing was changed; revision {view.task.revision} stays")
                return 0
            try:
                return await _revise(call, view.task.id, view.task.revision, edited, path.name)
            except InvalidPlan as error:
                if not await _again(person, error):
                    call.console.note(f"given up; revision {view.task.revision} stays; {_kept(edited, view)}")
                    return Exit.USAGE
            except SignoffError as error:
                error.hint = "; ".join(filter(None, (error.hint, _kept(edited, view))))
                raise


def _kept(text: str, view: TaskView) -> str:
    """Keep an edit that was not taken, in a file that is named after what it was made from; how to take it up again."""
    prefix = f"signoff-edit-{view.task.id}-rev{view.task.revision}-"
    file, path = tempfile.mkstemp(prefix=prefix, suffix=".yaml")
    with open(file, "w", encoding="utf-8", errors="surrogateescape") as kept:
        kept.write(text)
    return f"your edit is kept: signoff edit {view.task.id} -f {path}"


def _made_from(call: Call, view: TaskView) -> int:
    """The revision that a file was made from: as it is told, as the name of a kept edit has it, or the present one."""
    kept = re.match(rf"signoff-edit-{view.task.id}-rev(\d+)-", Path(call.args.file).name)
    return call.args.revision or (int(kept[1]) if kept else view.task.revision)


def _given(call: Call) -> str:
    file: str = call.args.file
    if file == "-":
        return call.world.stdin.read()
    try:
        return (call.world.cwd / file).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise UsageError(problem=f"{call.args.file}: {error.strerror}; nothing was changed") from None


async def _again(person: Person, error: InvalidPlan) -> bool:
    person.tell("\n".join([*(safe(str(fault)) for fault in error.faults), str(error)]))
    return await says_yes(person, "Edit it again?")


async def _revise(call: Call, task: int, revision: int, document: str, name: str) -> int:
    command = Revise(task=task, revision=revision, document=document, name=name, note=call.args.note)
    async with call.engine("decide") as engine:
        try:
            reply: Reply = await engine.do(command)
        except StaleRevision as error:
            present = error.facts["current"]
            error.hint = f"signoff diff {task} shows what came since; --revision {present} puts the edit onto that one"
            raise
        call.console.say(safe(reply.text))
        try:
            await advise(call, engine, task)
        except SignoffError as error:
            call.console.note(safe(str(error)))
    return 0


VERBS = {"edit": Verb(_edit, _arguments, "signoff edit 12 --note 'test before the push'")}
