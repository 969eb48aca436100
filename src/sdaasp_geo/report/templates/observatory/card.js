// The card of a commune: every service, where it is, the means, the rank, the remoteness.

function showCard(what) {
  const commune = RANK_OF.get(state.commune);
  byId("card-empty").hidden = commune !== undefined;
  byId("card-full").hidden = commune === undefined;
  if (commune === undefined) showFarthest(what);
  else fillCard(commune, what);
}

/** Before a commune is chosen: the ten that have the farthest to go. */
function showFarthest(what) {
  const size = (i) => (what.kind === "gain" ? Math.abs(what.values[i]) : what.values[i]);
  const ranked = [...what.values.keys()]
    .filter((i) => current.inside[i] && !Number.isNaN(what.values[i]) && (what.kind !== "gain" || what.values[i] !== 0))
    .sort((a, b) => size(b) - size(a) || a - b)
    .slice(0, 10);
  write("farthest-title", what.kind === "gain" ? "Les communes où cela change le plus" : "Les communes les plus éloignées");
  byId("farthest").replaceChildren(...ranked.map((commune) => {
    const item = document.createElement("li");
    item.append(communeButton(commune), `\u00a0: ${proseWords(what.values[commune], what.kind)}`);
    return item;
  }));
  byId("farthest-none").hidden = ranked.length > 0;
}

function communeButton(commune) {
  const button = element("button", DATA.communes.name[commune], { type: "button", class: "name" });
  button.addEventListener("click", () => choose(commune, { focus: true }));
  return button;
}

function fillCard(commune, what) {
  const { name, code, people, epci } = DATA.communes;
  const side = what.side;
  write("card-name", name[commune]);
  write("card-line", `Commune ${code[commune]} – ${epciName(epci[commune])} – ${count(people[commune], "habitant")}`);
  byId("card-facts").replaceChildren(...cardFacts(commune, what).map((text) => element("li", text)));
  const compares = SCENARIOS > 0 && state.view !== "avant";
  byId("card-head").replaceChildren(...cardHeads(compares));
  byId("card-head").closest("table").classList.toggle("compares", compares);
  byId("card-means").replaceChildren(...cardMeans(commune, side, compares));
  byId("card-services").replaceChildren(...DATA.gammes.flatMap((gamme) => [
    gammeRow(gamme, compares),
    ...DATA.services.filter((service) => service.gamme === gamme.id)
      .map((service) => serviceRow(service, commune, side, compares)),
  ]));
  write("card-notes", cardNotes(commune, side));
}

function cardFacts(commune, what) {
  const facts = [];
  const value = what.values[commune];
  const title = titleOf(state.theme);
  if (Number.isNaN(value)) facts.push(`${title} : ${missingWords(commune, what)}.`);
  else if (state.theme !== "eloignement") {
    facts.push(`${title} : ${proseWords(value, what.kind)}${rankWords(commune, what)}.`);
  }
  facts.push(...remoteFacts(commune, what.side));
  if (what.side !== TODAY) facts.push(...scenarioFacts(commune, what.side));
  return facts;
}

function rankWords(commune, what) {
  if (what.kind === "gain") return "";
  const { rank, known } = rankOf(what.values, commune);
  return `, ${ordinal(rank)} rang sur ${number(known)} (le 1er est le plus proche)`;
}

/** From which gammes the commune is remote, and which services weigh the most. */
function remoteFacts(commune, side) {
  const gammes = remoteFrom(commune, side);
  if (!gammes.length) {
    return [DATA.sides[side].remoteGammes[commune] < 0
      ? "Éloignement non déterminé : il manque un temps vers une partie des services."
      : "N'est éloignée d'aucune gamme de services."];
  }
  return gammes.map((gamme) => {
    const time = communeMinutes(gamme.id, side)[commune];
    const own = DATA.services.filter((service) => service.gamme === gamme.id)
      .map((service) => [service.label, communeMinutes(service.id, side)[commune]])
      .filter(([, minutes_]) => minutes_ > gamme.threshold)
      .sort((a, b) => b[1] - a[1]).slice(0, 3)
      .map(([label, minutes_]) => `${label} (${minutes(minutes_)})`);
    const why = own.length ? ` Les plus loin : ${listing(own)}.` : "";
    const far = Number.isNaN(time) ? "" : ` : ${minutes(time)} en moyenne, pour un seuil de ${limit(gamme.threshold)}`;
    return `Éloignée de la gamme ${gamme.label.toLowerCase()}${far}.${why}`;
  });
}

