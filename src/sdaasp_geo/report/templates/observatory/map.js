// The map: a drawing of paths that is coloured, zoomed and marked, and never fetched.

const SVG = "http://www.w3.org/2000/svg";
const MAP = DATA.map;
const MOST_ZOOM = 12;
const DOT_PX = 6;
const HATCH_PX = 6;
const byId = (id) => document.getElementById(id);

const mapBox = byId("map");
const drawing = { shapes: [], patterns: new Map() };
let view = { x: 0, y: 0, width: MAP.width, height: MAP.height };

function svgElement(name, attributes = {}, parent = null) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (parent) parent.append(element);
  return element;
}

function drawMap() {
  const svg = svgElement("svg", { role: "img", "aria-labelledby": "map-name", focusable: "false" });
  svgElement("title", { id: "map-name" }, svg);
  drawing.svg = svg;
  // As wide or as high as the territory, within what a page can show.
  mapBox.style.aspectRatio = String(Math.min(Math.max(MAP.width / MAP.height, 0.75), 1.6));
  drawing.defs = svgElement("defs", {}, svg);
  svgElement("path", { d: MAP.neighbours, class: "neighbours" }, svg);
  svgElement("path", { d: MAP.outline, class: "ground" }, svg);
  const communes = svgElement("g", { class: "communes" }, svg);
  MAP.communes.forEach((d, commune) => {
    drawing.shapes.push(d ? svgElement("path", { d, "data-commune": commune }, communes) : dot(commune, communes));
  });
  svgElement("path", { d: MAP.epci, class: "epci" }, svg);
  svgElement("path", { d: MAP.outline, class: "outline" }, svg);
  drawing.chosen = svgElement("path", { class: "chosen" }, svg);
  drawing.marks = svgElement("g", { class: "marks" }, svg);
  drawing.names = svgElement("g", { class: "names", "aria-hidden": "true" }, svg);
  drawSites();
  mapBox.append(svg);
  listenToMap(svg);
}

/** A commune without a polygon is a dot where its chef-lieu is, or is not on the map. */
function dot(commune, parent) {
  const spot = MAP.spots[commune];
  if (!spot) return null;
  return svgElement("circle", { cx: spot[0], cy: spot[1], r: 1, class: "dot", "data-commune": commune }, parent);
}

const SHAPES = {
  existing: "M0-4.5L4.5 0L0 4.5L-4.5 0z",
  open: "M0-9L9 0L0 9L-9 0z",
  move: "M-7-7h14v14h-14z",
  convert: "M-7 0a7 7 0 1 0 14 0a7 7 0 1 0-14 0z",
  close: "M-7-4L-4-7L0-3L4-7L7-4L3 0L7 4L4 7L0 3L-4 7L-7 4L-3 0z",
};

function drawSites() {
  DATA.sites.forEach((site, rank) => {
    if (!site.place) return;
    const mark = svgElement("path", { d: SHAPES[site.kind], class: `mark ${site.kind}`, "data-site": rank }, drawing.marks);
    mark.dataset.x = site.place[0];
    mark.dataset.y = site.place[1];
  });
}

function isSiteShown(site) {
  if (site.kind === "existing") return !["existants", "tous"].includes(state.hidden);
  return site.side === Number(state.scenario) && state.view !== "avant" && !["scenario", "tous"].includes(state.hidden);
}

function paintMap(what, inside) {
  drawing.svg.firstChild.textContent = typed(`Carte de ${DATA.territory.name} : ${headline()}`);
  what.classes.forEach((rank, commune) => {
    const shape = drawing.shapes[commune];
    if (!shape) return;
    const partial = rank !== MISSING_CLASS && isPartial(state.theme, commune, what.side);
    const fill = rank === MISSING_CLASS ? pattern("#f4f4f4", "#767676") : what.colours[rank];
    shape.style.fill = partial ? pattern(fill, "#ffffff") : fill;
    shape.classList.toggle("out", !inside[commune]);
  });
  for (const mark of drawing.marks.children) {
    mark.classList.toggle("absent", !isSiteShown(DATA.sites[mark.dataset.site]));
  }
  const chosen = RANK_OF.get(state.commune);
  drawing.chosen.setAttribute("d", chosen === undefined ? "" : MAP.communes[chosen] || ring(MAP.spots[chosen]));
}

