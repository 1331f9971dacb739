// The planner: what the picture should show, from when to when, and what is found: windows with pictures, or why not.

import { drawn, element } from "./elements.js";
import { Wants } from "./wants.js";

const SPANS = [
  ["since_s", "Since the release", "s", "40..150"], ["speed_m_s", "Speed of the push", "m/s", "0.1..0.3"],
  ["lean_deg", "Lean of the push", "°", "0..50"], ["fov_deg", "Field of view", "°", "60..115"],
  ["roll_deg", "Roll", "°", "-180..180"], ["place_x", "Place across", "", "0.3..0.7"], ["place_y", "Place down", "", "0.3..0.7"],
];
const FIRST = ["craft whole", "limb in frame", "phase 30..70 weight 2"];
const HALF_SPAN_H = 12; // about the scene's moment

export class PlanPanel {
  constructor(live, panel) {
    Object.assign(this, { live, panel, state: null });
    panel.addEventListener("shown", () => this.load());
    live.on("plan", (state) => { this.state = state; this.show(); });
    live.on("overlay", ({ facts }) => { this.moment = facts.epoch_utc; this.offer(); });
    live.on("document", ({ name, revision }) => { this.name = name; this.mark(revision); });
  }

  // Once it is looked at: until then the page does not need the forms of wants.
  async load() {
    if (this.found || this.isLoading) return;
    this.isLoading = true;
    const waiting = element("p", { className: "help", role: "status", textContent: "Loading …" });
    this.panel.replaceChildren(waiting);
    try {
      const answer = await fetch("/wants");
      this.wants = new Wants(await answer.json());
    } catch {
      waiting.textContent = "The conditions could not be loaded. Open this panel again to try once more.";
      return;
    } finally {
      this.isLoading = false;
    }
    this.build();
  }

  build() {
    this.wants.texts = FIRST;
    this.from = element("input", { id: "plan-from", spellcheck: false });
    this.to = element("input", { id: "plan-to", spellcheck: false });
    this.spans = SPANS.map(([key, label, unit, example]) => {
      const input = element("input", { id: `plan-${key}`, spellcheck: false, placeholder: `as it is, or ${example}` });
      return { key, input, row: element("label", { className: "row" }, unit ? `${label}, ${unit} ` : `${label} `, input) };
    });
    this.top = element("input", { id: "plan-top", type: "number", min: 1, max: 20, value: 5 });
    this.begin = element("button", { id: "plan-begin", className: "primary", textContent: "Find shots" });
    this.cancel = element("button", { id: "plan-cancel", textContent: "Cancel", hidden: true });
    this.progress = element("progress", { hidden: true, "aria-label": "Progress of the search" });
    this.note = element("p", { id: "plan-note", role: "status" });
    this.timeline = element("div", { className: "timeline", "aria-hidden": "true" });
    this.reasons = element("ul", { id: "plan-reasons", className: "faults" });
    this.found = element("ol", { id: "plan-shots", className: "found" });
    this.begin.addEventListener("click", () => this.start());
    this.cancel.addEventListener("click", () => this.live.send("plan-cancel"));
    this.panel.replaceChildren(
      element("p", { className: "help", textContent: "Say what the picture should show, and between which moments to look, "
        + "in UTC or by events of the orbit such as periapsis. What is found opens as a scene; Undo goes back." }),
      element("label", { className: "row" }, "From ", this.from), element("label", { className: "row" }, "To ", this.to),
      element("h3", { textContent: "What it should show" }), this.wants.element,
      element("details", { className: "more" }, element("summary", { textContent: "What else may be chosen" }),
        element("div", { className: "keys" }, ...this.spans.map(({ row }) => row))),
      element("label", { className: "row" }, "Most shots ", this.top),
      element("div", { className: "tools" }, this.begin, this.cancel), this.progress, this.note, this.reasons, this.timeline, this.found);
    this.offer();
    if (this.state) this.restore();
    this.show();
  }

  // Half a day before and after the scene's moment, until the user writes something else.
  offer() {
    if (!this.from || !this.moment) return;
    const middle = Math.round(Date.parse(this.moment) / 60000) * 60000;
    const at = (hours) => new Date(middle + 3600e3 * hours).toISOString().replace(".000", "");
    for (const [input, hours] of [[this.from, -HALF_SPAN_H], [this.to, HALF_SPAN_H]]) {
      if (input.value === (input.dataset.offered ?? "")) input.value = input.dataset.offered = at(hours);
    }
  }

