// What is known of the view: the facts of "selfiesim show", live, in words and with units.

import { element } from "./elements.js";
import { unit, words } from "./schema.js";

const HIDDEN = new Set(["title"]);
const NAMES = {
  epoch_utc: "Moment, UTC", solar_longitude_deg: "Solar longitude Ls", phase_angle_deg: "Phase angle of the craft",
  sun_off_axis_deg: "Sun off the optical axis", sun_visible_share: "Visible share of the Sun",
  camera_altitude_above: "Altitude above",
};

export class Facts {
  constructor(live, panel, skyPanel) {
    this.table = element("table", {}, element("caption", { className: "hidden", textContent: "Facts about the view" }));
    panel.append(this.table);
    this.sky = element("ul", { className: "sky" });
    skyPanel.append(element("h3", { textContent: "In the sky" }), this.sky);
    live.on("overlay", ({ facts, sky }) => { this.show(facts); this.showSky(sky); });
  }

  show(facts) {
    const shown = Object.entries(facts).filter(([key]) => !HIDDEN.has(key));
    const rows = shown.map(([key, value]) => element("tr", { data: { fact: key } },
      element("th", { scope: "row", textContent: NAMES[key] ?? words(key) }),
      element("td", { textContent: withUnit(value, unit(key)) })));
    this.table.querySelectorAll("tr").forEach((row) => row.remove());
    this.table.append(...rows);
  }

  showSky(bodies) {
    const items = bodies.map(({ name, diameter_deg: size, magnitude }) => {
      const wide = size >= 0.1 ? `${size.toFixed(2)}° wide` : `${(60 * size).toFixed(2)}′ wide`;
      const bright = magnitude === undefined ? "" : `, magnitude ${magnitude.toFixed(1)}`;
      return element("li", { textContent: `${words(name)}, ${wide}${bright}` });
    });
    this.sky.replaceChildren(...items);
    if (!items.length) this.sky.append(element("li", { textContent: "No Sun, moon or other planet is in the picture." }));
  }
}

const MOMENT = /^(\d{4}-\d\d-\d\d)T([\d:.]+)Z$/;

function withUnit(value, suffix) {
  if (typeof value === "string") return value.replace(MOMENT, "$1 $2");
  if (typeof value !== "number") return typeof value === "object" ? JSON.stringify(value) : value;
  const size = Math.abs(value);
  const text = size >= 1e6 || (size > 0 && size < 1e-3) ? value.toExponential(3) : String(Number(value.toFixed(3)));
  return suffix === "°" ? `${text}°` : `${text} ${suffix}`.trim();
}
