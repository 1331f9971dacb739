// The drift below the picture: what is in the frame when, and the moment of the picture.

import { byId, drawn, element } from "./elements.js";

const ROWS = [["craft", "Craft", "the whole craft"], ["cap", "Cap", "the polar cap"], ["limb", "Limb", "the limb"],
  ["sun", "Sun", "the Sun"]];

export class Strip {
  constructor(live) {
    this.live = live;
    this.element = byId("strip");
    this.rows = byId("strip-rows");
    this.slider = byId("time");
    this.text = byId("time-text");
    this.play = byId("play");
    this.busy = false;
    live.on("overlay", ({ t_s }) => this.setTime(t_s));
    live.on("strip", (strip) => this.draw(strip));
    live.on("frame", () => { this.busy = false; this.send(); });
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.play.addEventListener("click", () => this.toggle());
  }

  draw({ times, ...seen }) {
    this.element.hidden = times.length < 2;
    if (this.element.hidden) return;
    this.slider.max = times.at(-1);
    const shown = ROWS.filter(([key]) => seen[key].length);
    byId("strip-names").replaceChildren(...shown.map(([, name]) => element("span", { textContent: name })));
    this.rows.setAttribute("viewBox", `0 0 ${times.length} ${Math.max(shown.length, 1)}`);
    this.rows.replaceChildren(...shown.map(([key, , words], row) => drawn("g", { class: key },
      drawn("title", {}, `When ${words} is in the picture`),
      ...runs(seen[key]).map(([from, to]) => drawn("rect", { x: from, y: row + 0.16, width: to - from, height: 0.68 })))));
    const said = ([from, to]) => `from ${times[from].toFixed(0)} to ${times[to - 1].toFixed(0)} s`;
    const described = shown.map(([key, , words]) => `${words} ${runs(seen[key]).map(said).join(", ") || "never"}`);
    this.slider.setAttribute("aria-description", described.join("; "));
  }

  setTime(seconds) {
    this.element.hidden = seconds === null;
    if (seconds === null || this.wanted !== undefined) return;
    if (seconds > Number(this.slider.max)) this.slider.max = Math.ceil(seconds / 60) * 60;
    this.show(seconds);
  }

  show(seconds) {
    this.slider.value = seconds;
    this.text.value = `${Number(this.slider.value).toFixed(1)} s`;
    this.slider.setAttribute("aria-valuetext", `${this.text.value} after the release`);
  }

  go(seconds) {
    this.wanted = Math.min(Math.max(seconds, 0), Number(this.slider.max));
    this.show(this.wanted);
    if (!this.busy) this.send();
  }

  step(seconds) {
    this.go(Number(this.slider.value) + seconds);
  }

  send() {
    if (this.playing) {
      this.show(Number(this.slider.value) + (performance.now() - this.since) / 1000);
      this.since = performance.now();
      this.wanted = Number(this.slider.value);
      if (this.wanted >= Number(this.slider.max)) this.toggle();
    }
    if (this.wanted === undefined) return;
    this.live.set({ at: `release+${this.wanted.toFixed(1)}s` }, "time");
    this.wanted = undefined;
    this.busy = true;
  }

  toggle() {
    this.playing = !this.playing;
    this.play.textContent = this.playing ? "❚❚" : "▶";
    this.play.setAttribute("aria-label", this.playing ? "Pause" : "Play the drift");
    this.since = performance.now();
    if (this.playing && Number(this.slider.value) >= Number(this.slider.max)) this.show(0);
    if (this.playing) this.send();
  }
}

// First place of each run of true values, and the place after it.
function runs(values) {
  const found = [];
  values.forEach((value, k) => {
    if (!value) return;
    if (found.length && found.at(-1)[1] === k) found.at(-1)[1] = k + 1;
    else found.push([k, k + 1]);
  });
  return found;
}
