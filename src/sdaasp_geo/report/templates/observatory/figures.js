// Figures of the communes for what is shown: values, gains, classes, ranks, reasons.

const MISSING_CLASS = -1;
const CLASSES = DATA.classes;
const NO_CHANGE = CLASSES.gain.limits.length + 1;
const NEWLY_REACHED = 2 * NO_CHANGE + 1;
const NEWLY_UNREACHED = 2 * NO_CHANGE + 2;

function titleOf(theme) {
  const [kind, id] = parted(theme);
  if (kind === "service") return SERVICES.get(id).label;
  if (kind === "gamme") return GAMMES.get(id).title;
  return {
    panier: DATA.basket.title,
    eloignement: "Communes éloignées",
    compose: "Votre panier",
  }[kind];
}

/** Rows behind a theme on one side; each set is made once for a basket. */
const rowCache = new Map();

function cached(key, make) {
  if (!rowCache.has(key)) {
    if (rowCache.size > 200) rowCache.clear();
    rowCache.set(key, make());
  }
  return rowCache.get(key);
}

function basketKey() {
  return [...state.basket].map(([id, weight]) => `${id}:${weight}`).join();
}

function themeKey(theme) {
  return theme === "compose" ? `${theme} ${basketKey()}` : theme;
}

function rowsOf(theme, side) {
  return cached(`rows ${side} ${themeKey(theme)}`, () => {
    const [kind, id] = parted(theme);
    if (kind === "service") return rowMinutes(id, side);
    if (kind === "gamme") return gammeRows(id, side).mean;
    return kind === "compose" ? composedRows(state.basket, side) : basketRows(side);
  });
}

/** One figure a commune: minutes, or the number of gammes it is remote from. */
function valuesOf(theme, side) {
  if (theme === "eloignement") {
    return DATA.sides[side].remoteGammes.map((gammes) => (gammes < 0 ? NaN : gammes));
  }
  if (theme !== "compose") return communeMinutes(itemOf(theme), side);
  return cached(`values ${side} ${themeKey(theme)}`, () => communeMean(rowsOf(theme, side)));
}

function gainsOf(theme, side) {
  const before = valuesOf(theme, TODAY);
  if (theme === "eloignement") {
    const after = valuesOf(theme, side);
    return Array.from(before, (gammes, i) => gammes - after[i]);
  }
  if (theme === "compose") {
    return cached(`gain ${side} ${themeKey(theme)}`, () =>
      communeMean(composedGainRows(state.basket, side)));
  }
  const item = itemOf(theme);
  if (isTouched(item, side)) return column(DATA.sides[side].gain[item], Float64Array);
  return Array.from(before, (time) => time - time);
}

function minuteClass(time) {
  if (Number.isNaN(time)) return MISSING_CLASS;
  return CLASSES.minutes.limits.filter((least) => least <= time).length;
}

function gainClass(gain, before, after) {
  if (Number.isNaN(before) && !Number.isNaN(after)) return NEWLY_REACHED;
  if (!Number.isNaN(before) && Number.isNaN(after)) return NEWLY_UNREACHED;
  if (Number.isNaN(gain)) return MISSING_CLASS;
  if (gain === 0) return NO_CHANGE;
  const amount = CLASSES.gain.limits.filter((least) => least < Math.abs(gain)).length + 1;
  return NO_CHANGE + Math.sign(gain) * amount;
}

/** What the map shows now: a value and a class a commune, and the classes' words. */
function shown() {
  const side = sideShown();
  const values = valuesOf(state.theme, side);
  if (state.view === "ecart" && side !== TODAY) return shownGains(side);
  if (state.theme === "eloignement") {
    const classes = Array.from(values, (gammes) => (Number.isNaN(gammes) ? MISSING_CLASS : gammes));
    return { side, values, classes, ...CLASSES.remote, lacks: "Non déterminé", kind: "remote" };
  }
  if (state.coloured) {
    const most = thresholdMin();
    const classes = Array.from(values, (time) =>
      Number.isNaN(time) ? MISSING_CLASS : Number(time > most));
    const labels = [`${limit(most)} ou moins`, `Plus de ${limit(most)}`];
    const colours = [CLASSES.minutes.colours[0], CLASSES.minutes.colours[3]];
    return { side, values, classes, labels, colours, lacks: "Non atteint", kind: "threshold" };
  }
  const classes = Array.from(values, minuteClass);
  return { side, values, classes, ...CLASSES.minutes, lacks: "Non atteint", kind: "minutes" };
}

function shownGains(side) {
  const gains = gainsOf(state.theme, side);
  const before = valuesOf(state.theme, TODAY);
  const after = valuesOf(state.theme, side);
  if (state.theme === "eloignement") {
    const { colours } = CLASSES.gain;
    const classes = Array.from(gains, (gain) => (Number.isNaN(gain) ? MISSING_CLASS : Math.sign(gain) + 1));
    return {
      side, values: gains, classes, kind: "gain", lacks: "Non déterminé",
      labels: ["Éloignée de plus de gammes", "Inchangé", "Éloignée de moins de gammes"],
      colours: [colours[1], colours[NO_CHANGE], colours[NO_CHANGE + 4]],
    };
  }
  const classes = Array.from(gains, (gain, i) => gainClass(gain, before[i], after[i]));
  const lacks = parted(state.theme)[0] === "service" ? "Non atteint" : "Non atteint ou non comparable";
  return { side, values: gains, classes, ...CLASSES.gain, lacks, kind: "gain" };
}

