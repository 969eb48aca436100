// Search by name: a list that the arrows walk, accents and hyphens left aside.

const MOST_FOUND = 8;
const SEARCHED = DATA.communes.name.map((name, i) => `${plain(name)} ${DATA.communes.code[i].toLowerCase()}`);
const finding = { found: [], active: -1 };

function matches(text) {
  const wanted = plain(text).replace(/^st(e?) /, "saint$1 ");
  if (!wanted) return [];
  const ranked = [];
  SEARCHED.forEach((name, commune) => {
    const at = name.indexOf(wanted);
    if (at < 0) return;
    const starts = at === 0 ? 0 : name[at - 1] === " " ? 1 : 2;
    ranked.push([starts, -DATA.communes.people[commune], commune]);
  });
  ranked.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  return ranked.slice(0, MOST_FOUND).map((line) => line[2]);
}

function showFound() {
  const input = byId("search");
  finding.found = matches(input.value);
  finding.active = finding.found.length ? 0 : -1;
  byId("found").replaceChildren(...finding.found.map((commune, i) => {
    const item = element("li", DATA.communes.name[commune], { role: "option", id: `found-${i}` });
    item.append(element("small", ` ${DATA.communes.code[commune]}`));
    item.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      takeFound(commune);
    });
    return item;
  }));
  byId("found-none").textContent = input.value.trim() && !finding.found.length ? "Aucune commune de ce nom." : "";
  openFound(finding.found.length > 0);
}

function openFound(isOpen) {
  const input = byId("search");
  byId("found").hidden = !isOpen;
  input.setAttribute("aria-expanded", String(isOpen));
  [...byId("found").children].forEach((item, i) => item.setAttribute("aria-selected", String(i === finding.active)));
  if (isOpen && finding.active >= 0) input.setAttribute("aria-activedescendant", `found-${finding.active}`);
  else input.removeAttribute("aria-activedescendant");
}

function takeFound(commune) {
  byId("search").value = DATA.communes.name[commune];
  openFound(false);
  choose(commune, { look: true });
}

function listenToSearch() {
  const input = byId("search");
  input.addEventListener("input", showFound);
  input.addEventListener("blur", () => openFound(false));
  input.addEventListener("keydown", (event) => {
    const isOpen = !byId("found").hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!isOpen) return showFound();
      const step = event.key === "ArrowDown" ? 1 : -1;
      finding.active = (finding.active + step + finding.found.length) % finding.found.length;
      openFound(true);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (!isOpen) showFound();
      if (finding.active >= 0) takeFound(finding.found[finding.active]);
    } else if (event.key === "Escape") openFound(false);
    return undefined;
  });
}
