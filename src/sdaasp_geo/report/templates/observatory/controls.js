// Controls and state, both ways: what is chosen changes the state, the state sets the controls.

function listenToControls() {
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  byId("theme").addEventListener("change", (event) => change({ theme: event.target.value, threshold: null }));
  byId("threshold").addEventListener("input", (event) => change({ threshold: Number(event.target.value), coloured: true }));
  byId("threshold-number").addEventListener("change", (event) => {
    const value = Math.min(Math.max(Number(event.target.value) || 0, 0), longestMin());
    change({ threshold: value, coloured: true });
  });
  byId("coloured").addEventListener("change", (event) => change({ coloured: event.target.checked }));
  for (const key of ["epci", "departement"]) {
    const list = byId(key);
    if (list) list.addEventListener("change", () => change({ [key]: list.value }, { look: true }));
  }
  for (const box of document.querySelectorAll("[name=view]")) {
    box.addEventListener("change", () => change({ view: box.value }));
  }
  const scenario = byId("scenario");
  if (scenario) {
    scenario.addEventListener("change", () => change({
      scenario: Number(scenario.value), view: state.view === "avant" ? "apres" : state.view,
    }));
  }
  listenToBasket();
  listenToSites();
  byId("zoom-in").addEventListener("click", () => zoomBy(0.6));
  byId("zoom-out").addEventListener("click", () => zoomBy(1 / 0.6));
  byId("zoom-all").addEventListener("click", () => centreOn([MAP.width / 2, MAP.height / 2], 1));
  byId("reset").addEventListener("click", () => {
    change({ ...NO_STATE, basket: wholeBasket() }, { look: true });
    byId("search").value = "";
    say("Tout est remis comme à l'ouverture de la page.");
  });
  byId("download").addEventListener("click", downloadTable);
  byId("print").addEventListener("click", () => window.print());
  byId("card-close").addEventListener("click", () => {
    change({ commune: "" });
    byId("search").focus();
  });
  listenToLink();
}

function listenToBasket() {
  for (const line of document.querySelectorAll("#composer [data-service]")) {
    const [tick, weight] = line.querySelectorAll("input");
    tick.addEventListener("change", readComposer);
    weight.addEventListener("input", readComposer);
  }
  byId("tick-all").addEventListener("click", () => tickAll(true));
  byId("tick-none").addEventListener("click", () => tickAll(false));
}

function tickAll(ticked) {
  for (const line of document.querySelectorAll("#composer [data-service]")) line.querySelector("input").checked = ticked;
  readComposer();
}

/** The basket as ticked; a weight that is no number above 0 leaves its service out. */
function readComposer() {
  const basket = new Map();
  for (const line of document.querySelectorAll("#composer [data-service]")) {
    const [tick, weight] = line.querySelectorAll("input");
    const value = Number(weight.value);
    const isGood = weight.value !== "" && Number.isFinite(value) && value > 0;
    weight.setAttribute("aria-invalid", String(tick.checked && !isGood));
    if (tick.checked && isGood) basket.set(line.dataset.service, value);
  }
  change({ theme: "compose", basket });
}

function listenToSites() {
  const boxes = ["show-existing", "show-scenario"].map(byId).filter(Boolean);
  for (const box of boxes) {
    box.addEventListener("change", () => {
      const hides = boxes.map((own) => !own.checked);
      change({ hidden: hides[0] && hides[1] ? "tous" : hides[0] ? "existants" : hides[1] ? "scenario" : "" });
    });
  }
}

function listenToLink() {
  byId("link").addEventListener("focus", (event) => event.target.select());
  byId("copy").addEventListener("click", async () => {
    const link = byId("link");
    link.select();
    try {
      await navigator.clipboard.writeText(link.value);
      say("Lien copié.");
    } catch {
      say(document.execCommand("copy") ? "Lien copié." : "Le lien est sélectionné : copiez-le au clavier.");
    }
  });
}

function setControls() {
  byId("theme").value = state.theme;
  const most = thresholdMin();
  const timed = state.theme !== "eloignement" && !(state.view === "ecart" && SCENARIOS);
  byId("threshold-set").disabled = !timed;
  byId("threshold").max = longestMin();
  byId("threshold-number").max = longestMin();
  byId("threshold").value = most;
  byId("threshold").setAttribute("aria-valuetext", `${number(most, Number.isInteger(most) ? 0 : 1)} minutes`);
  if (document.activeElement !== byId("threshold-number")) byId("threshold-number").value = most;
  byId("coloured").checked = state.coloured;
  for (const key of ["epci", "departement"]) if (byId(key)) byId(key).value = state[key];
  for (const box of document.querySelectorAll("[name=view]")) box.checked = box.value === state.view;
  if (byId("scenario")) byId("scenario").value = String(state.scenario);
  for (const item of document.querySelectorAll("[data-scenario]")) {
    item.hidden = state.view === "avant" || Number(item.dataset.scenario) !== Number(state.scenario);
  }
  if (byId("show-existing")) byId("show-existing").checked = !["existants", "tous"].includes(state.hidden);
  if (byId("show-scenario")) byId("show-scenario").checked = !["scenario", "tous"].includes(state.hidden);
  setComposer();
}

function setComposer() {
  if (state.theme === "compose") byId("composer").open = true;
  for (const line of document.querySelectorAll("#composer [data-service]")) {
    const [tick, weight] = line.querySelectorAll("input");
    const own = state.basket.get(line.dataset.service);
    tick.checked = own !== undefined || (document.activeElement === weight && tick.checked);
    if (document.activeElement !== weight && own !== undefined) weight.value = own;
  }
  byId("composer-count").textContent = `${count(state.basket.size, "service coché", "services cochés")}`;
}
