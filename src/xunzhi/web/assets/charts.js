// Draws every Vega-Lite specification of a page: <figure data-chart="id of a JSON script element">.
// The interpreter needs no eval, so that the content security policy can forbid it.
import embed from "vega-embed";
import { expressionInterpreter } from "vega-interpreter";

const DARK = { background: "transparent", axis: { labelColor: "#c8d3e1", titleColor: "#c8d3e1", gridColor: "#2c3c54", domainColor: "#50627e" },
  legend: { labelColor: "#c8d3e1", titleColor: "#c8d3e1" }, title: { color: "#c8d3e1" }, text: { color: "#c8d3e1" } };
const LIGHT = { background: "transparent" };

function draw(figure) {
  const source = document.getElementById(figure.dataset.chart);
  if (!source || figure.dataset.drawn) return;
  figure.dataset.drawn = "yes";
  const dark = document.documentElement.dataset.bsTheme === "dark";
  embed(figure, JSON.parse(source.textContent), {
    ast: true, expr: expressionInterpreter, actions: false, renderer: "svg", config: dark ? DARK : LIGHT,
    tooltip: { theme: dark ? "dark" : "light" },
  });
}

const drawAll = (root) => root.querySelectorAll("[data-chart]").forEach(draw);
document.addEventListener("DOMContentLoaded", () => drawAll(document));
document.addEventListener("htmx:afterSettle", (event) => drawAll(event.target));
