// The table: the map's equal, sorted as one likes, and the file of what it shows.

const FIRST_ROWS = 25;
const MORE_ROWS = 150;
const tableRows = [];
const FORMULA = /^[=+\-@\t\r]/;

function tableColumns() {
  const many = new Set(DATA.communes.departement).size > 1;
  const compares = SCENARIOS > 0 && state.view !== "avant";
  const theme = titleOf(state.theme);
  return [
    { key: "name", label: "Commune", text: true },
    ...(many ? [{ key: "departement", label: "Dép.", text: true }] : []),
    { key: "epci", label: "EPCI", text: true },
    { key: "people", label: "Habitants" },
    ...(compares ? [
      { key: "before", label: "Avant" },
      state.view === "apres" ? { key: "value", label: "Après" } : { key: "after", label: "Après" },
      state.view === "apres" ? { key: "gain", label: "Gain" } : { key: "value", label: "Gain" },
    ] : [{ key: "value", label: theme }]),
    { key: "remote", label: "Éloignée de", text: true },
  ];
}

/** What each column sorts by and is written from, for what is shown now. */
function tableData(what) {
  const { name, departement, epci, people } = DATA.communes;
  const { side } = what;
  const before = valuesOf(state.theme, TODAY);
  const after = valuesOf(state.theme, side);
  return {
    name: { of: (i) => name[i] },
    departement: { of: (i) => departement[i] },
    epci: { of: (i) => epciName(epci[i]) },
    people: { of: (i) => people[i], words: number },
    before: { of: (i) => before[i], words: (value) => valueWords(value, "") },
    after: { of: (i) => after[i], words: (value) => valueWords(value, "") },
    gain: { of: (i) => (side === TODAY ? NaN : gainsOf(state.theme, side)[i]), words: (value) => valueWords(value, "gain") },
    value: { of: (i) => what.values[i], words: (value) => valueWords(value, what.kind) },
    remote: { of: (i) => remoteWords(i, side), rank: (i) => remoteOrder(i, side) },
  };
}

/** Most gammes first when sorted downwards; what is not known last. */
function remoteOrder(commune, side) {
  const gammes = DATA.sides[side].remoteGammes[commune];
  return gammes < 0 ? NaN : gammes;
}

function tableOrder(columns, data, inside) {
  const key = columns.some((c) => c.key === state.sort) ? state.sort : "value";
  const own = data[key];
  const by = own.rank || own.of;
  const isText = columns.find((c) => c.key === key).text && !own.rank;
  const keys = DATA.communes.name.map((_, i) => (isText ? plain(by(i)) : by(i)));
  const down = state.down ? -1 : 1;
  const order = [...inside.keys()].filter((i) => inside[i]);
  return order.sort((a, b) => {
    const [x, y] = [keys[a], keys[b]];
    const lost = Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    if (lost) return lost;
    return (x < y ? -1 : x > y ? 1 : 0) * down || a - b;
  });
}

function showTable(what, inside) {
  const columns = tableColumns();
  const data = tableData(what);
  const order = tableOrder(columns, data, inside);
  current.order = order;
  current.columns = columns;
  current.data = data;
  showHeads(columns);
  byId("table-head").closest("table").classList.toggle("compares", columns.some((own) => own.key === "before"));
  write("table-title", `Les communes : ${headline()}`);
  write("table-count", `${count(order.length, "commune")} sur ${number(COMMUNES)}`);
  const first = order.slice(0, FIRST_ROWS);
  const body = byId("table-rows");
  body.replaceChildren(...first.map((commune) => tableRow(commune, columns, data, what)));
  later("table", () => addRows(FIRST_ROWS));
}

/** The rows that do not show at once follow, some at a time. */
function addRows(start) {
  const { order, columns, data, what } = current;
  const some = order.slice(start, start + MORE_ROWS);
  byId("table-rows").append(...some.map((commune) => tableRow(commune, columns, data, what)));
  if (start + MORE_ROWS < order.length) later("table", () => addRows(start + MORE_ROWS));
}

