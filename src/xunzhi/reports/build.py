"""A bulletin's content from results: the same for every renderer."""

from __future__ import annotations

import re

from xunzhi.reports import appendix, changes, comparison, notes
from xunzhi.reports.messages import Messages
from xunzhi.reports.model import Bulletin, Section
from xunzhi.reports.overview import grid, indicators_of
from xunzhi.reports.source import Source, clean
from xunzhi.reports.summary import summary


def build(source: Source, language: str = "zh", unit: str = "") -> Bulletin:
    """The bulletin of the whole institution, or of one department.

    Args:
        source: results, charts and signals of the period.
        language: zh or en.
        unit: department code; '' for the whole institution.

    Raises:
        ValueError: for a department without results in the period, or an unknown language.
    """
    say = Messages(language)
    if unit and unit not in source.units:
        raise ValueError(say("error.no_department", unit=unit, known=say.listed(list(source.units))))
    institution = clean(source.profile.name_of(source.institution))
    scope = source.name_of(unit) if unit else say("scope.hospital")
    period = say.period(source.period)
    name = say("title.department" if unit else "title.hospital", institution=institution, unit=scope)
    return Bulletin(
        id=_file_name(source, unit, language),
        language=language,
        title=name,
        scope=scope,
        period=period,
        imprint=_imprint(source, unit, period, say),
        as_of=source.as_of,
        notices=notes.notices(source, say),
        sections=tuple(_sections(source, unit, say)),
        footer=say("footer", title=name, period=period, version=source.state.lake_version, pack=source.state.pack),
    )


def _sections(source: Source, unit: str, say: Messages) -> list[Section]:
    overview = Section("overview", say("section.overview"), (grid(source, unit, say),), sheet=say("sheet.overview"))
    found = [
        Section("summary", say("section.summary"), summary(source, unit, say), sheet=say("sheet.summary")),
        *changes.sections(source, unit, say),
        overview,
    ]
    if not unit:
        found.append(comparison.section(source, say))
    found += [notes.section(source, say), appendix.series(source, unit, say), appendix.definitions(source, unit, say)]
    if not unit:
        table = appendix.departments(source, say)
        found.append(Section("all-departments", table.title, (table,), sheet=say("sheet.all_departments"), paper=False))
    return found


def _imprint(source: Source, unit: str, period: str, say: Messages) -> tuple[tuple[str, str], ...]:
    manifest = source.pack.manifest
    owners = dict.fromkeys(item.owner for item in indicators_of(source, unit))
    issuer = source.profile.issuer or say.listed([manifest.owners[owner](say.language) for owner in owners])
    return (
        (say("imprint.period"), period),
        (say("imprint.as_of"), source.state.as_of),
        (say("imprint.issuer"), issuer),
        (say("imprint.definitions"), f"{manifest.label(say.language)} {manifest.version} ({source.state.pack})"),
        (say("imprint.lake_version"), str(source.state.lake_version)),
    )


def _file_name(source: Source, unit: str, language: str) -> str:
    """A name safe on every file system; what is not is written as its number, so that names stay different."""
    parts = [
        "bulletin",
        source.institution,
        source.period,
        *([unit] if unit else []),
        *([language] if language != "zh" else []),
    ]
    return "-".join(re.sub(r"[^\w.-]", lambda found: f"%{ord(found[0]):02X}", part) for part in parts)
