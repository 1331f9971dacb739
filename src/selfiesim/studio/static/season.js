// The date of the shot, and the season it is on Mars.

import { element } from "./elements.js";

const SEASONS = [["northern spring", "southern autumn"], ["northern summer", "southern winter"],
  ["northern autumn", "southern spring"], ["northern winter", "southern summer"]];
const UTC = /^(\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?)/;

export class Season {
  constructor(live, panel) {
    Object.assign(this, { live });
    this.date = element("input", { type: "datetime-local", id: "date", step: 1 });
    this.date.addEventListener("change", () => this.set());
    this.note = element("p", { className: "readout", id: "season", role: "status" });
    this.help = element("p", { className: "help" });
    const label = element("label", { htmlFor: "date", textContent: "Date (UTC)" });
    panel.prepend(element("div", { className: "field" }, label, this.date, this.help), this.note);
    live.on("scene", ({ values }) => this.show(values));
    live.on("overlay", ({ facts }) => this.say(facts));
  }

  // The key that holds the date: the moment of the shot, of the release, or of the orbit.
  show(values) {
    const places = [["at", values.at], ["release.at", values.release?.at], ["orbit.epoch_utc", values.orbit?.epoch_utc]];
    [this.path, this.text] = places.find(([, text]) => UTC.test(text ?? "")) ?? [null, null];
    this.date.disabled = !this.path;
    const words = { at: "The moment of the picture (at).", "release.at": "The moment of the release (release.at).",
      "orbit.epoch_utc": "The epoch of the orbit (orbit.epoch_utc): the craft repeats the same orbit at another date." };
    this.help.textContent = words[this.path] ?? "The moments of this scene come from its trajectory.";
    if (document.activeElement !== this.date) this.date.value = this.path ? UTC.exec(this.text)[1] : "";
  }

  set() {
    const match = UTC.exec(this.date.value);
    if (!match || !this.path) return;
    const time = match[2] ? match[1] : `${match[1]}:00`;
    this.live.set({ [this.path]: `${time}Z` });
  }

  say({ epoch_utc: epoch, solar_longitude_deg: longitude, local_true_solar_time_h: hour }) {
    const parts = [epoch.slice(0, 19).replace("T", " ")];
    if (longitude !== undefined) {
      const [north, south] = SEASONS[Math.floor(longitude / 90) % 4];
      parts.push(`Ls ${longitude.toFixed(1)}°: ${north}, ${south}`);
    }
    if (hour !== undefined) {
      parts.push(`local solar time ${Math.floor(hour)}:${String(Math.floor(hour % 1 * 60)).padStart(2, "0")}`);
    }
    this.note.textContent = parts.join(" · ");
  }
}
