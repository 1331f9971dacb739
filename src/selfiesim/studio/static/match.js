// Matching a photograph by points: pairs are clicked in the render and in the photograph, the worker finds the camera.

import { byId, drawn, element } from "./elements.js";

const LOUPE = 180, MAGNIFICATION = 6; // pixels of the loupe, and of it for each pixel of a picture
const MOST_PAIRS = 200;
const QUIET_MS = 1500; // after the last change, before other minima are looked for
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const LARGE_STEP = 20; // pixels, with Shift
const FITS = [["pose,fov", "place, direction, field of view"], ["pose", "place and direction"], ["attitude,fov", "direction and field of view"],
  ["pose,fov,centre", "of a cropped photograph"], ["pose,fov,k1", "with the distortion of the lens"]];

export class Match {
  constructor(live, compare, panel) {
    Object.assign(this, { live, compare, pairs: [], started: null, number: 0, isWaiting: false });
    this.cursor = { isPhoto: false, at: [0.5, 0.5] }; // of the keys
    this.layer = byId("match-layer");
    this.begin = element("button", { id: "match-begin", className: "primary" });
    this.fit = element("input", { value: "pose,fov", spellcheck: false, id: "match-fit", list: "match-fits" });
    const fits = FITS.map(([words, title]) => new Option(title, words));
    this.loupe = element("canvas", { className: "loupe", width: LOUPE, height: LOUPE, "aria-hidden": "true", hidden: true });
    this.note = element("p", { id: "match-note", role: "status" });
    this.points = element("table", { className: "match-table", id: "match-points" });
    this.values = element("table", { className: "match-table", id: "match-values" });
    this.others = element("ul", { className: "help sky", id: "match-others" });
    this.use = element("button", { id: "match-use", textContent: "Use this camera", className: "primary", disabled: true });
    this.save = element("button", { id: "match-save", textContent: "Save points", disabled: true });
    panel.append(
      element("p", { className: "help", textContent: "Where a photograph was taken from: click a place in the render, then the same "
        + "place in the photograph. Drag points to move them. With keys: arrows and Enter; Tab goes to the points, "
        + "which arrows move and Delete removes." }), this.begin,
      element("label", { className: "row", textContent: "Solve for " }, this.fit), element("datalist", { id: "match-fits" }, ...fits), this.loupe, this.note, this.points, this.values, this.others,
      element("div", { className: "tools" }, this.use, this.save));
    this.begin.addEventListener("click", () => this.start());
    this.offer();
    this.fit.addEventListener("change", () => this.solve());
    this.use.addEventListener("click", () => live.set(this.answer.values));
    this.save.addEventListener("click", () => this.download());
    this.layer.addEventListener("pointerdown", (event) => this.press(event));
    this.layer.addEventListener("pointermove", (event) => this.magnify(this.locate(event)));
    this.layer.addEventListener("keydown", (event) => this.key(event));
    this.layer.addEventListener("focusin", ({ target }) => this.magnify(this.focused(target)));
    compare.addEventListener("applied", () => this.show());
    live.on("match", (answer) => this.take(answer));
    live.on("scene", ({ revision }) => this.solveAnew(revision));
    for (const kind of ["connected", "faults"]) live.on(kind, () => { this.isWaiting = false; });
    live.on("lost", () => this.giveUp());
    compare.picture.addEventListener("resized", () => this.place());
  }

  get isOn() {
    return document.body.dataset.compare === "match";
  }

  // What the panel begins with: a photograph, and both pictures side by side.
  offer() {
    this.begin.hidden = this.isOn;
    this.begin.textContent = this.compare.original ? "Show it beside the render" : "Open a photograph …";
  }

  start() {
    if (this.compare.original) this.compare.show("match");
    else byId("photo").click();
  }

  show() {
    this.layer.hidden = !this.isOn;
    this.offer();
    if (!this.isOn) return;
    const size = this.compare.size.join();
    if (this.size !== size) this.reset(size); // points of another photograph
    byId("tab-match").click();
    this.place();
    this.say();
  }