/** Whether a mean leaves out services that exist and that not everybody reaches. */
function isPartial(theme, commune, side) {
  if (RULE !== "exclude_and_count" || Number.isNaN(valuesOf(theme, side)[commune])) return false;
  const [kind] = parted(theme);
  if (kind === "compose") return lackedServices([...state.basket.keys()], commune, side).length > 0;
  const counts = reachedOf(theme, commune, side);
  return counts !== null && counts[0] < counts[1];
}

function reachedOf(theme, commune, side) {
  const counts = DATA.sides[side].reached[itemOf(theme)];
  const [kind] = parted(theme);
  return kind === "service" || !counts ? null : [counts[0][commune], counts[1][commune]];
}

function lackedServices(services, commune, side) {
  return measuredOf(services, side).filter((service) => {
    const lack = lacking(commune, service, side);
    return lack !== null && (lack.people > 0 || Number.isNaN(communeMinutes(service, side)[commune]));
  });
}

function servicesOf(theme) {
  const [kind, id] = parted(theme);
  if (kind === "service") return [id];
  if (kind === "compose") return [...state.basket.keys()];
  const all = DATA.services;
  return (kind === "gamme" ? all.filter((s) => s.gamme === id) : all).map((s) => s.id);
}

/** Why a commune has no figure, in words. */
function reasonOf(theme, commune, side) {
  const services = servicesOf(theme);
  if (services.length === 0) return "aucun service coché";
  if (measuredOf(services, side).length === 0) return DATA.reasons.no_facility;
  const found = new Set();
  for (const service of measuredOf(services, side)) {
    const lack = lacking(commune, service, side);
    if (lack) lack.reasons.forEach((reason) => found.add(reason));
  }
  return listing([...found]) || "il manque un temps vers une partie des services";
}

/** Why a commune has no figure, or none to compare, for what is shown. */
function whyMissing(commune, what) {
  const known = what.kind === "gain" && !Number.isNaN(valuesOf(state.theme, TODAY)[commune]);
  return known ? "sa moyenne ne porte plus sur les mêmes services" : reasonOf(state.theme, commune, what.side);
}

/** Rank of a commune among those with a figure, the nearest first; equals share a rank. */
function rankOf(values, commune) {
  const own = values[commune];
  if (Number.isNaN(own)) return null;
  let rank = 1;
  let known = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    known += 1;
    if (value < own) rank += 1;
  }
  return { rank, known };
}

function filtered() {
  const { epci, departement } = DATA.communes;
  return epci.map((code, i) =>
    (!state.epci || code === (state.epci === "aucun" ? "" : state.epci)) &&
    (!state.departement || departement[i] === state.departement)
  );
}

/** Communes and inhabitants of each class, of those that the filters keep. */
function tally(what, inside) {
  const lines = what.labels.map((label, rank) => ({ rank, label, communes: 0, people: 0 }));
  const lacks = { rank: MISSING_CLASS, label: what.lacks, communes: 0, people: 0 };
  let everyone = 0;
  what.classes.forEach((rank, i) => {
    if (!inside[i]) return;
    const line = rank === MISSING_CLASS ? lacks : lines[rank];
    line.communes += 1;
    line.people += DATA.communes.people[i];
    everyone += DATA.communes.people[i];
  });
  return { lines: lacks.communes ? [...lines, lacks] : lines, everyone };
}

function remoteFrom(commune, side) {
  const flags = DATA.sides[side].remote;
  return DATA.gammes.filter((gamme) => flags[gamme.id][commune] === 1);
}

function remoteWords(commune, side) {
  const gammes = remoteFrom(commune, side);
  if (gammes.length) return listing(gammes.map((gamme) => gamme.label.toLowerCase()));
  return DATA.sides[side].remoteGammes[commune] < 0 ? "non déterminé" : MISSING;
}

/** A value as the page writes it. */
function valueWords(value, kind) {
  if (kind === "gain") return state.theme === "eloignement" ? gammesGained(value) : signedMinutes(value);
  return state.theme === "eloignement" ? gammesWords(value) : minutes(value);
}

/** The same inside a sentence, where a sign would not be clear. */
function proseWords(value, kind) {
  if (kind !== "gain") return valueWords(value, kind);
  if (value === 0) return "inchangé";
  const words = state.theme === "eloignement" ? gammesWords(Math.abs(value)) : minutes(Math.abs(value));
  if (state.theme === "eloignement") return `éloignée de ${words} de ${value > 0 ? "moins" : "plus"}`;
  return `${value > 0 ? "gain" : "perte"} de ${words}`;
}

const gammesWords = (gammes) => (Number.isNaN(gammes) ? MISSING : count(gammes, "gamme"));
const gammesGained = (gain) => (Number.isNaN(gain) ? MISSING : `${gain > 0 ? "−" : gain < 0 ? "+" : ""}${count(Math.abs(gain), "gamme")}`);
