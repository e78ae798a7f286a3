// Fold or unfold the whole tree.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fold]");
  if (!button) return;
  for (const part of document.querySelectorAll(".org-tree details details")) part.open = button.dataset.fold === "open";
});
