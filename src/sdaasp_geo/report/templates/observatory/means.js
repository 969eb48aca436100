// Means of services and of inhabitants: the formulas of indicators/means.py.

const RULE = DATA.missing.rule;
const CAP = RULE === "cap" ? DATA.missing.cap : NaN;

/** Mean of columns of rows; a missing one is left out, capped, or makes the mean missing. */
function rowMean(columns, weights) {
  const mean = new Float64Array(ROWS.commune.length);
  for (let row = 0; row < mean.length; row += 1) {
    let total = 0;
    let sum = 0;
    let complete = true;
    for (let i = 0; i < columns.length; i += 1) {
      const known = columns[i][row];
      const time = Number.isNaN(known) ? CAP : known;
      if (Number.isNaN(time)) complete = false;
      else {
        total += weights[i];
        sum += weights[i] * time;
      }
    }
    mean[row] = total > 0 && (complete || RULE !== "propagate") ? sum / total : NaN;
  }
  return mean;
}

function rowMedian(columns) {
  const median = new Float64Array(ROWS.commune.length);
  for (let row = 0; row < median.length; row += 1) {
    const times = columns.map((c) => (Number.isNaN(c[row]) ? CAP : c[row]));
    const known = times.filter((time) => !Number.isNaN(time)).sort((a, b) => a - b);
    const middle = known.length >> 1;
    const value = known.length % 2 ? known[middle] : (known[middle - 1] + known[middle]) / 2;
    const lacks = RULE === "propagate" && known.length < times.length;
    median[row] = known.length === 0 || lacks ? NaN : value;
  }
  return median;
}

const measuredOf = (services, side) => services.filter((service) => isMeasured(service, side));
const timesOf = (services, side) => services.map((service) => rowMinutes(service, side));
const ones = (items) => items.map(() => 1);

function gammeRows(gamme, side) {
  const own = DATA.services.filter((service) => service.gamme === gamme).map((s) => s.id);
  const services = measuredOf(own, side);
  return { services, mean: rowMean(timesOf(services, side), ones(services)) };
}

function basketRows(side) {
  const services = measuredOf(DATA.services.map((service) => service.id), side);
  if (DATA.basket.mean === "median") return rowMedian(timesOf(services, side));
  if (DATA.basket.mean === "by_gamme") {
    const gammes = DATA.gammes.map((gamme) => gammeRows(gamme.id, side));
    const used = gammes.filter((gamme) => gamme.services.length > 0);
    return rowMean(used.map((gamme) => gamme.mean), ones(used));
  }
  const weigh = DATA.basket.mean === "by_frequency";
  const weights = services.map((service) => (weigh ? SERVICES.get(service).frequency : 1));
  return rowMean(timesOf(services, side), weights);
}

/** The reader's own basket: the mean over the services ticked, by their weights. */
function composedRows(chosen, side) {
  const services = measuredOf([...chosen.keys()], side);
  return rowMean(timesOf(services, side), services.map((service) => chosen.get(service)));
}

/** What a composed mean gains by row; none where it bears on other services than before. */
function composedGainRows(chosen, side) {
  const before = composedRows(chosen, TODAY);
  const after = composedRows(chosen, side);
  const services = [...chosen.keys()];
  const other = services.some((s) => isMeasured(s, TODAY) !== isMeasured(s, side));
  const pairs = RULE === "cap" ? [] : measuredOf(services, side).map((service) => [
    rowMinutes(service, TODAY),
    rowMinutes(service, side),
  ]);
  return before.map((time, row) => {
    const changed = pairs.some(([a, b]) => Number.isNaN(a[row]) !== Number.isNaN(b[row]));
    return other || changed ? NaN : Math.round((time - after[row]) * 1e9) / 1e9 + 0;
  });
}

/** Mean of rows by commune, weighted by inhabitants; missing where nothing is known. */
function communeMean(rows) {
  const total = new Float64Array(COMMUNES);
  const sum = new Float64Array(COMMUNES);
  const low = new Float64Array(COMMUNES).fill(Infinity);
  const high = new Float64Array(COMMUNES).fill(-Infinity);
  for (let row = 0; row < rows.length; row += 1) {
    const time = rows[row];
    if (Number.isNaN(time)) continue;
    const commune = ROWS.commune[row];
    total[commune] += ROWS.weight[row];
    sum[commune] += ROWS.weight[row] * time;
    low[commune] = Math.min(low[commune], time);
    high[commune] = Math.max(high[commune], time);
  }
  // The mean of equal times is that time, whatever rounding makes of it.
  return total.map((weight, i) =>
    weight > 0 ? Math.min(Math.max(sum[i] / weight, low[i]), high[i]) : NaN
  );
}

/** Mean over the inhabitants of some communes; missing where nothing is known. */
function overallMean(rows, inside) {
  let total = 0;
  let sum = 0;
  for (let row = 0; row < rows.length; row += 1) {
    if (Number.isNaN(rows[row]) || !inside[ROWS.commune[row]]) continue;
    total += ROWS.people[row];
    sum += ROWS.people[row] * rows[row];
  }
  return total > 0 ? sum / total : NaN;
}

/** Share of the inhabitants of some communes within each limit; the unreached are in none. */
function sharesWithin(rows, inside, limits) {
  const within = new Float64Array(limits.length + 1);
  let everyone = 0;
  for (let row = 0; row < rows.length; row += 1) {
    if (!inside[ROWS.commune[row]]) continue;
    everyone += ROWS.people[row];
    if (Number.isNaN(rows[row])) continue;
    within[firstAtLeast(limits, rows[row])] += ROWS.people[row];
  }
  let sum = 0;
  return limits.map((_, i) => {
    sum += within[i];
    return everyone > 0 ? sum / everyone : NaN;
  });
}

function firstAtLeast(limits, value) {
  let low = 0;
  let high = limits.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (limits[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
