// Known cameras: a preset takes the place of the keys that it sets.

import { element } from "./elements.js";

export class Presets {
  constructor(live, panel, { choices, presets }) {
    this.select = element("select", { id: "preset" }, new Option("none", ""));
    for (const { name, title } of choices["camera.preset"]) this.select.append(new Option(title, name));
    this.select.addEventListener("change", () => {
      const freed = (presets[this.select.value] ?? []).map((key) => [`camera.${key}`, null]);
      live.set({ ...Object.fromEntries(freed), "camera.preset": this.select.value || null });
    });
    panel.prepend(element("div", { className: "field", data: { path: "camera.preset" } },
      element("label", { htmlFor: "preset", textContent: "Preset" }), element("div", { className: "control" }, this.select),
      element("p", { className: "help",
        textContent: "A known camera: size, lens, sensor and mass as published. Each can be changed afterwards." })));
    live.on("scene", ({ values }) => { this.select.value = values.camera.preset ?? ""; });
  }
}
