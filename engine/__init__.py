"""The front door: the engine, its nouns, commands, events and errors.

No code lives here; the screens and the command line import from nowhere else.
"""

from __future__ import annotations

from engine.client import EngineClient, Gap, LogGrew, LogSlice
from engine.commands import (
    AcceptResult,
    Cancel,
    Command,
    Explain,
    Kill,
    ListEvents,
    ListQuestions,
    ListRuns,
    ListTargets,
    ListTasks,
    MakePlan,
    Pause,
    Query,
    Reject,
    Remove,
    Reply,
    Resolve,
    Resume,
    Return,
    Role,
    ShowEngine,
    ShowTask,
    Shutdown,
    Sign,
    VerifyAudit,
)
from engine.errors import Fault, InvalidPlan, SignoffError, UsageError
from engine.model.plan import Action, Document, Plan, PlannedStep, SignedFile, Step, When
from engine.model.question import ANSWERS, Answer, Question, QuestionKind
from engine.model.run import Receipt, Run, StepStatus
from engine.model.state import Outcome, Phase, RunState, StepState, Wait
from engine.model.task import ENGINE, Signature, Task, TaskSummary, TaskView
from engine.model.tier import Reason, Tier
from engine.opening import Need, connect
from engine.views import AuditReport, EngineInfo, Explanation, Target

__all__ = [
    "ANSWERS",
    "ENGINE",
    "AcceptResult",
    "Action",
    "Answer",
    "AuditReport",
    "Cancel",
    "Command",
    "Document",
    "EngineClient",
    "EngineInfo",
    "Explain",
    "Explanation",
    "Fault",
    "Gap",
    "InvalidPlan",
    "Kill",
    "ListEvents",
    "ListQuestions",
    "ListRuns",
    "ListTargets",
    "ListTasks",
    "LogGrew",
    "LogSlice",
    "MakePlan",
    "Need",
    "Outcome",
    "Pause",
    "Phase",
    "Plan",
    "PlannedStep",
    "Query",
    "Question",
    "QuestionKind",
    "Reason",
    "Receipt",
    "Reject",
    "Remove",
    "Reply",
    "Resolve",
    "Resume",
    "Return",
    "Role",
    "Run",
    "RunState",
    "ShowEngine",
    "ShowTask",
    "Shutdown",
    "Sign",
    "Signature",
    "SignedFile",
    "SignoffError",
    "Step",
    "StepState",
    "StepStatus",
    "Target",
    "Task",
    "TaskSummary",
    "TaskView",
    "Tier",
    "UsageError",
    "VerifyAudit",
    "Wait",
    "When",
    "connect",
]
