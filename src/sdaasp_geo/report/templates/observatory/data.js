// What the page was given: columns are unpacked when they are first asked for.

const DATA = JSON.parse(document.getElementById("data").textContent);
const COMMUNES = DATA.communes.code.length;
const SERVICES = new Map(DATA.services.map((service, rank) => [service.id, { ...service, rank }]));
const GAMMES = new Map(DATA.gammes.map((gamme) => [gamme.id, gamme]));
const RANK_OF = new Map(DATA.communes.code.map((code, rank) => [code, rank]));
const TODAY = 0;

const unpacked = new Map();

function buffer(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i);
  return bytes.buffer;
}

function column(text, Kind) {
  if (!unpacked.has(text)) unpacked.set(text, new Kind(buffer(text)));
  return unpacked.get(text);
}

/** A column of one side, or today's where the scenario does not touch it. */
function ofSide(side, part, key) {
  const own = DATA.sides[side][part][key];
  return own === undefined ? DATA.sides[TODAY][part][key] : own;
}

const communeMinutes = (item, side) => column(ofSide(side, "minutes", item), Float64Array);
const nearestPlaces = (service, side) => column(ofSide(side, "nearest", service), Int32Array);
const rowMinutes = (service, side) => column(ofSide(side, "rows", service), Float64Array);
const estimated = (service, side) => ofSide(side, "estimated", service);
const isMeasured = (service, side) => DATA.sides[side].measured[SERVICES.get(service).rank] === 1;
const isTouched = (item, side) => item in DATA.sides[side].minutes;

const ROWS = {
  commune: column(DATA.rows.commune, Int32Array),
  people: column(DATA.rows.people, Float64Array),
  weight: column(DATA.rows.weight, Float64Array),
  exact: DATA.rows.exact === 1,
};

const pairKey = (commune, service) => commune * DATA.services.length + service;

/** Who has no time to a service, and why: by side, commune and service. */
const LACKING = DATA.sides.map((side, number) => {
  const own = new Map(side.lacking.map((line) => [pairKey(line[0], line[1]), line]));
  if (number === TODAY) return own;
  for (const line of DATA.sides[TODAY].lacking) {
    const touched = DATA.services[line[1]].id in side.nearest;
    if (!touched) own.set(pairKey(line[0], line[1]), line);
  }
  return own;
});

function lacking(commune, service, side) {
  const line = LACKING[side].get(pairKey(commune, SERVICES.get(service).rank));
  if (!line) return null;
  const words = line[2].map((reason) => DATA.reasons[reason] || reason);
  return { reasons: words, people: line[3] };
}
