// What is shown: one object, which the fragment of the address tells and restores.

const DEFAULT_THRESHOLD = 15;
const NO_STATE = {
  theme: "panier",
  basket: null,
  scenario: 1,
  view: "avant",
  threshold: null,
  coloured: false,
  epci: "",
  departement: "",
  commune: "",
  sort: "value",
  down: true,
  hidden: "",
};
const VIEWS = ["avant", "apres", "ecart"];
const SORTS = ["name", "departement", "epci", "people", "before", "after", "value", "gain", "remote"];
const SCENARIOS = DATA.sides.length - 1;

let state = { ...NO_STATE, basket: wholeBasket() };

function wholeBasket() {
  const weigh = DATA.basket.mean === "by_frequency";
  return new Map(DATA.services.map((s) => [s.id, weigh ? s.frequency : 1]));
}

/** A theme is a word, or a kind and an identifier. */
function isTheme(theme) {
  if (["panier", "eloignement", "compose"].includes(theme)) return true;
  const [kind, id] = parted(theme);
  return (kind === "service" && SERVICES.has(id)) || (kind === "gamme" && GAMMES.has(id));
}

function parted(theme) {
  const dot = theme.indexOf(".");
  return dot < 0 ? [theme, ""] : [theme.slice(0, dot), theme.slice(dot + 1)];
}

/** The column of a theme in the tables; null for one that has none. */
function itemOf(theme) {
  const [kind, id] = parted(theme);
  if (kind === "panier") return "basket";
  return kind === "service" || kind === "gamme" ? id : null;
}

function sideShown() {
  return state.view === "avant" || SCENARIOS === 0 ? TODAY : Number(state.scenario);
}

/** The threshold that is set, or else the one that the diagnostic knows for the theme. */
function thresholdMin() {
  if (state.threshold !== null) return state.threshold;
  const [kind, id] = parted(state.theme);
  // A service has no threshold of its own: that of its gamme says what is far for its kind.
  const gamme = kind === "service" ? SERVICES.get(id).gamme : id;
  if (kind === "service" || kind === "gamme") return GAMMES.get(gamme).threshold ?? DEFAULT_THRESHOLD;
  return DATA.basket.threshold ?? DEFAULT_THRESHOLD;
}

function stateToFragment() {
  const told = new URLSearchParams();
  told.set("theme", state.theme);
  if (state.theme === "compose") {
    told.set("panier", [...state.basket].map(([id, weight]) => `${id}:${weight}`).join(","));
  }
  if (state.view !== "avant" && SCENARIOS) {
    told.set("vue", state.view);
    told.set("scenario", DATA.sides[state.scenario].name);
  }
  if (state.threshold !== null) told.set("seuil", String(state.threshold));
  if (state.coloured) told.set("couleurs", "seuil");
  for (const [key, name] of [["epci", "epci"], ["departement", "dep"], ["commune", "commune"]]) {
    if (state[key]) told.set(name, state[key]);
  }
  if (state.sort !== "value" || !state.down) {
    told.set("tri", `${state.sort}:${state.down ? "desc" : "asc"}`);
  }
  if (state.hidden) told.set("sans", state.hidden);
  return `#${told}`;
}

/** Read a fragment; what this page does not know is passed over, and told. */
function stateFromFragment(fragment) {
  const told = new URLSearchParams(fragment.replace(/^#/, ""));
  const read = { ...NO_STATE, basket: wholeBasket() };
  const unknown = [];
  const take = (name, isKnown, set) => {
    const value = told.get(name);
    if (!value) return;
    if (isKnown(value)) set(value);
    else unknown.push(`${name} « ${value} »`);
  };
  take("theme", isTheme, (value) => { read.theme = value; });
  take("vue", (value) => VIEWS.includes(value) && SCENARIOS > 0, (value) => { read.view = value; });
  take("scenario", (value) => scenarioRank(value) > 0, (value) => { read.scenario = scenarioRank(value); });
  take("seuil", (value) => Number(value) >= 0 && Number(value) <= longestMin(),
    (value) => { read.threshold = Number(value); });
  take("couleurs", (value) => value === "seuil", () => { read.coloured = true; });
  take("epci", (value) => value === "aucun" || value in DATA.epci, (value) => { read.epci = value; });
  take("dep", (value) => DATA.communes.departement.includes(value), (value) => { read.departement = value; });
  take("commune", (value) => RANK_OF.has(value), (value) => { read.commune = value; });
  take("tri", (value) => SORTS.includes(value.split(":")[0]), (value) => {
    [read.sort] = value.split(":");
    read.down = value.split(":")[1] === "desc";
  });
  take("sans", (value) => ["existants", "scenario", "tous"].includes(value), (value) => { read.hidden = value; });
  if (read.theme === "compose") take("panier", () => true, (value) => { read.basket = readBasket(value, unknown); });
  return { read, unknown };
}

function scenarioRank(name) {
  return DATA.sides.findIndex((side, rank) => rank > 0 && side.name === name);
}

function readBasket(text, unknown) {
  const chosen = new Map();
  for (const part of text.split(",").filter(Boolean)) {
    const [id, told] = parted2(part);
    const weight = Number(told);
    if (SERVICES.has(id) && Number.isFinite(weight) && weight > 0) chosen.set(id, weight);
    else unknown.push(`service « ${part} »`);
  }
  return chosen;
}

function parted2(text) {
  const colon = text.lastIndexOf(":");
  return colon < 0 ? [text, "1"] : [text.slice(0, colon), text.slice(colon + 1)];
}

/** Far end of the threshold's slider: the longest time, an hour at least. */
function longestMin() {
  if (!longestMin.known) {
    let most = 60;
    for (const side of DATA.sides) {
      for (const text of Object.values(side.minutes)) {
        for (const time of column(text, Float64Array)) if (time > most) most = time;
      }
    }
    longestMin.known = Math.ceil(most / 10) * 10;
  }
  return longestMin.known;
}
