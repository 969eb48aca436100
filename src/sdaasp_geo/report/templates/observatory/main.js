// One change of state, one new picture; the fragment of the address follows.

const FRAGMENT_DELAY_MS = 250;
const current = { what: null, inside: null, order: [], columns: [], data: {} };

function say(text) {
  write("said", text);
}

/** Change what is shown. */
function change(parts, { look = false } = {}) {
  state = { ...state, ...parts };
  update({ look });
  writeFragment();
}

function update({ look = false } = {}) {
  const what = shown();
  const inside = filtered();
  current.what = what;
  current.inside = inside;
  const found = tally(what, inside);
  setControls();
  if (look) lookAtFiltered(inside);
  paintMap(what, inside);
  write("map-title", headline());
  write("summary", summaryWords(what, inside, found));
  showLegend(what, found);
  showCard(what);
  showTable(what, inside);
  later("sites", showSiteList);
  showCurve();
  readOut(null);
}

/** Choose a commune; its card takes the focus where a keyboard asked for it. */
function choose(commune, { focus = false, look = false } = {}) {
  if (commune === undefined) return;
  change({ commune: DATA.communes.code[commune] });
  if (look && MAP.spots[commune] && !isInView(MAP.spots[commune])) centreOn(MAP.spots[commune], view.width / MAP.width);
  say(`Fiche de ${communeLine(commune)}`);
  if (focus) {
    byId("card-name").focus({ preventScroll: true });
    byId("card").scrollIntoView({ block: "nearest" });
  }
}

function showSiteList() {
  if (!byId("sites-section")) return;
  const rows = DATA.sites.filter((site) => site.kind === "existing" || site.side === Number(state.scenario));
  const body = byId("site-rows");
  const key = String(state.scenario);
  if (body.dataset.shown === key) return;
  body.dataset.shown = key;
  body.replaceChildren(...rows.map((site) => {
    const row = document.createElement("tr");
    const place = RANK_OF.get(site.code);
    const where = document.createElement("td");
    where.append(place === undefined ? site.commune : communeButton(place));
    row.append(element("th", site.name, { scope: "row" }), where, element("td", DATA.kinds[site.kind]), element("td", site.detail));
    return row;
  }));
  write("sites-count", count(rows.length, "site"));
}

/** The address follows a little later: browsers take their time to change it. */
function writeFragment() {
  const fragment = stateToFragment();
  byId("link").value = location.href.split("#")[0] + fragment;
  clearTimeout(writeFragment.waiting);
  writeFragment.waiting = setTimeout(() => {
    try {
      history.replaceState(null, "", fragment);
    } catch {
      location.replace(fragment);
    }
  }, FRAGMENT_DELAY_MS);
}

function readFragment(hash) {
  const { read, unknown } = stateFromFragment(hash);
  clearTimeout(writeFragment.waiting);
  state = read;
  write("unknown", unknown.length ? `Ce lien nomme ce que cette page ne connaît pas : ${unknown.join(", ")}.` : "");
  byId("link").value = location.href.split("#")[0] + stateToFragment();
}

/** A link inside the page goes to its place and leaves the fragment to the state. */
function listenToAnchors() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (!link) return;
    event.preventDefault();
    const target = byId(link.getAttribute("href").slice(1));
    if (target.tagName === "DETAILS") target.open = true;
    const head = target.querySelector("summary") || target;
    if (head === target && !target.hasAttribute("tabindex")) target.tabIndex = -1;
    head.focus({ preventScroll: true });
    target.scrollIntoView();
  });
  window.addEventListener("hashchange", (event) => {
    // The address may have changed again since: what was asked for is in the event.
    const { hash } = new URL(event.newURL);
    if (!hash.includes("=")) return;
    readFragment(hash);
    update({ look: true });
    writeFragment();
  });
}

/** The library of the curve is long to read: only when the curve comes near the screen. */
function waitForCurve() {
  const watch = new IntersectionObserver((seen) => {
    curveNear = seen[seen.length - 1].isIntersecting;
    if (!curveNear) return;
    if (plotly) drawCurve();
    else loadPlotly();
  }, { rootMargin: "200px" });
  watch.observe(byId("curve-section"));
}

/** Paper shows what is folded, at a width that the curve fits. */
function listenToPrinting() {
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details.printed:not([open])")];
    for (const part of folded) part.open = true;
    loadPlotly();
    doNow();
    drawCurve();
    if (byId("curve").data) plotly.relayout("curve", { width: 460, autosize: false });
  });
  window.addEventListener("afterprint", () => {
    for (const part of folded) part.open = false;
    if (byId("curve").data) plotly.relayout("curve", { width: null, autosize: true });
  });
}

function start() {
  byId("more").open = window.innerWidth >= 768;
  drawMap();
  readFragment(location.hash);
  listenToControls();
  listenToSearch();
  listenToAnchors();
  listenToPrinting();
  measureMap();
  update({ look: true });
  new ResizeObserver(measureMap).observe(mapBox);
  document.body.dataset.ready = "map";
  performance.mark("carte");
  waitForCurve();
}

/** For analysts and tests: what is shown, with every digit. */
window.observatoire = Object.freeze({
  state: () => ({ ...state, basket: Object.fromEntries(state.basket) }),
  values: () => Array.from(current.what.values),
  gains: (scenario) => Array.from(gainsOf(state.theme, scenario)),
  computed: (theme, side) => Array.from(communeMean(rowsOf(theme, side))),
  mean: () => overallMean(rowsOf(state.theme, current.what.side), current.inside),
  within: (limits) => sharesWithin(rowsOf(state.theme, current.what.side), current.inside, limits),
  settled,
  number, minutes, percent,
});

start();
