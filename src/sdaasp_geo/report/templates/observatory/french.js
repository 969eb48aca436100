// Numbers as a French reader writes them: the rules of report/french.py, digit for digit.

const THOUSANDS = "\u202f";
const NBSP = "\u00a0";
const MISSING = "–";

/** Digits of a number, ties to the even digit as Python rounds them. */
function fixed(value, decimals) {
  const text = value.toFixed(decimals);
  const halves = value * 2 ** (decimals + 1);
  // Only a tie can be told apart: an odd number of halves, which toFixed rounds away from zero.
  if (!Number.isInteger(halves) || halves % 2 === 0) return text;
  const scale = 10 ** decimals;
  const low = Math.floor(value * scale);
  return ((low % 2 === 0 ? low : low + 1) / scale).toFixed(decimals);
}

function number(value, decimals = 0) {
  if (!Number.isFinite(value)) return MISSING;
  const text = fixed(Math.abs(value), decimals);
  const [whole, part] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, THOUSANDS);
  const sign = value < 0 && /[1-9]/.test(text) ? "−" : "";
  return sign + grouped + (part ? `,${part}` : "");
}

function minutes(value, decimals = 1) {
  const text = number(value, decimals);
  return text === MISSING ? text : `${text}${NBSP}min`;
}

function signedMinutes(value) {
  const text = minutes(value);
  return value > 0 && text !== MISSING ? `+${text}` : text;
}

function limit(value) {
  return minutes(value, Number.isInteger(value) ? 0 : 1);
}

function percent(share) {
  if (!Number.isFinite(share)) return MISSING;
  const shown = Number(fixed(100 * share, 0));
  if (shown >= 100 && share < 1) return `>${NBSP}99${NBSP}%`;
  if (shown <= 0 && share > 0) return `<${NBSP}1${NBSP}%`;
  return `${number(shown)}${NBSP}%`;
}

function count(value, singular, plural) {
  const noun = Math.abs(value) < 2 ? singular : plural || `${singular}s`;
  return `${number(value)}${NBSP}${noun}`;
}

function listing(items) {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} et ${items[items.length - 1]}`;
}

function ordinal(rank) {
  return rank === 1 ? "1er" : `${number(rank)}e`;
}

/** No-break spaces where French wants them: no line ends inside « … » or before : ; ? ! */
function typed(text) {
  return text.replace(/ ([:;?!»])/g, `${NBSP}$1`).replace(/« /g, `«${NBSP}`);
}

/** Letters alone, without accents or capitals, to search by. */
function plain(text) {
  return text
    .normalize("NFD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/œ/g, "oe")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}
