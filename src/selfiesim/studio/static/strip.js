// The drift below the picture: what is in the frame when, and the moment of the picture.

const SVG = "http://www.w3.org/2000/svg";
const ROWS = [["craft", "#e8b64c", "the whole craft"], ["cap", "#dfe9f2", "the polar cap"],
  ["limb", "#d97b4a", "the limb"], ["sun", "#fff27a", "the Sun"]];

export class Strip {
  constructor(live) {
    this.live = live;
    this.element = document.getElementById("strip");
    this.rows = document.getElementById("strip-rows");
    this.slider = document.getElementById("time");
    this.text = document.getElementById("time-text");
    this.play = document.getElementById("play");
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
    const stop = times.at(-1);
    this.slider.max = stop;
    this.rows.setAttribute("viewBox", `0 0 ${times.length} ${ROWS.length}`);
    this.rows.replaceChildren();
    ROWS.forEach(([key, colour, words], row) => {
      const group = document.createElementNS(SVG, "g");
      const title = document.createElementNS(SVG, "title");
      title.textContent = `When ${words} is in the picture`;
      group.append(title);
      seen[key].forEach((visible, k) => {
        if (!visible) return;
        const cell = document.createElementNS(SVG, "rect");
        const place = { x: k, y: row + 0.1, width: 1.02, height: 0.8, fill: colour };
        for (const [name, value] of Object.entries(place)) cell.setAttribute(name, value);
        group.append(cell);
      });
      this.rows.append(group);
    });
  }

  setTime(seconds) {
    this.element.hidden = seconds === null;
    if (seconds === null || this.wanted !== undefined) return;
    if (seconds > Number(this.slider.max)) this.slider.max = Math.ceil(seconds / 60) * 60;
    this.slider.value = seconds;
    this.text.value = `${seconds.toFixed(1)} s`;
  }

  go(seconds) {
    const bounded = Math.min(Math.max(seconds, 0), Number(this.slider.max));
    this.slider.value = bounded;
    this.text.value = `${bounded.toFixed(1)} s`;
    this.wanted = bounded;
    if (!this.busy) this.send();
  }

  step(seconds) {
    this.go(Number(this.slider.value) + seconds);
  }

  send() {
    if (this.playing) {
      const seconds = Number(this.slider.value) + (performance.now() - this.shown) / 1000;
      this.shown = performance.now();
      if (seconds >= Number(this.slider.max)) this.toggle();
      this.slider.value = seconds;
      this.text.value = `${Number(this.slider.value).toFixed(1)} s`;
      this.wanted = Number(this.slider.value);
    }
    if (this.wanted === undefined) return;
    this.live.set({ at: `release+${this.wanted.toFixed(1)}s` }, "time");
    this.wanted = undefined;
    this.busy = true;
  }

  toggle() {
    this.playing = !this.playing;
    this.play.textContent = this.playing ? "⏸" : "▶";
    this.play.setAttribute("aria-label", this.playing ? "Pause" : "Play the drift");
    this.shown = performance.now();
    if (this.playing) this.send();
  }
}