  // After a reload, what was asked for.
  restore() {
    const { from, to, wants, spans, top } = this.state.wish;
    [this.from.value, this.to.value, this.top.value, this.wants.texts] = [from, to, top, wants];
    for (const { key, input } of this.spans) input.value = spans[key] ?? "";
  }

  start() {
    this.live.send("plan", {
      from: this.from.value.trim(), to: this.to.value.trim(), wants: this.wants.texts, top: this.top.valueAsNumber,
      spans: Object.fromEntries(this.spans.map(({ key, input }) => [key, input.value.trim()]).filter(([, text]) => text)),
    });
  }

  show() {
    const { state } = this;
    if (!this.found || !state) return;
    const isRunning = state.state === "running";
    this.begin.disabled = isRunning;
    this.progress.hidden = this.cancel.hidden = !isRunning;
    if (state.shots) {
      this.progress.max = Math.max(state.shots.length, 1);
      this.progress.value = state.pictures;
    } else this.progress.removeAttribute("value");
    this.note.className = state.state === "fault" ? "error" : "";
    this.note.textContent = state.note || this.summary();
    this.reasons.replaceChildren(...(state.why_not ?? []).map((text) => element("li", { textContent: `Why not: ${text}.` })));
    this.timeline.replaceChildren(...(state.shots?.length ? this.rows() : []));
    this.showShots();
  }

  summary() {
    const count = this.state.shots?.length;
    if (count === undefined) return "";
    const where = this.state.scene === this.name ? "" : ` Found for ${this.state.scene}.`;
    return (count ? `${count === 1 ? "One shot" : `${count} shots`}, the best first.` : "No shot.") + where;
  }

  rows() {
    return this.state.timeline.map(([text, spans], k) => element("div", {},
      element("span", { textContent: k === 0 ? `${this.state.from_utc.slice(0, 16)} to ${this.state.to_utc.slice(0, 16)}` : text }),
      drawn("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none" }, ...spans.map(([from, to]) => (
        drawn("rect", { x: Math.min(from, 0.997), y: 0, width: Math.max(to - from, 0.003), height: 1, class: k === 0 ? "hit" : "span" }))))));
  }

  // The same elements while thumbnails arrive, so that the focus stays.
  showShots() {
    const { id, shots = [], pictures } = this.state;
    if (this.shown !== shots.length + id) {
      this.shown = shots.length + id;
      this.found.replaceChildren(...shots.map((shot) => element("li", {}, this.button(shot))));
      this.opened = null;
    }
    this.found.querySelectorAll("img").forEach((image, k) => {
      if (k >= pictures || image.src) return;
      image.src = `/output/${id}/${k + 1}.jpg`;
    });
  }

  button({ number, start_utc, end_utc, best_utc, lasts_s, score, score_by_want }) {
    const least = Object.entries(score_by_want).reduce((one, other) => (other[1] < one[1] ? other : one));
    const made = element("button", { className: "shot", data: { number } },
      element("img", { alt: "", width: 480, height: 270 }),
      element("span", {}, element("b", { textContent: `${number}. ${best_utc.slice(0, 19).replace("T", " ")}` }),
        element("em", { textContent: `score ${score.toFixed(3)}`, title: Object.entries(score_by_want).map(([text, value]) => (
          `${value.toFixed(2)}  ${text}`)).join("\n") }),
        element("small", { textContent: `${start_utc.slice(11, 19)} to ${end_utc.slice(11, 19)}, ${lasts(lasts_s)}. Least met: ${least[0]}, ${least[1].toFixed(2)}` })));
    made.addEventListener("click", () => {
      this.opening = number;
      this.live.send("plan-open", { number });
    });
    return made;
  }

  // The shot that the page shows, until the scene is changed.
  mark(revision) {
    if (this.opening) [this.opened, this.opening] = [{ number: this.opening, revision }, null];
    else if (this.opened?.revision !== revision) this.opened = null;
    for (const button of this.found?.querySelectorAll("button") ?? []) {
      if (Number(button.dataset.number) === this.opened?.number) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    if (this.state?.state === "done") this.show();
  }
}

function lasts(seconds) {
  if (seconds >= 7200) return `${(seconds / 3600).toFixed(1)} h`;
  return seconds >= 120 ? `${(seconds / 60).toFixed(1)} min` : `${seconds.toFixed(1)} s`;
}
