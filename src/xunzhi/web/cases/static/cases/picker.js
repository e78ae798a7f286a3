// Choosing a person, a unit or an indicator by typing: a combobox (WAI-ARIA) whose options the server finds.
// <div data-picker="/cases/pick/person" data-name="f" [data-many]> with an <input role="combobox"> and [data-picked].

let count = 0;
const questions = new WeakMap(); // list → number of its newest question: what answers an older one is dropped

function ask(list) {
  const number = (questions.get(list) ?? 0) + 1;
  questions.set(list, number);
  return () => questions.get(list) === number;
}

addEventListener("focusin", (event) => {
  const picker = event.target.closest?.("[data-picker]");
  if (picker && event.target.matches("[role=combobox]") && !picker.dataset.ready) prepare(picker, event.target);
});

function prepare(picker, input) {
  picker.dataset.ready = "yes";
  const list = document.createElement("div");
  list.className = "dropdown-menu picker-list";
  list.role = "listbox";
  list.id = `picker-${++count}`;
  input.setAttribute("aria-controls", list.id);
  input.after(list);
  let waiting;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    if (!("many" in picker.dataset)) forget(picker);
    const newest = ask(list);
    waiting = setTimeout(() => newest() && look(picker, input, list), 160);
  });
  input.addEventListener("focus", () => look(picker, input, list));
  input.addEventListener("blur", () => setTimeout(() => close(input, list), 150));
  input.addEventListener("keydown", (event) => keys(event, picker, input, list));
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[role=option]");
    if (option) choose(picker, input, list, option);
  });
  look(picker, input, list);
}

async function look(picker, input, list) {
  const newest = ask(list);
  const text = chosen(picker) ? "" : input.value.trim();
  const address = new URL(picker.dataset.picker, location);
  address.searchParams.set("q", text);
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const { options, none } = await answer.json();
  if (!newest() || document.activeElement !== input) return;
  list.replaceChildren(...options.map(option), ...(options.length ? [] : [nothing(none)]));
  list.classList.add("show");
  input.setAttribute("aria-expanded", "true");
  mark(input, list, 0);
}

const chosen = (picker) => !("many" in picker.dataset) && picker.querySelector("[data-picked] input");

function option({ id, text, note }) {
  const element = document.createElement("div");
  element.className = "dropdown-item";
  element.role = "option";
  element.id = `${++count}-option`;
  element.dataset.id = id;
  element.dataset.text = text;
  element.textContent = text;
  if (note) {
    const small = document.createElement("span");
    small.className = "text-secondary ms-2 small";
    small.textContent = note;
    element.append(small);
  }
  return element;
}

function nothing(text) {
  const element = document.createElement("div");
  element.className = "dropdown-item disabled";
  element.textContent = text;
  return element;
}

function mark(input, list, index) {
  const options = [...list.querySelectorAll("[role=option]")];
  options.forEach((each, place) => {
    each.classList.toggle("active", place === index);
    each.setAttribute("aria-selected", String(place === index));
  });
  options[index]?.scrollIntoView({ block: "nearest" });
  if (options[index]) input.setAttribute("aria-activedescendant", options[index].id);
}

function keys(event, picker, input, list) {
  const options = [...list.querySelectorAll("[role=option]")];
  const at = options.findIndex((each) => each.classList.contains("active"));
  const shown = list.classList.contains("show");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (!shown) return void look(picker, input, list);
    mark(input, list, (at + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length);
  } else if (event.key === "Enter" && shown) {
    event.preventDefault();
    if (options[at]) choose(picker, input, list, options[at]);
  } else if (event.key === "Escape" && shown) {
    event.stopPropagation();
    close(input, list);
  } else if (event.key === "Backspace" && "many" in picker.dataset && input.value === "") {
    picker.querySelector("[data-picked] > :last-child")?.remove();
    changed(picker);
  }
}

function choose(picker, input, list, element) {
  const { id, text } = element.dataset;
  const many = "many" in picker.dataset;
  if (!many) forget(picker);
  const place = picker.querySelector("[data-picked]");
  if (![...place.querySelectorAll("input")].some((each) => each.value === id)) place.append(kept(picker.dataset.name, id, text, many));
  input.value = many ? "" : text;
  close(input, list);
  changed(picker);
}

function kept(name, id, text, many) {
  const hidden = Object.assign(document.createElement("input"), { type: "hidden", name, value: id });
  if (!many) return hidden;
  const chip = document.createElement("span");
  chip.className = "badge bg-primary-lt picker-chip";
  const remove = Object.assign(document.createElement("button"), { type: "button", className: "btn-close btn-close-sm ms-1" });
  remove.dataset.unpick = "";
  remove.setAttribute("aria-label", `× ${text}`);
  chip.append(text, remove, hidden);
  return chip;
}

const forget = (picker) => picker.querySelector("[data-picked]").replaceChildren();
const changed = (picker) => picker.dispatchEvent(new Event("change", { bubbles: true }));

function close(input, list) {
  ask(list);
  list.classList.remove("show");
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-unpick]");
  if (!button) return;
  const picker = button.closest("[data-picker]");
  button.parentElement.remove();
  changed(picker);
});
