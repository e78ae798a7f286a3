"""Laboratory, microbiology, examinations, pathology and critical values of inpatients."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa

from xunzhi.synth.catalog import Columns, columns, read
from xunzhi.synth.columns import Array, Coded, Rows, hours, known, minutes, only, spread
from xunzhi.synth.month import Month
from xunzhi.synth.world import DOCTOR, NURSE, TECHNICIAN

_DEFECTS = ("type", "container", "volume", "clotted", "haemolysed", "label")


@cache
def _panels() -> Columns:
    return columns(read("laboratory")["panels"], ["panel", "specimen", "container", "anti", "section", "weight"])


@cache
def _items() -> Columns:
    names = ["code", "name", "panel", "unit", "mean", "sd", "low", "high", "critical_low", "critical_high"]
    return columns(read("laboratory")["items"], names)


@cache
def _exams() -> Columns:
    return columns(read("laboratory")["examinations"], ["modality", "item", "part", "weight", "positive", "minutes"])


def make(month: Month) -> dict[str, Rows]:
    """Tables of specimens, results, cultures, isolates, examinations, critical values and pathology."""
    specimens = _specimens(month)
    results = _results(month)
    cultures, isolates, susceptibility = _microbiology(month)
    examinations = _examinations(month)
    return {
        "lab_specimen": specimens,
        "lab_result": results,
        "culture": cultures,
        "isolate": isolates,
        "susceptibility": susceptibility,
        "examination": examinations,
        "critical_value": _critical(month),
        "pathology_report": _pathology(month),
    }


def _during(month: Month, rng: np.random.Generator, stay: Array) -> Array:
    """Some time of a stay: half of them on the first day, none after the last morning."""
    stays = month.stays
    room = np.maximum((stays.discharge[stay] - stays.admission[stay]).astype(np.int64) / 3600 - 8, 1)
    share = np.where(
        rng.random(len(stay)) < 0.45, np.minimum(10 * rng.random(len(stay)) + 0.5, room), room * rng.random(len(stay))
    )
    return stays.admission[stay] + hours(share)


def _specimens(month: Month) -> Rows:
    """Routine specimens, and one pathogen test before treatment for those who are tested in time."""
    rng, stays = month.rng("specimen"), month.stays
    panel_table = _panels()
    weight = panel_table["weight"].astype(float)
    routine, _ = spread(month.count(rng, 3.6, len(stays)))
    treated = month.shared["abx_treated"]
    tested = treated[month.hit(rng, "pathogen_test_before", treated, stays.admission[treated])]
    stay = np.concatenate([routine, tested])
    count = len(stay)
    pathogen = np.arange(count) >= len(routine)
    panel = np.where(pathogen, 3, rng.choice(len(weight), count, p=weight / weight.sum()))
    first = stays.admission[stay] + minutes(np.clip(month.shared["abx_first_hour"][stay], 0, 1e4) * 60 * 0.5)
    collected = np.where(pathogen, first, _during(month, rng, stay))
    unit = stays.unit[stay]
    urgent = rng.random(count) < 0.2
    received = collected + month.rates.delay(rng, "specimen_transport", unit, collected)
    bench = month.rates.delay(rng, "specimen_analysis", unit, received) * np.where(urgent, 1, 2)
    reported = received + bench
    defect = _defects(month, rng, unit, collected, panel_table["anti"][panel])
    rejected = (defect >= 0) & (rng.random(count) < 0.7)
    month.shared |= {
        "spec_stay": stay,
        "spec_panel": panel,
        "spec_reported": reported,
        "spec_rejected": rejected,
        "spec_collected": collected,
        "spec_pathogen": pathogen,
    }
    lab = np.full(count, month.units.of_kind("laboratory"))
    wrong = month.rates.hit(rng, "lab_report_incorrect", unit, reported)
    return {
        **month.of_stay(stay),
        "specimen_id": month.keys("lab_specimen", "SP", count),
        "setting": "inpatient",
        "panel": Coded(panel, panel_table["panel"]),
        "specimen_type": Coded(panel, panel_table["specimen"]),
        "container": Coded(panel, panel_table["container"]),
        "anticoagulated": panel_table["anti"][panel],
        "pathogen_test": panel == 3,
        "urgent": urgent,
        "ordered_time": np.maximum(collected - hours(1 + 6 * rng.random(count)), stays.admission[stay]),
        "collected_time": collected,
        "collector": month.staff.column(month.staff.pick(rng, NURSE, unit)),
        "received_time": received,
        "defect": Coded(defect, _DEFECTS),
        "rejected": rejected,
        "lab_section": Coded(panel, panel_table["section"]),
        "reported_time": only(~rejected, reported),
        "viewed_time": only(~rejected, reported + minutes(10 + 80 * rng.random(count))),
        "reporter": month.staff.column(month.staff.pick(rng, TECHNICIAN, lab)),
        "verifier": month.staff.column(month.staff.pick(rng, TECHNICIAN, lab, 2)),
        "report_incorrect": wrong & ~rejected,
        "corrected_time": only(wrong & ~rejected, reported + hours(2 + 20 * rng.random(count))),
    }


def _defects(month: Month, rng: np.random.Generator, unit: Array, when: Array, anti: Array) -> Array:
    """What is wrong with each specimen, -1 for nothing."""
    defect = np.full(len(unit), -1)
    for place, name in enumerate(_DEFECTS):
        hit = month.rates.hit(rng, f"specimen_{name}", unit, when)
        fits = hit & anti if name == "clotted" else hit
        defect = np.where((defect < 0) & fits, place, defect)
    return defect


def _results(month: Month) -> Rows:
    rng, share, items = month.rng("result"), month.shared, _items()
    good = np.flatnonzero(~share["spec_rejected"])
    by_panel = [np.flatnonzero(items["panel"] == place) for place in range(len(_panels()))]
    size = np.array([len(each) for each in by_panel])
    wanted = month.count(rng, 1.35, len(good)) if month.hospital.detail < 1 else 1 + rng.poisson(0.35, len(good))
    counts = np.minimum(wanted, size[share["spec_panel"][good]])
    at, place = spread(counts)
    specimen = good[at]
    shift = rng.integers(0, 100, len(good))[at]
    panel = share["spec_panel"][specimen]
    padded = np.array([np.resize(each, size.max()) for each in by_panel])
    item = padded[panel, (place + shift) % size[panel]]
    mean, sd = items["mean"][item].astype(float), items["sd"][item].astype(float)
    skewed = sd > 0.55 * mean
    sigma = np.sqrt(np.log1p((sd / mean) ** 2))
    value = np.where(
        skewed, mean * np.exp(sigma * rng.normal(size=len(item)) - sigma**2 / 2), mean + sd * rng.normal(size=len(item))
    )
    value = np.round(np.maximum(value, 0.01), 2)
    low, high = items["low"][item].astype(float), items["high"][item].astype(float)
    very_low, very_high = (
        value < items["critical_low"][item].astype(float),
        value > items["critical_high"][item].astype(float),
    )
    flag = np.where(very_low, 4, np.where(very_high, 3, np.where(value < low, 2, np.where(value > high, 1, 0))))
    critical = very_low | very_high
    stay = share["spec_stay"][specimen]
    rows = np.flatnonzero(critical)
    month.shared |= {
        "crit_result": rows,
        "crit_stay": stay[rows],
        "crit_time": share["spec_reported"][specimen][rows],
        "crit_item": item[rows],
        "crit_value": value[rows],
    }
    return {
        **month.of_stay(stay),
        "result_id": month.keys("lab_result", "LR", len(item)),
        "specimen_id": Coded(specimen, month.ids["lab_specimen"]),
        "setting": "inpatient",
        "result_time": share["spec_reported"][specimen],
        "item_code": Coded(item, items["code"]),
        "item": Coded(item, items["name"]),
        "value": value,
        "unit": Coded(item, items["unit"]),
        "reference_low": low,
        "reference_high": high,
        "abnormal": Coded(flag, ("N", "H", "L", "HH", "LL")),
        "critical": critical,
    }


def _microbiology(month: Month) -> tuple[Rows, Rows, Rows]:
    rng, stays, data = month.rng("culture"), month.stays, read("laboratory")
    treated = month.shared["abx_treated"]
    suspects = np.concatenate([treated[rng.random(len(treated)) < 0.32], month.shared["inf_stay"]])
    kinds = data["cultures"]
    weight = np.array([row[1] for row in kinds], float)
    kind = rng.choice(len(kinds), len(suspects), p=weight / weight.sum())
    sets = np.where((kind == 0) & (rng.random(len(kind)) < 0.72), 2, 1)
    one, place = spread(sets)
    stay, kind = suspects[one], kind[one]
    collected = _during(month, rng, suspects)[one]
    unit, count = stays.unit[stay], len(stay)
    positive = rng.random(count) < np.array([row[2] for row in kinds])[kind]
    spoiled = (kind == 0) & ~positive & month.rates.hit(rng, "blood_culture_contaminated", unit, collected)
    reported = collected + hours(np.where(positive, 52 + 30 * rng.random(count), 110 + 12 * rng.random(count)))
    grows = positive | spoiled
    cultures: Rows = {
        **month.of_stay(stay),
        "culture_id": month.keys("culture", "CU", count),
        "setting": "inpatient",
        "specimen_type": Coded(kind, [row[0] for row in kinds]),
        "set_number": place + 1,
        "collected_time": collected,
        "received_time": collected + minutes(25 + 60 * rng.random(count)),
        "positive_time": only(grows, collected + hours(12 + 24 * rng.random(count))),
        "reported_time": reported,
        "positive": grows,
        "contaminated": spoiled,
    }
    isolates, drugs = _isolates(month, rng, np.flatnonzero(grows), (stay, kind, collected, reported, spoiled))
    return cultures, isolates, drugs


def _isolates(month: Month, rng: np.random.Generator, grown: Array, of: tuple[Array, ...]) -> tuple[Rows, Rows]:
    data = read("laboratory")
    stay, kind, collected, reported, spoiled = (each[grown] for each in of)
    bugs = data["organisms"]
    weights = np.array([row[3] for row in data["cultures"]], float)
    weights[:, -1] *= 0.15
    running = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    bug = (rng.random((len(grown), 1)) > running[kind]).sum(axis=1).clip(0, len(bugs) - 1)
    bug = np.where(spoiled, len(bugs) - 1, bug)
    unit = month.stays.unit[stay]
    share = np.array([row[3] for row in bugs])[bug]
    bias = month.rates.probability("mdro_level", unit, collected)
    resistant = rng.random(len(grown)) < np.minimum(share * bias, 0.97)
    same = stay * 100 + bug
    first = np.zeros(len(grown), bool)
    first[np.unique(same, return_index=True)[1]] = True
    isolates: Rows = {
        **month.of_stay(stay),
        "isolate_id": month.keys("isolate", "IS", len(grown)),
        "culture_id": Coded(grown, month.ids["culture"]),
        "specimen_type": Coded(kind, [row[0] for row in data["cultures"]]),
        "collected_time": collected,
        "reported_time": reported,
        "organism_code": Coded(bug, [row[0] for row in bugs]),
        "organism": Coded(bug, [row[1] for row in bugs]),
        "mdro": Coded(np.where(resistant, bug, -1), [row[2] for row in bugs]),
        "contaminant": spoiled,
        "first_isolate": first,
        "origin": Coded((rng.random(len(grown)) < 0.55).astype(int), ("hospital", "community")),
    }
    tests = data["susceptibility"]
    tested = np.flatnonzero(~spoiled)
    row, drug = np.repeat(tested, len(tests)), np.tile(np.arange(len(tests)), len(tested))
    odds = np.array([[row_[2], row_[3]] for row_ in tests])[drug, resistant[row].astype(int)]
    verdict = np.where(rng.random(len(row)) < odds, 2, np.where(rng.random(len(row)) < 0.05, 1, 0))
    mic = np.array([0.5, 4.0, 32.0])[verdict] * 2.0 ** rng.integers(0, 2, len(row))
    susceptibility: Rows = {
        "institution": month.hospital.institution,
        "isolate_id": Coded(row, month.ids["isolate"]),
        "atc": Coded(drug, [row_[0] for row_ in tests]),
        "patient_id": Coded(stay[row], month.patients),
        "collected_time": collected[row],
        "drug": Coded(drug, [row_[1] for row_ in tests]),
        "method": "MIC",
        "value": mic,
        "interpretation": Coded(verdict, ("S", "I", "R")),
    }
    return isolates, susceptibility


def _examinations(month: Month) -> Rows:
    rng, stays, table = month.rng("examination"), month.stays, _exams()
    stay, _ = spread(month.count(rng, 1.3, len(stays)))
    count, unit = len(stay), stays.unit[stay]
    weight = table["weight"].astype(float)
    kind = rng.choice(len(weight), count, p=weight / weight.sum())
    done = _during(month, rng, stay)
    positive = rng.random(count) < np.minimum(
        table["positive"][kind].astype(float) * month.rates.probability("imaging_positive", unit, done), 0.98
    )
    critical = positive & month.rates.hit(rng, "imaging_critical", unit, done)
    reported = done + minutes(table["minutes"][kind].astype(float) * np.exp(rng.normal(0, 0.5, count)))
    reader = np.full(count, month.units.of_kind("imaging"))
    rows = np.flatnonzero(critical)
    month.shared |= {"exam_crit_stay": stay[rows], "exam_crit_time": reported[rows], "exam_crit_kind": kind[rows]}
    return {
        **month.of_stay(stay),
        "examination_id": month.keys("examination", "EX", count),
        "setting": "inpatient",
        "modality": Coded(kind, table["modality"]),
        "item": Coded(kind, table["item"]),
        "body_part": Coded(kind, table["part"]),
        "laterality": Coded(np.full(count, 0), ["none"]),
        "urgent": rng.random(count) < 0.14,
        "ordered_time": np.maximum(done - hours(2 + 20 * rng.random(count)), stays.admission[stay]),
        "appointment_time": done - minutes(20 * rng.random(count)),
        "performed_time": done,
        "reported_time": reported,
        "viewed_time": reported + minutes(15 + 120 * rng.random(count)),
        "reporter": month.staff.column(month.staff.pick(rng, DOCTOR, reader)),
        "verifier": month.staff.column(month.staff.pick(rng, DOCTOR, reader, 2)),
        "positive": positive,
        "critical": critical,
        "report_incorrect": rng.random(count) < 0.0008,
        "findings": Coded(positive.astype(int), ("所见各结构未见明显异常", "可见异常表现，详见结论")),
        "conclusion": Coded(
            np.where(positive, kind + 1, 0), ["未见明显异常", *(f"{item}所见异常" for item in table["item"])]
        ),
    }


def _critical(month: Month) -> Rows:
    rng, stays, share, items = month.rng("critical"), month.stays, month.shared, _items()
    lab, imaging = len(share["crit_stay"]), len(share["exam_crit_stay"])
    stay = np.concatenate([share["crit_stay"], share["exam_crit_stay"]])
    found = np.concatenate([share["crit_time"], share["exam_crit_time"]])
    source = np.repeat([0, 1], [lab, imaging])
    item = np.concatenate([share["crit_item"], len(items) + share["exam_crit_kind"]])
    count, unit = len(stay), stays.unit[stay]
    told = month.rates.hit(rng, "critical_notified", unit, found)
    notice = found + month.rates.delay(rng, "critical_notice", unit, found, 0.7)
    heard = notice + minutes(1 + 4 * rng.random(count))
    done = month.rates.within(rng, "critical_handled", unit, heard, 0.5)
    texts = [f"{value:g}" for value in share["crit_value"]] + ["影像危急征象"] * imaging
    month.shared |= {"critical_stay": stay, "critical_done": done, "critical_told": told}
    return {
        **month.of_stay(stay),
        "critical_value_id": month.keys("critical_value", "CV", count),
        "source": Coded(source, ("laboratory", "imaging")),
        "result_id": Coded(np.concatenate([share["crit_result"], np.full(imaging, -1)]), month.ids["lab_result"]),
        "setting": "inpatient",
        "item": Coded(item, [*items["name"], *_exams()["item"]]),
        "value_text": pa.array(texts, pa.string()),
        "detected_time": found,
        "notified_time": only(told, notice),
        "notifier": month.staff.column(
            month.staff.pick(rng, TECHNICIAN, np.full(count, month.units.of_kind("laboratory")))
        ),
        "acknowledged_time": only(told, heard),
        "acknowledger": month.staff.column(month.staff.pick(rng, NURSE, unit)),
        "doctor_informed_time": only(told, heard + minutes(1 + 5 * rng.random(count))),
        "handled_time": only(told & (rng.random(count) < 0.985), done),
        "record_signed_time": only(told & (rng.random(count) < 0.93), done + hours(4 * rng.random(count))),
    }


def _pathology(month: Month) -> Rows:
    rng, stays, share = month.rng("pathology"), month.stays, month.shared
    op = np.flatnonzero(~share["op_cancelled"] & (rng.random(len(share["op_stay"])) < 0.5))
    frozen = op[rng.random(len(op)) < 0.14]
    ihc = op[rng.random(len(op)) < 0.22]
    cells = np.flatnonzero(rng.random(len(stays)) < 0.03 * month.hospital.detail)
    molecular = cells[: len(cells) // 4]
    kind = np.repeat([0, 2, 3, 1, 4], [len(op), len(frozen), len(ihc), len(cells), len(molecular)])
    link = np.concatenate([op, frozen, ihc, np.full(len(cells) + len(molecular), -1)])
    stay = np.concatenate([share["op_stay"][op], share["op_stay"][frozen], share["op_stay"][ihc], cells, molecular])
    count, unit = len(stay), stays.unit[stay]
    middle = share["op_start"][link] + (share["op_end"][link] - share["op_start"][link]) // 2
    taken = np.where(link >= 0, np.where(kind == 2, middle, share["op_end"][link]), _during(month, rng, stay))
    received = taken + minutes(np.where(kind == 2, 8, 60) + 20 * rng.random(count))
    quick = month.rates.hit(rng, "frozen_timely", unit, received)
    soon = month.rates.hit(rng, "pathology_timely", unit, received)
    days = np.where(np.isin(kind, (0, 3, 4)), np.where(soon, 2.8, 9.5), np.where(soon, 0.9, 4.6)) * (
        0.75 + 0.25 * rng.random(count)
    )
    reported = received + np.where(
        kind == 2, minutes(np.where(quick, 15 + 14 * rng.random(count), 46 + 20 * rng.random(count))), hours(24 * days)
    )
    slides, stains = 1 + rng.poisson(4, count), np.where(kind == 3, 3 + rng.poisson(3, count), 0)
    checked = rng.random(count) < 0.08
    desk = np.full(count, month.units.of_kind("pathology"))
    bad = np.char.startswith(month.cases["icd10"][stays.case[stay]], "C")
    return {
        **month.of_stay(stay),
        "report_id": month.keys("pathology", "PA", count),
        "kind": Coded(kind, ("histology", "cytology", "frozen", "ihc", "molecular")),
        "operation_id": Coded(link, month.ids["operation"]),
        "setting": "inpatient",
        "excised_time": taken,
        "fixed_time": only(kind != 2, taken + minutes(25 * rng.random(count))),
        "fixation_ok": known(month.rates.hit(rng, "pathology_fixation", unit, received), kind != 2),
        "received_time": received,
        "earlier_case_open": known(rng.random(count) < 0.1, kind == 2),
        "reported_time": reported,
        "pathologist": month.staff.column(month.staff.pick(rng, DOCTOR, desk)),
        "verifier": month.staff.column(month.staff.pick(rng, DOCTOR, desk, 2)),
        "he_slides": known(slides, kind == 0),
        "he_slides_good": known(rng.binomial(slides, month.rates.probability("he_good", unit, received)), kind == 0),
        "ihc_slides": known(stains, kind == 3),
        "ihc_slides_good": known(rng.binomial(stains, month.rates.probability("ihc_good", unit, received)), kind == 3),
        "iqc_passed": known(rng.random(count) < 0.98, kind >= 3),
        "qc_checked": checked,
        "qc_agrees": known(month.rates.hit(rng, "cytology_agrees", unit, received), checked),
        "frozen_agrees": known(month.rates.hit(rng, "frozen_agrees", unit, received), kind == 2),
        "clinical_agrees": known(month.rates.hit(rng, "clinical_pathology_agrees", unit, received), kind == 0),
        "malignant": bad,
        "conclusion": Coded(
            bad.astype(int), ("（组织）慢性炎症改变，未见恶性依据", "（组织）恶性肿瘤，建议结合免疫组化")
        ),
    }