  reset(size) {
    Object.assign(this, { size, pairs: [], started: null, answer: null, isWaiting: false });
    this.number++;
    this.report();
  }

  // Fractions of the render, or pixels of the photograph, under the pointer.
  locate(event) {
    const box = this.layer.getBoundingClientRect();
    const half = box.width / 2, x = event.clientX - box.left, y = event.clientY - box.top;
    if (x < half) return { isPhoto: false, at: [x / half, y / box.height] };
    const { scale, left, top } = this.frame();
    return { isPhoto: true, at: [(x - half - left) / scale - 0.5, (y - top) / scale - 0.5] };
  }

  // Where the photograph lies in its half of the layer.
  frame() {
    const width = this.layer.clientWidth / 2, height = this.layer.clientHeight;
    const [across, down] = this.compare.size;
    const scale = Math.min(width / across, height / down);
    return { scale, left: (width - scale * across) / 2, top: (height - scale * down) / 2 };
  }

  isInside({ isPhoto, at }) {
    const [width, height] = isPhoto ? this.compare.size : [1, 1];
    const edge = isPhoto ? 0.5 : 0;
    return at[0] >= -edge && at[1] >= -edge && at[0] <= width - edge && at[1] <= height - edge;
  }

  press(event) {
    event.stopPropagation();
    if (event.button !== 0) return;
    const where = this.locate(event);
    // Near another point, the second half of a pair is still a new point.
    if (event.target.dataset.pair !== undefined && !(this.started && where.isPhoto)) {
      this.drag(event, Number(event.target.dataset.pair), where.isPhoto);
    } else if (this.isInside(where)) {
      this.put(where);
    }
  }

  // A new point, or the second half of a pair.
  put({ isPhoto, at }) {
    if (!isPhoto) {
      if (this.pairs.length < MOST_PAIRS) this.started = at;
    } else if (this.started) {
      this.pairs.push({ at: this.started, pixel: at });
      this.started = null;
      this.solve();
    }
    this.place();
    this.say();
  }

