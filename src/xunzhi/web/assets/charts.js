// Draws every Vega-Lite specification of a page: <figure data-chart="id of a JSON script element">.
// The interpreter needs no eval, so that the content security policy can forbid it.
import embed from "vega-embed";
import { expressionInterpreter } from "vega-interpreter";

const DARK = { background: "transparent", axis: { labelColor: "#c8d3e1", titleColor: "#c8d3e1", gridColor: "#2c3c54", domainColor: "#50627e" },
  legend: { labelColor: "#c8d3e1", titleColor: "#c8d3e1" }, title: { color: "#c8d3e1" }, text: { color: "#c8d3e1" } };
// Colours of the printed charts (xunzhi.reports.icons and figures) and what stands for them on a dark page.
const ON_DARK = { "#ffffff": "#242424", "#26323d": "#dbe5ec", "#8494a0": "#9fb0bd", "#8494a1": "#9fb0bd", "#e3e8ec": "#3a4650",
  "#0b7a5b": "#4fd1a5", "#8a5a00": "#e0b050", "#0072b2": "#56b4e9", "#d55e00": "#ff9a4d", "#7b3fa0": "#c792ea",
  "#a06a00": "#e0b050", "#66727d": "#b3c0ca", "#5f6f7c": "#b3c0ca", "#b4bec6": "#71808c" };
const repainted = (text) => text.replace(/#[0-9a-f]{6}\b/gi, (colour) => ON_DARK[colour.toLowerCase()] ?? colour);

const LIGHT = { background: "transparent" };

function draw(figure) {
  const source = document.getElementById(figure.dataset.chart);
  if (!source || figure.dataset.drawn) return;
  figure.dataset.drawn = "yes";
  const dark = document.documentElement.dataset.bsTheme === "dark";
  embed(figure, JSON.parse(dark ? repainted(source.textContent) : source.textContent), {
    ast: true, expr: expressionInterpreter, actions: false, renderer: "svg", config: dark ? DARK : LIGHT,
    tooltip: { theme: dark ? "dark" : "light" },
  }).then(() => figure.querySelector("svg")?.setAttribute("aria-hidden", "true")); // the figure's label and its table say it
}

const drawAll = (root) => root.querySelectorAll("[data-chart]").forEach(draw);
document.addEventListener("DOMContentLoaded", () => drawAll(document));
document.addEventListener("htmx:afterSettle", (event) => drawAll(event.target));
