// What is filled in, as the JSON in which the server keeps it (xunzhi.standards.forms.FieldType).

const texts = (scope, name) => [...scope.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
const first = (scope, name) => texts(scope, name)[0]?.value ?? "";
const picked = (scope, name) => texts(scope, name).filter((input) => input.checked).map((input) => input.value);
const number = (text) => (text.trim() === "" || Number.isNaN(Number(text)) ? null : Number(text));
const ids = (scope, name) => texts(scope, name).map((input) => number(input.value)).filter((id) => id !== null);

const readers = {
  number: (scope, name) => number(first(scope, name)),
  boolean: (scope, name) => ({ true: true, false: false })[picked(scope, name)[0]] ?? null,
  choice: (scope, name) => (texts(scope, name)[0]?.type === "radio" ? picked(scope, name)[0] ?? "" : first(scope, name)),
  multi_choice: picked,
  person: (scope, name, many) => (many ? ids(scope, name) : ids(scope, name)[0] ?? null),
  indicator: (scope, name, many) => (many ? texts(scope, name).map((input) => input.value) : first(scope, name)),
  attachment: (scope, name) => texts(scope, name).map((input) => input.value),
  patient: (scope, name) =>
    Object.fromEntries(["patient_id", "encounter_id", "name"].map((key) => [key, first(scope, `${name}.${key}`)]).filter(([, value]) => value)),
  scale: (scope) => scale(scope.querySelector("[data-scale]")),
  table: (scope) => [...scope.querySelectorAll("[data-row]")].map(row).filter((values) => Object.keys(values).length),
  signature: (scope, name) => (picked(scope, name).length ? { user: true } : null),
};
readers.money = readers.number;
readers.unit = readers.person;

/** The value of one field, given the element that carries its data-field and data-type. */
export function valueOf(element) {
  const read = readers[element.dataset.type] ?? first;
  return read(element, element.dataset.name ?? element.dataset.field, "many" in element.dataset);
}

function row(element) {
  const found = {};
  for (const cell of element.querySelectorAll("[data-column]")) {
    const value = valueOf(cell);
    if (value !== null && value !== "" && !(Array.isArray(value) && !value.length)) found[cell.dataset.column] = value;
  }
  return found;
}

/** Answers of a scale with their points; {} while nothing is answered. */
export function scale(element) {
  const answers = {};
  let total = 0;
  for (const input of element.querySelectorAll("input:checked")) {
    answers[input.dataset.item] = input.value;
    total += Number(input.dataset.points);
  }
  if (!Object.keys(answers).length) return {};
  const bands = JSON.parse(element.dataset.bands);
  const band = bands.filter((each) => each.from <= total).at(-1);
  return { answers, total, band: band?.id ?? null, label: band?.label ?? "", done: Object.keys(answers).length === Number(element.dataset.items) };
}

/** All values of a form: {field: value}. */
export const valuesOf = (form) =>
  Object.fromEntries([...form.querySelectorAll("[data-field]")].map((element) => [element.dataset.field, valueOf(element)]));
