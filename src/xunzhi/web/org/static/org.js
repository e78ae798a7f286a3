// Fold or unfold the whole tree, or what is below a line.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fold]");
  if (button) for (const part of document.querySelectorAll(".org-tree details details")) part.open = button.dataset.fold === "open";
  const line = event.target.closest(".org-line");
  const below = line && !event.target.closest("a") && line.parentElement.querySelector(":scope > details");
  if (below) below.open = !below.open;
});
