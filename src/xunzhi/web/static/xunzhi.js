// Small behaviours that every page shares; all pages work without them.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-theme-toggle]")) {
    const next = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
    localStorage.setItem("theme", next);
    location.reload(); // charts are drawn in the colours of the theme
  }
  if (event.target.closest("[data-print]")) window.print();
});

// Keyboard: / searches, n and p (or ] and [) turn to the next and previous thing on the page.
const typing = (element) => element.isContentEditable || /^(input|textarea|select)$/i.test(element.tagName);
document.addEventListener("keydown", (event) => {
  if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    event.preventDefault();
    document.getElementById("search")?.focus();
  }
  const wanted = { n: "next", "]": "next", p: "previous", "[": "previous" }[event.key];
  if (wanted) document.querySelector(`a[data-key="${wanted}"][href]`)?.click();
});

// Forms of filters send themselves when a choice changes; confirmations ask first.
document.addEventListener("change", (event) => event.target.form?.matches("[data-autosubmit]") && event.target.form.requestSubmit());
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm || event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});
