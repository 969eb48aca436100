// The classes with their communes and inhabitants, and the sentence that sums them up.

function headline() {
  const parts = [titleOf(state.theme)];
  if (SCENARIOS && state.view !== "avant") {
    const name = DATA.sides[state.scenario].name;
    parts.push(state.view === "apres" ? `après « ${name} »` : `ce que change « ${name} »`);
  }
  if (state.departement) parts.push(`département ${state.departement}`);
  if (state.epci) parts.push(epciName(state.epci === "aucun" ? "" : state.epci));
  return parts.join(", ");
}

const epciName = (code) => (code ? DATA.epci[code] || code : "Sans EPCI");

/** Put words in an element of the page, where they are not there already. */
function write(id, text) {
  const words = typed(text);
  const place = byId(id);
  if (place.textContent !== words) place.textContent = words;
}

function element(name, text = "", attributes = {}) {
  const made = document.createElement(name);
  made.textContent = typed(text);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function showLegend(what, found) {
  const body = byId("legend-rows");
  const used = what.kind === "gain" ? gainLines(found.lines) : found.lines;
  body.replaceChildren(...used.map((line) => legendRow(line, what)));
  write("legend-missing", legendNotes(what));
  byId("sites-legend").replaceChildren(...siteKinds().map(siteKey));
}

/** Gains first; losses and what happens nowhere are left out, as on the maps. */
function gainLines(lines) {
  const isKept = (line) => line.communes > 0 ||
    (state.theme !== "eloignement" && line.rank >= NO_CHANGE && line.rank < NEWLY_REACHED);
  const kept = lines.filter(isKept);
  return [...kept.filter((line) => line.rank !== MISSING_CLASS).reverse(), ...kept.filter((line) => line.rank === MISSING_CLASS)];
}

function legendRow(line, what) {
  const row = document.createElement("tr");
  const head = element("th", "", { scope: "row" });
  const key = element("span", "", { class: line.rank === MISSING_CLASS ? "key hatched" : "key", "aria-hidden": "true" });
  if (line.rank !== MISSING_CLASS) key.style.background = what.colours[line.rank];
  head.append(key, line.label);
  row.append(head, element("td", number(line.communes)), element("td", number(line.people)));
  return row;
}

function legendNotes(what) {
  const notes = [];
  const partial = what.classes.filter((rank, i) => rank !== MISSING_CLASS && current.inside[i] && isPartial(state.theme, i, what.side)).length;
  if (partial) {
    notes.push(`Rayures blanches : la moyenne laisse de côté des services qui ne sont pas atteints (${count(partial, "commune")}).`);
  }
  const off = drawing.shapes.filter((shape) => !shape).length;
  if (off) notes.push(`${count(off, "commune")} sans contour ni chef-lieu : dans le tableau seulement.`);
  const lacks = what.classes.map((rank, i) => (rank === MISSING_CLASS && current.inside[i] ? i : -1)).filter((i) => i >= 0);
  if (lacks.length) notes.push(`${what.lacks} : ${reasonsTold(lacks, what)}.`);
  return notes.join(" ");
}

function reasonsTold(communes, what) {
  const found = new Map();
  for (const commune of communes) {
    const reason = whyMissing(commune, what);
    found.set(reason, (found.get(reason) || 0) + 1);
  }
  return [...found].map(([reason, communes_]) => `${reason} (${count(communes_, "commune")})`).join(" ; ");
}

function siteKinds() {
  return Object.keys(DATA.kinds).filter((kind) => DATA.sites.some((site) => site.kind === kind && site.place && isSiteShown(site)));
}

function siteKey(kind) {
  const item = document.createElement("li");
  const svg = svgElement("svg", { viewBox: "-10 -10 20 20", width: 16, height: 16, "aria-hidden": "true" });
  svgElement("path", { d: SHAPES[kind], class: `mark ${kind}` }, svg);
  item.append(svg, element("span", DATA.kinds[kind]));
  return item;
}

/** The finding of what is shown, for the reader and for a screen reader. */
function summaryWords(what, inside, found) {
  if (what.kind === "gain") return gainSummary(what, inside);
  if (state.theme === "eloignement") return remoteSummary(what, inside, found);
  const mean = overallMean(rowsOf(state.theme, what.side), inside);
  const most = thresholdMin();
  let communes = 0;
  let people = 0;
  what.values.forEach((time, i) => {
    if (!inside[i] || !(time > most)) return;
    communes += 1;
    people += DATA.communes.people[i];
  });
  const told = [Number.isNaN(mean) ? "Aucun habitant n'y accède." : `${minutes(mean)} en moyenne par habitant.`];
  told.push(communes
    ? `${count(communes, "commune")}, où vivent ${count(people, "habitant")} (${percent(people / found.everyone)}), ${communes < 2 ? "est" : "sont"} à plus de ${limit(most)}.`
    : `Aucune commune n'est à plus de ${limit(most)}.`);
  const lacks = found.lines.find((line) => line.rank === MISSING_CLASS);
  const lost = what.kind === "threshold" || what.kind === "minutes" ? lacks : null;
  if (lost) told.push(`${count(lost.communes, "commune")} (${count(lost.people, "habitant")}) ${lost.communes < 2 ? "n'est pas atteinte" : "ne sont pas atteintes"}.`);
  return told.join(" ");
}

function remoteSummary(what, inside, found) {
  const far = found.lines.filter((line) => line.rank > 0);
  const communes = far.reduce((sum, line) => sum + line.communes, 0);
  const people = far.reduce((sum, line) => sum + line.people, 0);
  if (!communes) return "Aucune commune n'est éloignée d'une gamme.";
  return `${count(communes, "commune")}, où vivent ${count(people, "habitant")} (${percent(people / found.everyone)}), ${communes < 2 ? "est éloignée" : "sont éloignées"} d'au moins une gamme de services.`;
}

function gainSummary(what, inside) {
  const sums = { gain: [0, 0], loss: [0, 0] };
  what.values.forEach((gain, i) => {
    if (!inside[i] || !gain) return;
    const sum = gain > 0 ? sums.gain : sums.loss;
    sum[0] += 1;
    sum[1] += DATA.communes.people[i];
  });
  const told = (words, none, [communes, people]) =>
    communes ? `${count(communes, "commune")}, où vivent ${count(people, "habitant")}, ${communes < 2 ? words[0] : words[1]}.` : none;
  const remote = state.theme === "eloignement";
  return [
    told(remote ? ["devient moins éloignée", "deviennent moins éloignées"] : ["gagne du temps", "gagnent du temps"],
      remote ? "Aucune commune ne devient moins éloignée." : "Aucune commune ne gagne de temps.", sums.gain),
    told(remote ? ["devient plus éloignée", "deviennent plus éloignées"] : ["perd du temps", "perdent du temps"],
      remote ? "Aucune ne devient plus éloignée." : "Aucune n'en perd.", sums.loss),
  ].join(" ");
}
