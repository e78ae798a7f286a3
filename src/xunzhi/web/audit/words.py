"""What the codes of the log mean to those who read it."""

from __future__ import annotations

from django.utils.translation import pgettext_lazy

from xunzhi.web.installation import in_language
from xunzhi.web.permissions import roles

ACTIONS = {
    "account.create": pgettext_lazy("audit", "Account made"),
    "account.disable": pgettext_lazy("audit", "Account disabled"),
    "account.enable": pgettext_lazy("audit", "Account enabled"),
    "account.lock": pgettext_lazy("audit", "Account locked"),
    "account.reset": pgettext_lazy("audit", "Password reset"),
    "account.unlock": pgettext_lazy("audit", "Account unlocked"),
    "baseline.sign": pgettext_lazy("audit", "Baseline signed"),
    "calendar.add": pgettext_lazy("audit", "Day of the calendar changed"),
    "calendar.remove": pgettext_lazy("audit", "Day of the calendar taken back"),
    "case.attach": pgettext_lazy("audit", "File added to a case"),
    "case.comment": pgettext_lazy("audit", "Comment on a case"),
    "case.edit": pgettext_lazy("audit", "Case filled in"),
    "case.link": pgettext_lazy("audit", "Cases linked"),
    "case.move": pgettext_lazy("audit", "Step of a case"),
    "case.open": pgettext_lazy("audit", "Case opened"),
    "case.secrecy": pgettext_lazy("audit", "Secrecy raised"),
    "case.unlink": pgettext_lazy("audit", "Link of cases removed"),
    "data.check": pgettext_lazy("audit", "Mapping tried"),
    "data.load": pgettext_lazy("audit", "Data loaded"),
    "data.upload": pgettext_lazy("audit", "File of data uploaded"),
    "delivery.again": pgettext_lazy("audit", "Message sent again"),
    "export": pgettext_lazy("audit", "Export"),
    "glass.break": pgettext_lazy("audit", "Emergency access"),
    "glass.mend": pgettext_lazy("audit", "Emergency access ended"),
    "glass.review": pgettext_lazy("audit", "Emergency access reviewed"),
    "job.run": pgettext_lazy("audit", "Job started"),
    "org.change": pgettext_lazy("audit", "Unit changed"),
    "org.close": pgettext_lazy("audit", "Unit closed"),
    "org.create": pgettext_lazy("audit", "Unit made"),
    "org.found": pgettext_lazy("audit", "Site founded"),
    "org.import": pgettext_lazy("audit", "Organisation imported"),
    "org.person": pgettext_lazy("audit", "Person changed"),
    "org.post": pgettext_lazy("audit", "Post given"),
    "org.post_end": pgettext_lazy("audit", "Post ended"),
    "password.change": pgettext_lazy("audit", "Password changed"),
    "password.set": pgettext_lazy("audit", "Password set by invitation"),
    "patient.identify": pgettext_lazy("audit", "Patients' identity seen"),
    "print": pgettext_lazy("audit", "Print"),
    "project.score": pgettext_lazy("audit", "Points given to a project"),
    "project.step": pgettext_lazy("audit", "Step of a project done"),
    "project.step_reopened": pgettext_lazy("audit", "Step of a project re-opened"),
    "project.tool": pgettext_lazy("audit", "Tool of a project filled in"),
    "proof.declare": pgettext_lazy("audit", "Proof of effect declared"),
    "proof.in_place": pgettext_lazy("audit", "Measures declared in place"),
    "role.grant": pgettext_lazy("audit", "Role given"),
    "role.revoke": pgettext_lazy("audit", "Role taken"),
    "second_factor.codes": pgettext_lazy("audit", "New recovery codes"),
    "second_factor.enrol": pgettext_lazy("audit", "Second factor set up"),
    "second_factor.remove": pgettext_lazy("audit", "Second factor removed"),
    "session.end": pgettext_lazy("audit", "Session ended by another"),
    "sign_in": pgettext_lazy("audit", "Signed in"),
    "sign_in.fail": pgettext_lazy("audit", "Sign-in failed"),
    "sign_out": pgettext_lazy("audit", "Signed out"),
    "sign_out.idle": pgettext_lazy("audit", "Signed out after idling"),
    "signal.acknowledged": pgettext_lazy("audit", "Signal acknowledged"),
    "signal.closed": pgettext_lazy("audit", "Signal closed"),
    "signal.explained": pgettext_lazy("audit", "Signal explained"),
    "signal.new": pgettext_lazy("audit", "Signal asked again"),
    "signal.sent": pgettext_lazy("audit", "Signal sent to a department"),
    "signal.snoozed": pgettext_lazy("audit", "Signal snoozed"),
    "target.set": pgettext_lazy("audit", "Target set"),
    "token.make": pgettext_lazy("audit", "Token made"),
    "token.revoke": pgettext_lazy("audit", "Token revoked"),
}


def action_said(code: str) -> str:
    """What was done, in the reader's language."""
    return str(ACTIONS.get(code, code))


def purpose_said(text: str) -> str:
    """A purpose in the reader's language: kept as the code of roles.yaml, with the person's own words after it."""
    code, _, remark = text.partition(":")
    label = roles().purposes.get(code)
    if label is None:
        return text
    return f"{in_language(label)}: {remark.strip()}" if remark.strip() else in_language(label)
