// The board: arrow keys walk from card to card; the menu of a card moves it.
import "./list.js";

const board = document.querySelector("[data-board]");
const columns = [...board.querySelectorAll("[data-column]")];
const cards = (column) => [...column.querySelectorAll("a.stretched-link")];
const moves = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

board.addEventListener("keydown", (event) => {
  const move = moves[event.key];
  if (!move || !event.target.matches("a.stretched-link")) return;
  event.preventDefault();
  let at = columns.indexOf(event.target.closest("[data-column]"));
  const row = cards(columns[at]).indexOf(event.target) + move[1];
  if (move[0]) {
    do at += move[0];
    while (columns[at] && !cards(columns[at]).length);
  }
  const there = columns[at] && cards(columns[at]);
  there?.[Math.max(0, Math.min(row, there.length - 1))]?.focus();
});
const order = columns.flatMap(cards).map((link) => link.getAttribute("href"));
sessionStorage.setItem("case-list", JSON.stringify({ address: location.href, cases: order, previous: "", next: "" }));
