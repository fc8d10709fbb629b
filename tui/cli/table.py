"""Every command, once: its name, the module that has it, one line of help.

Imported at every start, so it imports nothing. The order is the order of `signoff --help`.
"""

from __future__ import annotations

GROUPS: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "Begin",
        (
            ("demo", "demo", "the tour in a scratch repository"),
            ("run", "running", "plan if needed, ask, execute, show progress"),
            ("plan", "planning", "plan only: print id and plan"),
            ("agent-guide", "planning", "teach a coding agent to write a plan"),
        ),
    ),
    (
        "Read",
        (
            ("ls", "listing", "the tasks, newest first"),
            ("show", "listing", "one task: its plan, its steps, what waits"),
            ("diff", "reviewing", "what changed between two revisions of a plan"),
            ("runs", "listing", "every attempt at the steps of a task"),
            ("log", "logs", "the output of steps"),
            ("inbox", "listing", "everything that waits for a person"),
            ("people", "presence", "who is connected, in which role, and what each reads"),
        ),
    ),
    (
        "Decide",
        (
            ("approve", "verdicts", "sign a plan"),
            ("reject", "verdicts", "refuse a plan"),
            ("return", "verdicts", "ask for another revision of a plan"),
            ("edit", "editing", "write the next revision of a plan in your editor"),
            ("hold", "reviewing", "let a step wait; the rest goes on"),
            ("release", "reviewing", "let a held step go on"),
            ("skip", "reviewing", "leave a step out, with all that needs it"),
            ("comment", "reviewing", "say something about a plan or a step, or list what was said"),
            ("confirm", "answers", "let a waiting step run once"),
            ("deny", "answers", "do not let a waiting step run"),
            ("answer", "answers", "answer the question of a step"),
            ("attach", "attaching", "take the terminal of a step that needs one"),
            ("grants", "reviewing", "confirmations given ahead: list, give, revoke"),
            ("accept", "control", "accept the result of a task"),
        ),
    ),
    (
        "Control",
        (
            ("cancel", "control", "cancel a task or a step and wait for the receipt"),
            ("pause", "control", "begin no new step of a task"),
            ("resume", "running", "go on with a paused task, or try an ended one again"),
            ("budget", "budget", "what was spent, and what tasks may use; raise, cheap, stop"),
            ("rm", "control", "forget an ended task; its events stay"),
        ),
    ),
    (
        "Trust and care",
        (
            ("explain", "policy", "tier and verdict of a command or script"),
            ("memory", "memory", "what earlier runs taught: list, search, forget"),
            ("trust", "trust", "let the recipes and policy of a directory be used"),
            ("audit", "audit", "verify or export the audit log"),
            ("doctor", "doctor", "what works here, what does not, and why"),
            ("notify", "notify", "how you are told that you are needed; try it"),
            ("config", "config", "the settings and where they came from"),
            ("schema", "planning", "the JSON Schema of plan files"),
            ("completion", "completion", "completions for bash, zsh, fish"),
            ("serve", "serving", "own the state directory without a screen"),
        ),
    ),
)

COMMANDS: dict[str, tuple[str, str]] = {name: (module, line) for _, entries in GROUPS for name, module, line in entries}
"""Name to module and line of help."""

ABOUT = "Read it, sign it, run it: what was reviewed is what runs."


def overview() -> str:
    """The text of `signoff --help`."""
    lines = ["usage: signoff [--state DIR | --host DIR] [--plain] [COMMAND] ...", "", ABOUT]
    lines += ["Without a command: the workbench, attached to the owner of the state directory if there is one."]
    for title, entries in GROUPS:
        lines += ["", f"{title}:"]
        lines += [f"  {name:<12} {line}" for name, _, line in entries]
    lines += ["", "Everywhere:"]
    lines += [f"  {names:<12} {line}" for names, line in _EVERYWHERE]
    lines += ["", "Example: signoff run plan.yaml", "Each command tells more: signoff run --help", ""]
    return "\n".join(lines)


_EVERYWHERE = (
    ("--state DIR", "another state directory than the platform's"),
    ("--host DIR", "the engine that somebody else shares there: signoff serve --share DIR"),
    ("--plain", "lines of words only; without a command, a prompt for them"),
    ("--version", "print the version"),
)
