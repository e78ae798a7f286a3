// The page of a case: previous and next of the list one came from, steps in a dialog, mentions.
import { start } from "./form.js";
import "./mention.js";

const place = document.querySelector("[data-neighbours]");
const list = JSON.parse(sessionStorage.getItem("case-list") ?? "null");
const at = list?.cases.indexOf(location.pathname) ?? -1;
if (at >= 0) {
  document.querySelector("[data-back]").href = list.address;
  const ways = { previous: list.cases[at - 1] ?? list.previous, next: list.cases[at + 1] ?? list.next };
  for (const [way, address] of Object.entries(ways)) {
    const link = place.querySelector(`[data-key=${way}]`);
    link.title = place.dataset[`${way}Word`];
    link.setAttribute("aria-label", link.title);
    if (address) link.href = address;
    else link.classList.add("disabled");
  }
  place.hidden = false;
}

// A step opens in a dialog; with a modifier key, without script or after a mistake it is a page.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-dialog]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !window.tabler?.Modal) return;
  event.preventDefault();
  const answer = await fetch(`${link.href}?dialog=1`).catch(() => null);
  if (!answer?.ok || answer.redirected) return void location.assign(link.href);
  const modal = document.getElementById("step");
  const content = modal.querySelector("[data-step]");
  content.innerHTML = await answer.text();
  content.querySelectorAll("form[data-case-form]").forEach(start);
  window.tabler.Modal.getOrCreateInstance(modal).show();
  modal.addEventListener("shown.bs.modal", () => content.querySelector("textarea, input:not([type=hidden]), button.btn-primary")?.focus(), { once: true });
});
