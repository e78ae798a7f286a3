# ruff: noqa: E402 - Django is set up before its models are imported
"""Kill a process at every step in which it puts a decision into force, and tell what is in force then.

Run by test_crash.py: `python -m tests.web.governance.killed`, in a home of its own. Each line of output is what one
kill left: what was being decided, the event at which it came, whether the decision was committed, and what was in force
before and after the site started again.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import django

django.setup()

from django.core.management import call_command
from django.db import connection, transaction

from xunzhi.standards import local, pack
from xunzhi.standards.cache import fingerprint
from xunzhi.standards.local import installed, own_pack
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.services import move, open_case
from xunzhi.web.governance import changes
from xunzhi.web.governance.changes import change_of, tried_pack
from xunzhi.web.governance.models import Decision
from xunzhi.web.governance.publishing import decide, settle
from xunzhi.web.org.models import Unit

HOME = Path(os.environ["XUNZHI_HOME"])
NAME = "inpatient_mortality_rate"
WATCHED = ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.utime", "shutil.rmtree")
DECIDED = {"indicator": NAME, "value": 1.5, "from": "2026-01", "author": "a", "reason": "r", "decided": "2026-01-05"}


def _remember() -> None:
    """Load each pack once, by its content: the steps between are what is tried here."""

    known: dict[str, Any] = {}

    def load(chosen: Any = pack.DEFAULT_PACK) -> Any:
        folder = chosen if isinstance(chosen, Path) else pack.PACKS / chosen
        mark = fingerprint([folder])
        found = known[mark] = known.get(mark) or pack.load_pack(chosen)
        return replace(found, root=folder.absolute())

    local.load_pack = changes.load_pack = load  # type: ignore[assignment]


def _proposed(minimum: int) -> int:

    unit = Unit.objects.get_or_create(institution="H1", code="H1", name="医院", kind=Unit.Kind.INSTITUTION)[0]
    told = {
        "subject": "修订", "kind": "revise", "indicator": NAME, "effective": "2026-01-01", "reason": "新口径",
        "definition": f"minimum: {minimum}",
    }  # fmt: skip
    case = open_case("indicator_change", told, None, unit)
    case.trials.create(proposal=change_of(case).fingerprint)
    for step in ("submit", "endorse"):
        case = move(case, step, {}, None, case.version)
    return int(case.pk)


def _publish(pk: int) -> None:

    case = Case.objects.get(pk=pk)
    move(case, "publish", {}, None, case.version)


def _decide(_pk: int) -> None:

    with transaction.atomic():
        decide(Decision.File.TARGETS, DECIDED)


def _in_force() -> dict[str, Any]:
    """What any program finds in the home folder; fails if it is half."""

    name = os.environ["XUNZHI_PACK"]
    own = own_pack(HOME, name)
    assert own is not None, "the pack that was extended, instead of the hospital's own"
    assert fingerprint([own])[:16] == own.name, "half a pack"
    found = installed(HOME, name).indicators[NAME]
    return {"minimum": found.minimum, "target": found.target.value if found.target else None}


def _told(action: str, pk: int, note: Path) -> None:

    committed = Case.objects.get(pk=pk).state == "published" if action == "publish" else Decision.objects.exists()
    found: dict[str, Any] = {
        "action": action,
        "event": note.read_text() if note.is_file() else "",
        "committed": committed,
        "before": _in_force(),
    }
    settle()
    sys.stdout.write(json.dumps(found | {"after": _in_force()}) + "\n")
    sys.stdout.flush()


def _kill_at(number: int, note: Path) -> None:
    """Let the kernel end this process at an event in the home folder."""
    handle, left = os.open(note, os.O_WRONLY | os.O_CREAT), [number]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in WATCHED or not str(arguments[0]).startswith(str(HOME)):
            return
        left[0] -= 1
        if left[0] < 0:
            os.write(handle, f"{event} {arguments[0]}".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def _child(run: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            run()
            os._exit(0)
        except BaseException:  # noqa: BLE001  the parent reads it
            traceback.print_exc()
            os._exit(1)
    return os.waitpid(pid, 0)[1]


def _kills(action: str, act: Callable[[int], None], pk: int, template: Path) -> None:
    """Kill, look, bring back, until a run comes to its end."""
    note = HOME.with_name("note")
    for number in count():
        note.unlink(missing_ok=True)
        shutil.rmtree(HOME)
        shutil.copytree(template, HOME)

        def run(number: int = number) -> None:
            _kill_at(number, note)
            act(pk)

        ended = os.waitstatus_to_exitcode(_child(run))
        assert ended in (0, -signal.SIGKILL), "neither killed nor done"
        assert _child(lambda: _told(action, pk, note)) == 0, "what was left can't be read"
        if ended == 0:
            return


def main() -> None:
    """A hospital with a definition of its own publishes another one, then decides on a target."""

    _remember()
    call_command("migrate", verbosity=0, interactive=False)
    _publish(_proposed(40))
    pk = _proposed(50)
    with tried_pack(change_of(Case.objects.get(pk=pk)), alone=False):
        connection.close()
    template = HOME.with_name("template")
    shutil.copytree(HOME, template)
    _kills("publish", _publish, pk, template)
    _kills("target", _decide, pk, template)


if __name__ == "__main__":
    main()