function showHeads(columns) {
  const head = byId("table-head");
  const same = [...head.children].map((cell) => cell.dataset.key).join() === columns.map((c) => c.key).join();
  if (!same) head.replaceChildren(...columns.map(headCell));
  const key = columns.some((c) => c.key === state.sort) ? state.sort : "value";
  columns.forEach((own, i) => {
    const cell = head.children[i];
    cell.querySelector("button").firstChild.textContent = own.label;
    if (own.key === key) cell.setAttribute("aria-sort", state.down ? "descending" : "ascending");
    else cell.removeAttribute("aria-sort");
  });
}

function headCell(own) {
  const cell = element("th", "", { scope: "col", class: own.text ? "" : "figure" });
  cell.dataset.key = own.key;
  const button = element("button", "", { type: "button", class: "sort" });
  button.append(document.createTextNode(own.label), element("span", "", { class: "arrow", "aria-hidden": "true" }));
  button.addEventListener("click", () => {
    const again = state.sort === own.key;
    change({ sort: own.key, down: again ? !state.down : !own.text });
  });
  cell.append(button);
  return cell;
}

/** The row of a commune, made once and written anew each time. */
function tableRow(commune, columns, data, what) {
  if (!tableRows[commune]) {
    const row = document.createElement("tr");
    const head = element("th", "", { scope: "row" });
    head.append(communeButton(commune));
    row.append(head);
    tableRows[commune] = row;
  }
  const row = tableRows[commune];
  while (row.children.length > columns.length) row.lastChild.remove();
  while (row.children.length < columns.length) row.append(document.createElement("td"));
  for (let i = 1; i < columns.length; i += 1) {
    const own = columns[i];
    const { of, words } = data[own.key];
    const lacks = own.key === "value" && Number.isNaN(of(commune));
    const text = lacks ? missingWords(commune, what) : words ? words(of(commune)) : of(commune);
    const cell = row.children[i];
    if (cell.textContent !== text) cell.textContent = text;
    const kind = own.text ? own.key : lacks ? "lacks" : "figure";
    if (cell.className !== kind) cell.className = kind;
  }
  row.classList.toggle("chosen", DATA.communes.code[commune] === state.commune);
  return row;
}

/** The table as French spreadsheets open it: semicolons, decimal commas, a byte-order mark. */
function tableFile() {
  const { columns, data, order } = current;
  const names = ["Code commune", ...columns.map((own) => fileLabel(own))];
  const lines = order.map((commune) => [
    DATA.communes.code[commune],
    ...columns.map((own) => {
      const value = data[own.key].of(commune);
      if (own.text) return value === MISSING ? "" : value;
      if (Number.isNaN(value)) return "";
      return own.key === "people" || state.theme === "eloignement" ? String(value) : fixed(Math.abs(value), 2).replace(".", ",").replace(/^/, value < 0 ? "-" : "");
    }),
  ]);
  const rows = [names, ...lines].map((line, i) => line.map((cell, j) => fileCell(cell, i === 0 || j === 0 || columns[j - 1].text)).join(";"));
  return `\ufeff${rows.join("\r\n")}\r\n`;
}

function fileLabel(own) {
  if (own.text || own.key === "people") return own.label;
  const unit = state.theme === "eloignement" ? "gammes" : "min";
  const title = own.label === titleOf(state.theme) ? own.label : `${titleOf(state.theme)} – ${own.label.toLowerCase()}`;
  return `${title} (${unit})`;
}

/** Text that a spreadsheet would run as a formula gets an apostrophe; what parts cells, quotes. */
function fileCell(value, isText) {
  const text = isText && FORMULA.test(value) ? `'${value}` : value;
  return /[";\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

function downloadTable() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([tableFile()], { type: "text/csv;charset=utf-8" }));
  link.download = `${plain(`observatoire ${DATA.territory.name} ${headline()}`).replace(/ /g, "-").slice(0, 80)}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  say(`Tableau téléchargé : ${count(current.order.length, "commune")}.`);
}