function scenarioFacts(commune, side) {
  const scenario = DATA.sides[side];
  const gaining = column(scenario.gaining, Float64Array)[commune];
  const losing = column(scenario.losing, Float64Array)[commune];
  const facts = [];
  if (gaining) facts.push(`« ${scenario.name} » : ${count(gaining, "habitant")} de la commune y ${gaining < 2 ? "gagne" : "gagnent"} du temps.`);
  if (losing) facts.push(`« ${scenario.name} » : ${count(losing, "habitant")} de la commune y ${losing < 2 ? "perd" : "perdent"} du temps.`);
  return facts.length ? facts : [`« ${scenario.name} » n'y change rien.`];
}

function cardHeads(compares) {
  const names = compares ? ["Service", "Avant (min)", "Après (min)", "Gain (min)", "Où"] : ["Service", "Temps", "Où"];
  return names.map((name) => element("th", name, { scope: "col" }));
}

function cardMeans(commune, side, compares) {
  const lines = DATA.gammes.map((gamme) => [`Gamme ${gamme.label.toLowerCase()}`, `gamme.${gamme.id}`]);
  lines.push(["Panier entier", "panier"]);
  if (state.theme === "compose") lines.push(["Votre panier", "compose"]);
  return lines.map(([label, theme]) => {
    const row = document.createElement("tr");
    row.append(element("th", label, { scope: "row" }), ...timeCells(theme, commune, side, compares));
    const counts = reachedOf(theme, commune, side);
    row.append(element("td", counts ? `${counts[0]} sur ${counts[1]} services atteints` : ""));
    return row;
  });
}

function timeCells(theme, commune, side, compares) {
  const value = valuesOf(theme, side)[commune];
  if (!compares) return [element("td", minutes(value), { class: "figure" })];
  const before = valuesOf(theme, TODAY)[commune];
  const gain = side === TODAY ? NaN : gainsOf(theme, side)[commune];
  const words = gain === 0 ? "=" : (gain > 0 ? "+" : "") + number(gain, 1);
  const kind = gain > 0 ? "figure gain" : gain < 0 ? "figure loss" : "figure";
  return [before, value].map((time) => element("td", number(time, 1), { class: "figure" }))
    .concat(element("td", words, { class: kind }));
}

function gammeRow(gamme, compares) {
  const row = document.createElement("tr");
  row.append(element("th", `Gamme ${gamme.label.toLowerCase()}`, { scope: "rowgroup", colspan: compares ? 5 : 3, class: "gamme" }));
  return row;
}

function serviceRow(service, commune, side, compares) {
  const row = document.createElement("tr");
  row.append(element("th", service.label, { scope: "row" }));
  row.append(...timeCells(`service.${service.id}`, commune, side, compares));
  row.append(element("td", whereWords(service.id, commune, side), { class: "where" }));
  return row;
}

function whereWords(service, commune, side) {
  if (!isMeasured(service, side)) return `non atteint : ${DATA.reasons.no_facility}`;
  const lack = lacking(commune, service, side);
  if (Number.isNaN(communeMinutes(service, side)[commune])) {
    return `non atteint : ${lack ? listing(lack.reasons) : "sans raison connue"}`;
  }
  const parts = [placeWords(nearestPlaces(service, side)[commune], commune)];
  if (estimated(service, side)[commune]) parts.push("temps estimé");
  if (lack && lack.people) parts.push(`${count(lack.people, "habitant")} sans accès (${listing(lack.reasons)})`);
  return parts.filter(Boolean).join(" ; ");
}

function placeWords(rank, commune) {
  if (rank < 0) return "";
  const [name, where, code] = DATA.places[rank];
  const here = code === DATA.communes.code[commune] ? "dans la commune" : where && at(where);
  if (!name) return here;
  return name.includes(where) || !here ? name : `${name} (${here})`;
}

/** "à" and the name of a commune, joined as French joins them to "Le" and "Les". */
function at(name) {
  if (name.startsWith("Le ")) return `au ${name.slice(3)}`;
  return name.startsWith("Les ") ? `aux ${name.slice(4)}` : `à ${name}`;
}

function cardNotes(commune, side) {
  const some = DATA.services.some((service) => estimated(service.id, side)[commune]);
  const notes = ["« Où » : le lieu le plus proche pour le plus grand nombre d'habitants de la commune."];
  if (some) notes.push("« Temps estimé » : le lieu de départ ou l'équipement n'est connu que par sa commune, et le temps n'est pas un trajet calculé.");
  return notes.join(" ");
}
