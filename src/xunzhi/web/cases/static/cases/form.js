// Forms of cases: fields come and go as declared, scales add up, tables grow. Without this the server says the same.
import { holds } from "./conditions.js";
import { scale, valuesOf } from "./values.js";
import { keepDraft } from "./draft.js";
import "./picker.js";
import "./upload.js";

/** Bring a form to life. */
export function start(form) {
  const read = (id) => (id ? JSON.parse(document.getElementById(id).textContent) : {}); // sheets of tools have no rules
  const conditions = read(form.dataset.caseForm);
  const known = read(form.dataset.known);
  const refresh = () => arrange(form, conditions, known);
  form.addEventListener("input", refresh);
  form.addEventListener("change", refresh);
  form.addEventListener("click", (event) => rows(event, refresh));
  refresh();
  if (form.dataset.draft) keepDraft(form);
  once(form);
  form.parentElement.querySelector("[data-focus]")?.focus();
}

document.querySelectorAll("form[data-case-form]").forEach(start);

// A chosen button is let go by choosing it again; a link of the summary goes to the input itself; long texts get room.
document.addEventListener("pointerdown", (event) => {
  const input = event.target.closest("label")?.querySelector("input[data-clearable]");
  if (input) input.dataset.was = input.checked;
});
document.addEventListener("click", (event) => {
  const input = event.target.closest("input[data-clearable]");
  if (input?.dataset.was === "true") {
    input.checked = false;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
  if (input) delete input.dataset.was;
  const link = event.target.closest("a[data-goto]");
  const there = link && document.getElementById(link.hash.slice(1));
  if (there) {
    event.preventDefault();
    there.scrollIntoView({ block: "center" });
    (there.matches("input, select, textarea") ? there : there.querySelector("input:not([type=hidden]), select, textarea, button"))?.focus({ preventScroll: true });
  }
});

/** Show and require what the values so far ask for; a hidden field counts as empty for those below it. */
function arrange(form, conditions, known) {
  const values = { ...known, ...valuesOf(form) };
  for (const element of form.querySelectorAll("[data-field]")) {
    const { show, require: needed } = conditions[element.dataset.field] ?? {};
    const shown = !show || holds(show, values);
    element.hidden = !shown;
    if (!shown) delete values[element.dataset.field];
    element.querySelectorAll("input, select, textarea").forEach((input) => (input.disabled = !shown));
    const asked = shown && ("needed" in element.dataset || (needed !== undefined && holds(needed, values)));
    element.querySelector(".form-label")?.classList.toggle("required", asked);
  }
  for (const section of form.querySelectorAll("[data-section]")) {
    section.hidden = ![...section.querySelectorAll("[data-field]")].some((element) => !element.hidden);
  }
  form.querySelectorAll("[data-scale]").forEach(score);
}

function score(element) {
  const found = scale(element);
  element.querySelector("[data-total]").textContent = found.total ?? "–";
  const band = element.querySelector("[data-band]");
  band.textContent = found.done ? found.label : "";
  band.hidden = !band.textContent;
}

/** Add or remove a row of a table field. */
function rows(event, refresh) {
  const add = event.target.closest("[data-add-row]");
  const remove = event.target.closest("[data-remove-row]");
  if (!add && !remove) return;
  const table = event.target.closest("[data-table]");
  if (add) {
    const next = Number(table.dataset.next);
    table.dataset.next = next + 1;
    const body = table.querySelector("[data-rows]");
    body.insertAdjacentHTML("beforeend", table.querySelector("template").innerHTML.replaceAll("__row__", next));
    body.lastElementChild.querySelector("input, select, textarea")?.focus();
  } else {
    remove.closest("[data-row]").remove();
    table.querySelector("[data-add-row]").focus();
  }
  table.dispatchEvent(new Event("change", { bubbles: true }));
  refresh();
}

/** A form is sent once, however often its button is pressed. */
function once(form) {
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    event.submitter?.classList.add("btn-loading");
  });
  addEventListener("pageshow", () => {
    delete form.dataset.sent;
    form.querySelectorAll(".btn-loading").forEach((button) => button.classList.remove("btn-loading"));
  });
}
