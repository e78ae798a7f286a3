// Lists: choosing many, what is done with them, and the way from one case to the next.
import "./picker.js";

const table = document.querySelector("[data-cases]");
const bulk = document.querySelector("[data-bulk]");

if (table) {
  const boxes = [...table.querySelectorAll("input[name=case]")];
  const all = table.querySelector("[data-all]");
  let last = null;
  const count = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    bulk.hidden = chosen === 0;
    bulk.querySelector("[data-count]").textContent = chosen;
    all.checked = chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  };
  all.addEventListener("change", () => {
    boxes.forEach((box) => (box.checked = all.checked));
    count();
  });
  table.addEventListener("click", (event) => {
    const box = event.target.closest("input[name=case]");
    if (box) {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)];
      if (event.shiftKey && from >= 0) boxes.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((each) => (each.checked = box.checked));
      last = box;
      return count();
    }
    if (event.target.closest("a, input, button, label") || String(getSelection())) return;
    event.target.closest("tr")?.querySelector("a[href]")?.click();
  });
  bulk.querySelector("[data-bulk-none]").addEventListener("click", () => {
    boxes.forEach((box) => (box.checked = false));
    count();
  });
  const what = bulk.querySelector("[data-bulk-do]");
  const adapt = () => {
    bulk.querySelector("[data-bulk-comment]").hidden = !what.value.startsWith("move:");
    bulk.querySelector("[data-bulk-person]").hidden = what.value !== "assign";
  };
  what?.addEventListener("change", adapt);
  count();

  // j and k walk through the rows, x chooses one, as in the lists that people know.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(input|textarea|select)$/i.test(event.target.tagName) && event.target.type !== "checkbox") return;
    const links = [...table.querySelectorAll("tbody a.case-title, tbody a.case-number")].filter((link, index, every) => every.findIndex((one) => one.closest("tr") === link.closest("tr")) === index);
    const at = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
    if (event.key === "j") links[Math.min(at + 1, links.length - 1)]?.focus();
    if (event.key === "k") links[Math.max(at - 1, 0)]?.focus();
    if (event.key === "x" && at >= 0) links[at].closest("tr").querySelector("input[name=case]").click();
  });

  const pages = Object.fromEntries(["previous", "next"].map((way) => [way, document.querySelector(`a[data-key="${way}"][href]`)?.href ?? ""]));
  const cases = [...new Set([...table.querySelectorAll("tbody a.case-number, tbody a.case-title")].map((link) => link.getAttribute("href")))];
  sessionStorage.setItem("case-list", JSON.stringify({ address: location.href, cases, ...pages }));
}

// What is ticked goes with the export.
document.querySelector("[data-export]")?.addEventListener("submit", (event) => {
  const form = event.target;
  form.querySelectorAll("[data-ticked]").forEach((input) => input.remove());
  document.querySelectorAll("[data-cases] input[name=case]:checked").forEach((box) => {
    const input = Object.assign(document.createElement("input"), { type: "hidden", name: "case", value: box.value });
    input.dataset.ticked = "";
    form.append(input);
  });
  window.tabler?.Modal?.getInstance(form.closest(".modal"))?.hide();
});

// A picker of the filters sends the form, too: its hidden input changes without a change of its own.
document.querySelector("[data-filters]")?.addEventListener("change", (event) => {
  if (event.target.matches("[data-picker]")) event.currentTarget.requestSubmit();
});
document.querySelector("[data-filters]")?.addEventListener("submit", (event) => {
  for (const input of event.target.elements) if (input.name && input.value === "") input.disabled = true;
});