  drag(event, k, isPhoto) {
    const moved = (next) => {
      const where = this.locate(next);
      if (where.isPhoto === isPhoto) this.move(k, where);
    };
    const stop = new AbortController();
    addEventListener("pointermove", moved, { signal: stop.signal });
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => stop.abort(), { signal: stop.signal });
  }

  move(k, where) {
    if (!this.isInside(where)) return;
    const { isPhoto, at } = where;
    if (k === this.pairs.length) this.started = at;
    else if (isPhoto) this.pairs[k].pixel = at;
    else this.pairs[k] = { at, pixel: this.pairs[k].pixel };
    this.place();
    if (k < this.pairs.length) this.solve();
  }

  // What the keys act on: a point, or the cursor.
  focused({ dataset: { pair, side } }) {
    if (pair === undefined) return this.cursor;
    const k = Number(pair), isPhoto = side === "photo";
    return { k, isPhoto, at: isPhoto ? this.pairs[k].pixel : (this.pairs[k]?.at ?? this.started) };
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const where = this.focused(event.target), isPoint = where.k !== undefined;
    if (STEPS[event.key]) {
      const [width, height] = where.isPhoto ? [1, 1] : this.compare.picture.size;
      const times = event.shiftKey ? LARGE_STEP : 1, [across, down] = STEPS[event.key];
      const next = { isPhoto: where.isPhoto, at: [where.at[0] + times * across / width, where.at[1] + times * down / height] };
      if (!this.isInside(next)) next.at = where.at;
      if (isPoint) this.move(where.k, next);
      else this.cursor = next;
      this.place();
      this.magnify(next);
    } else if (event.key === "Enter" && !isPoint) {
      this.put(where);
      this.cursor = this.across(where);
      this.place();
      this.magnify(this.cursor);
    } else if (["Delete", "Backspace"].includes(event.key) && isPoint) {
      if (where.k < this.pairs.length) this.remove(where.k);
      else this.dropStarted();
      this.layer.focus();
    } else if (event.key === "Escape" && this.started) {
      this.dropStarted();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  dropStarted() {
    this.started = null;
    this.cursor = { ...this.cursor, ...(this.cursor.isPhoto ? this.across(this.cursor) : {}) };
    this.place();
    this.say();
  }

  // The same fractions of the other picture.
  across({ isPhoto, at }) {
    const [width, height] = this.compare.size;
    return { isPhoto: !isPhoto, at: isPhoto ? [(at[0] + 0.5) / width, (at[1] + 0.5) / height]
      : [at[0] * width - 0.5, at[1] * height - 0.5] };
  }

  remove(k) {
    this.pairs.splice(k, 1);
    this.answer = null;
    this.report();
    this.place();
    this.solve();
  }

  // For another scene; the same one comes again after each question that interrupted its drawing.
  solveAnew(revision) {
    if (revision === this.revision) return;
    this.revision = revision;
    this.isWaiting = false;
    this.solve();
  }

  // The process that would have answered has ended. The points may be what ended it, so they are not sent again unasked.
  giveUp() {
    if (!this.isWaiting) return;
    this.isWaiting = false;
    this.answer = { message: "The process that solves has ended; move a point to try again." };
    this.report();
    this.place();
  }

  // One question is on its way; the newest follows its answer. Other minima are looked for when all is quiet.
  solve(search = false) {
    clearTimeout(this.later);
    if (!search) this.use.disabled = this.save.disabled = true;
    if (!this.isOn || !this.pairs.length) return;
    this.isChanged = this.isWaiting;
    if (this.isWaiting) return;
    this.isWaiting = true;
    this.asked = this.pairs.map((pair) => ({ ...pair }));
    const points = this.pairs.map(({ at, pixel, known }) => (known ? { ...known, pixel } : { at, pixel }));
    this.live.send("match", { number: ++this.number, size_px: this.compare.size, fit: this.fit.value, points, search });
    this.isSearch = search;
  }

  take(answer) {
    if (answer.number !== this.number) return;
    this.isWaiting = false;
    answer.points.forEach((point, k) => {
      const { pixel, ...known } = point;
      const pair = this.pairs[k];
      if (pair && pair.at === this.asked[k].at) pair.known = known;
    });
    if (this.isChanged) {
      this.solve();
      return;
    }
    this.answer = answer;
    this.report();
    this.place();
    if (this.isSearch) return;
    if (answer.minima === null) this.later = setTimeout(() => this.solve(true), QUIET_MS);
  }

  report() {
    const { answer } = this;
    this.use.disabled = !answer?.values;
    this.save.disabled = !answer?.toml;
    this.points.replaceChildren(...this.pairs.map((pair, k) => {
      const remove = element("button", { textContent: "×", "aria-label": `Remove point ${k + 1}` });
      remove.addEventListener("click", () => this.remove(k));
      const residual = answer?.residuals_px?.[k];
      const left = answer?.left_out?.includes(k) ? ", left out" : "";
      return element("tr", { className: answer?.worst === k ? "worst" : "" }, element("td", { textContent: k + 1 }),
        element("td", { textContent: residual == null ? "" : `${residual.toFixed(2)} px${left}${answer.worst === k ? ", worst" : ""}` }),
        element("td", {}, remove));
    }));
    this.values.replaceChildren(...(answer?.parameters ?? []).map(({ name, value, sigma, unit }) => {
      const digits = sigma > 0 ? Math.min(Math.max(1 - Math.floor(Math.log10(sigma)), 0), 9) : 4;
      return element("tr", {}, element("td", { textContent: name }),
        element("td", { textContent: `${value?.toFixed(digits)} ± ${sigma?.toFixed(digits)} ${unit}` }));
    }));
    const { correlations = [], minima } = answer ?? {};
    const others = minima?.length === 0 ? ["no other minimum found"] : minima ?? [];
    this.others.replaceChildren(...[...correlations.map((text) => `correlation of ${text}`), ...others].map((textContent) => (
      element("li", { textContent }))));
    this.say();
  }

  say() {
    const { answer } = this;
    const next = this.started ? "Now click the same place in the photograph. " : "";
    const found = answer?.message ?? (answer ? [`rms ${answer.rms_px.toFixed(2)} px`, ...answer.notes].join(". ") : "");
    this.note.textContent = next + found;
    this.note.className = answer?.message ? "error" : "";
  }

  place() {
    if (!this.isOn) return;
    const { scale, left, top } = this.frame();
    const width = this.layer.clientWidth / 2, height = this.layer.clientHeight;
    const inRender = ([across, down]) => [across * width, down * height];
    const inPhoto = ([x, y]) => [width + left + (x + 0.5) * scale, top + (y + 0.5) * scale];
    const { pair, side } = this.layer.contains(document.activeElement) ? document.activeElement.dataset : {};
    const marker = (k, [x, y], where) => {
      const made = element("button", { type: "button", className: "pair", textContent: k + 1, data: { pair: k, side: where },
        "aria-label": `Point ${k + 1} in the ${where === "photo" ? "photograph" : "render"}` });
      made.classList.toggle("worst", this.answer?.worst === k);
      return put(made, x, y);
    };
    const cursor = this.cursor.isPhoto ? inPhoto(this.cursor.at) : inRender(this.cursor.at);
    const starts = [...this.pairs.map((each) => each.at), ...(this.started ? [this.started] : [])];
    this.layer.replaceChildren(
      this.errors(inPhoto), put(element("span", { className: "cross" }), ...cursor),
      ...starts.map((each, k) => marker(k, inRender(each), "render")),
      ...this.pairs.map(({ pixel }, k) => marker(k, inPhoto(pixel), "photo")));
    if (pair !== undefined) this.layer.querySelector(`[data-pair="${pair}"][data-side=${side}]`)?.focus();
  }

  // From each point of the photograph to where the solution has it.
  errors(inPhoto) {
    const found = this.pairs.flatMap(({ pixel }, k) => {
      const to = this.answer?.predicted_px?.[k];
      if (!to || to.includes(null)) return [];
      const [[x1, y1], [x2, y2]] = [inPhoto(pixel), inPhoto(to)];
      return [drawn("line", { x1, y1, x2, y2, class: "line" }), drawn("circle", { cx: x2, cy: y2, r: 2, class: "dot" })];
    });
    return drawn("svg", { "aria-hidden": true }, ...found);
  }

  magnify({ isPhoto, at }) {
    const source = isPhoto ? this.compare.pixels : this.compare.picture.canvas;
    const [width, height] = isPhoto ? this.compare.size : [1, 1];
    const x = (at[0] + (isPhoto ? 0.5 : 0)) / width * source.width, y = (at[1] + (isPhoto ? 0.5 : 0)) / height * source.height;
    const size = LOUPE / MAGNIFICATION, context = this.loupe.getContext("2d");
    this.loupe.hidden = false;
    context.imageSmoothingEnabled = false;
    context.clearRect(0, 0, LOUPE, LOUPE);
    context.drawImage(source, x - size / 2, y - size / 2, size, size, 0, 0, LOUPE, LOUPE);
    context.strokeStyle = "#f0c060";
    context.strokeRect(LOUPE / 2 - 3, LOUPE / 2 - 3, 6, 6);
  }

  download() {
    const address = URL.createObjectURL(new Blob([this.answer.toml], { type: "application/toml" }));
    element("a", { href: address, download: "points.toml" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }
}

function put(made, x, y) {
  made.style.left = `${x}px`;
  made.style.top = `${y}px`;
  return made;
}
