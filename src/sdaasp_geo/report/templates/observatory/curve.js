// The curve of inhabitants by time: drawn by Plotly once the map is there, told in a table.

const CURVE_STEP_MIN = 0.5;
const TOLD_MIN = [5, 7, 10, 15, 20, 30];
const INK = "#1d1d1b";
const ACCENT = "#782281";
const AFTER = "#0b6e75";
let plotly = null;
let curveNear = false;
let curveIsOld = true;

/** Run the library, once: it is a text until then. */
function loadPlotly() {
  if (plotly) return;
  const script = document.createElement("script");
  script.textContent = byId("plotly").textContent;
  document.head.append(script);
  plotly = window.Plotly || null;
  byId("curve-wait").hidden = plotly !== null;
  drawCurve();
  document.body.dataset.ready = "all";
  performance.mark("courbe");
}

function curveSides() {
  return state.view === "avant" || !SCENARIOS ? [TODAY] : [TODAY, sideShown()];
}

function showCurve() {
  const hidden = state.theme === "eloignement";
  byId("curve-section").hidden = hidden;
  if (hidden) return;
  write("curve-title", `Habitants selon leur temps d'accès : ${titleOf(state.theme)}`);
  const inside = current.inside;
  const sides = curveSides();
  showWithin(sides.map((side) => sharesWithin(rowsOf(state.theme, side), inside, TOLD_MIN)), sides);
  byId("curve-note").textContent = ROWS.exact
    ? "Chaque lieu de départ compte pour ses habitants. La courbe n'atteint pas 100 % quand des habitants n'ont pas accès."
    : "Les lieux de départ d'une même commune sont regroupés : chaque habitant y compte pour le temps moyen de sa commune. La courbe n'atteint pas 100 % quand des habitants n'ont pas accès.";
  curveIsOld = true;
  // The map is painted first; far from the screen, the curve waits until it comes near.
  if (plotly && curveNear) later("curve", drawCurve);
}

function showWithin(shares, sides) {
  byId("within-head").replaceChildren(
    element("th", "Temps", { scope: "col" }),
    ...sides.map((side) => element("th", curveName(side), { scope: "col" }))
  );
  byId("within-rows").replaceChildren(...TOLD_MIN.map((most, i) => {
    const row = document.createElement("tr");
    row.append(element("th", `${limit(most)} au plus`, { scope: "row" }), ...shares.map((own) => element("td", percent(own[i]))));
    return row;
  }));
}

function curveName(side) {
  if (side === TODAY) return SCENARIOS && state.view !== "avant" ? "Avant" : "Habitants";
  return "Après";
}

function drawCurve() {
  if (!plotly || !curveIsOld || state.theme === "eloignement") return;
  curveIsOld = false;
  const sides = curveSides();
  const { inside } = current;
  const end = curveEnd(sides, inside);
  const times = Array.from({ length: Math.round(end / CURVE_STEP_MIN) + 1 }, (_, i) => i * CURVE_STEP_MIN);
  const traces = sides.map((side) => ({
    x: times,
    y: sharesWithin(rowsOf(state.theme, side), inside, times).map((share) => 100 * share),
    name: curveName(side),
    mode: "lines",
    line: { color: side === TODAY ? (sides.length > 1 ? "#55524d" : ACCENT) : AFTER, width: 3, dash: side === TODAY && sides.length > 1 ? "dot" : "solid" },
    hovertemplate: "%{x:.1f} min : %{y:.1f} %<extra></extra>",
  }));
  plotly.react("curve", traces, curveLayout(end, sides.length > 1), { displayModeBar: false, responsive: true, displaylogo: false, doubleClick: false, scrollZoom: false });
}

/** Round end of the axis: where the slowest of the inhabitants shown are, half an hour at least. */
function curveEnd(sides, inside) {
  let most = Math.max(30, thresholdMin());
  for (const side of sides) {
    rowsOf(state.theme, side).forEach((time, row) => {
      if (inside[ROWS.commune[row]] && ROWS.people[row] > 0 && time > most) most = time;
    });
  }
  return Math.ceil(most / 10) * 10;
}

function curveLayout(end, named) {
  const axis = { gridcolor: "#e4e1da", linecolor: "#8a857d", ticks: "outside", tickcolor: "#8a857d", fixedrange: true };
  const most = thresholdMin();
  return {
    separators: ", ",
    font: { family: "system-ui, Segoe UI, Roboto, Arial, sans-serif", size: 13, color: INK },
    margin: { l: 74, r: 16, t: 26, b: 48 },
    height: 300,
    paper_bgcolor: "#ffffff",
    plot_bgcolor: "#ffffff",
    hovermode: "x unified",
    dragmode: false,
    showlegend: named,
    legend: { x: 0.98, y: 0.06, xanchor: "right", yanchor: "bottom", bgcolor: "#ffffff" },
    xaxis: { ...axis, range: [0, end], title: { text: `Temps d'accès ${DATA.travel} (minutes)` }, dtick: end > 60 ? 20 : 10 },
    yaxis: { ...axis, range: [0, 103], title: { text: "Part des habitants", standoff: 12 }, ticksuffix: `${NBSP}%`, dtick: 25 },
    shapes: [{ type: "line", x0: most, x1: most, y0: 0, y1: 1, yref: "paper", line: { color: INK, width: 1.5, dash: "dash" } }],
    annotations: [{ x: most, y: 1, yref: "paper", yanchor: "bottom", xanchor: most > end / 2 ? "right" : "left", showarrow: false, text: `seuil ${limit(most)}` }],
  };
}