function ring(spot) {
  if (!spot) return "";
  const r = 10 * unitsPerPixel();
  return `M${spot[0] - r} ${spot[1]}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
}

/** A hatched fill, made once for each colour. */
function pattern(fill, line) {
  const key = `${fill}${line}`;
  if (!drawing.patterns.has(key)) {
    const id = `hatch-${drawing.patterns.size}`;
    const made = svgElement("pattern", { id, width: HATCH_PX, height: HATCH_PX, patternUnits: "userSpaceOnUse" }, drawing.defs);
    svgElement("rect", { width: HATCH_PX, height: HATCH_PX, fill }, made);
    svgElement("path", { d: "M-1 1l2-2M0 6l6-6M5 7l2-2", stroke: line, "stroke-width": 1 }, made);
    drawing.patterns.set(key, made);
    scalePattern(made);
  }
  return `url(#${drawing.patterns.get(key).id})`;
}

const scalePattern = (made) => made.setAttribute("patternTransform", `scale(${unitsPerPixel()})`);

/** Units of the drawing in one pixel of the screen. */
function unitsPerPixel() {
  const { width, height } = drawing.size || { width: 600, height: 600 };
  return Math.max(view.width / width, view.height / height);
}

function showView(next) {
  view = next;
  drawing.svg.setAttribute("viewBox", [view.x, view.y, view.width, view.height].map(Math.round).join(" "));
  const unit = unitsPerPixel();
  drawing.patterns.forEach(scalePattern);
  for (const mark of drawing.marks.children) {
    mark.setAttribute("transform", `translate(${mark.dataset.x} ${mark.dataset.y}) scale(${unit})`);
  }
  for (const shape of drawing.svg.querySelectorAll(".dot")) shape.setAttribute("r", DOT_PX * unit);
  placeNames(unit);
  mapBox.classList.toggle("zoomed", view.width < 0.98 * MAP.width);
  byId("zoom-out").disabled = view.width >= MAP.width;
  byId("zoom-in").disabled = view.width <= MAP.width / MOST_ZOOM;
}

/** Names of the most populous communes in view, where they do not run into each other. */
function placeNames(unit) {
  const taken = [];
  drawing.names.replaceChildren();
  for (const commune of namesByPeople()) {
    const spot = MAP.spots[commune];
    if (!spot || !isInView(spot)) continue;
    const name = DATA.communes.name[commune].slice(0, 28);
    const half = (name.length * 3.4 + 5) * unit;
    const box = [spot[0] - half, spot[1] - 17 * unit, spot[0] + half, spot[1] + 3 * unit];
    const fits = box[0] > view.x && box[2] < view.x + view.width && box[1] > view.y;
    if (!fits || taken.some((other) => overlap(box, other))) continue;
    taken.push(box);
    const text = svgElement("text", { x: spot[0], y: spot[1] - 5 * unit, "font-size": 12 * unit, "stroke-width": 3 * unit }, drawing.names);
    text.textContent = name;
    svgElement("circle", { cx: spot[0], cy: spot[1], r: 1.8 * unit }, drawing.names);
    if (taken.length >= (drawing.size.width < 450 ? 5 : 9)) break;
  }
}

function namesByPeople() {
  if (!namesByPeople.order) {
    const { people } = DATA.communes;
    namesByPeople.order = people.map((_, i) => i).sort((a, b) => people[b] - people[a]).slice(0, 400);
  }
  return namesByPeople.order;
}

const overlap = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
const isInView = ([x, y]) => x > view.x && x < view.x + view.width && y > view.y && y < view.y + view.height;

/** Look at a box of units, with the shape of the whole map kept and some land around. */
function lookAt([x0, y0, x1, y1]) {
  const least = 1 / MOST_ZOOM;
  const scale = Math.min(1, Math.max(least, (1.2 * (x1 - x0)) / MAP.width, (1.2 * (y1 - y0)) / MAP.height));
  centreOn([(x0 + x1) / 2, (y0 + y1) / 2], scale);
}

function centreOn([x, y], scale) {
  const width = MAP.width * scale;
  const height = MAP.height * scale;
  const left = Math.min(Math.max(x - width / 2, 0), MAP.width - width);
  const top = Math.min(Math.max(y - height / 2, 0), MAP.height - height);
  showView({ x: left, y: top, width, height });
}

/** Zoom about the commune chosen, where it is in view, or else about the middle. */
function zoomBy(factor) {
  const scale = Math.min(1, Math.max(1 / MOST_ZOOM, (view.width / MAP.width) * factor));
  const chosen = RANK_OF.get(state.commune);
  const spot = chosen === undefined ? null : MAP.spots[chosen];
  const middle = [view.x + view.width / 2, view.y + view.height / 2];
  centreOn(spot && isInView(spot) && factor < 1 ? spot : middle, scale);
}

/** Look at what the filters keep. */
function lookAtFiltered(inside) {
  const boxes = MAP.boxes.filter((box, i) => box && inside[i]);
  if (!boxes.length || inside.every(Boolean)) return centreOn([MAP.width / 2, MAP.height / 2], 1);
  return lookAt([0, 1, 2, 3].map((side) => Math[side < 2 ? "min" : "max"](...boxes.map((box) => box[side]))));
}

function measureMap() {
  drawing.size = { width: mapBox.clientWidth || 600, height: mapBox.clientHeight || 600 };
  showView(view);
}

function listenToMap(svg) {
  let start = null;
  svg.addEventListener("pointerover", (event) => readOut(event.target));
  svg.addEventListener("pointerleave", () => readOut(null));
  svg.addEventListener("pointerdown", (event) => {
    start = { x: event.clientX, y: event.clientY, view, moved: false };
  });
  svg.addEventListener("pointermove", (event) => {
    if (!start || event.buttons === 0 || !mapBox.classList.contains("zoomed")) return;
    const far = [event.clientX - start.x, event.clientY - start.y];
    if (!start.moved && Math.hypot(...far) < 4) return;
    start.moved = true;
    const unit = unitsPerPixel();
    const middle = [start.view.x + start.view.width / 2 - far[0] * unit, start.view.y + start.view.height / 2 - far[1] * unit];
    centreOn(middle, start.view.width / MAP.width);
  });
  svg.addEventListener("click", (event) => {
    if (!start || !start.moved) choose(communeUnder(event.target));
    start = null;
  });
}

function communeUnder(target) {
  if (target.dataset.site !== undefined) return RANK_OF.get(DATA.sites[target.dataset.site].code);
  return target.dataset.commune === undefined ? undefined : Number(target.dataset.commune);
}

/** Say under the map what the pointer is on. */
function readOut(target) {
  const site = target && target.dataset.site;
  const commune = target ? communeUnder(target) : undefined;
  if (site !== undefined && site !== null) {
    const { name, kind, commune: where } = DATA.sites[site];
    write("readout", `${name} (${where}) – ${DATA.kinds[kind]}`);
  } else if (commune !== undefined) {
    write("readout", communeLine(commune));
  } else {
    write("readout", "Passez sur une commune pour lire son chiffre, cliquez pour ouvrir sa fiche.");
  }
}

function communeLine(commune) {
  const what = current.what;
  const value = what.values[commune];
  const words = Number.isNaN(value) ? missingWords(commune, what) : proseWords(value, what.kind);
  return `${DATA.communes.name[commune]} : ${words} – ${count(DATA.communes.people[commune], "habitant")}`;
}

function missingWords(commune, what) {
  const rank = what.classes[commune];
  if (what.kind === "gain" && rank >= NEWLY_REACHED) return what.labels[rank].toLowerCase();
  const known = what.kind === "gain" && !Number.isNaN(valuesOf(state.theme, TODAY)[commune]);
  const lacks = known ? "Non comparable" : what.lacks.replace(" ou non comparable", "");
  return `${lacks.toLowerCase()} (${whyMissing(commune, what)})`;
}
