// The craft by hand: its model, its joints as sliders, and the finishes of its materials.

import { element } from "./elements.js";
import { step, words } from "./schema.js";

const FREE = { sun: "Track the Sun", earth: "Track the Earth", nothing: "Reset" };
const degrees = (value) => `${(Math.round(10 * value) / 10 + 0).toFixed(1)}°`; // + 0: no minus zero

export class CraftPanel {
  constructor(live, panel, choices) {
    Object.assign(this, { live, choices, sliders: [], drags: 0 });
    this.model = element("select", { id: "craft-model" });
    this.model.addEventListener("change", () => this.choose());
    this.file = element("input", { spellcheck: false, placeholder: "mesh file next to the scene" });
    this.file.setAttribute("aria-label", "Mesh file next to the scene");
    this.file.addEventListener("change", () => { if (this.file.value) live.set({ "craft.model": this.file.value }); });
    this.joints = element("div", { className: "keys", data: { path: "craft.joints_deg" } });
    this.materials = element("div", { className: "keys", data: { path: "craft.materials" } });
    panel.prepend(
      element("div", { className: "field", data: { path: "craft.model" } },
        element("label", { htmlFor: "craft-model", textContent: "Model" }),
        element("div", { className: "control" }, this.model), this.file),
      element("h3", { textContent: "Joints" }), this.joints,
      element("details", { className: "more" }, element("summary", { textContent: "Materials" }), this.materials),
    );
    for (const { name, title } of choices["craft.model"]) this.model.append(new Option(title, name));
    this.model.append(new Option("A mesh file …", ""));
    live.on("shape", (shape) => { this.shape = shape; this.build(); });
    live.on("scene", ({ values }) => { this.values = values; this.show(); });
    live.on("overlay", ({ body }) => { this.body = body; this.show(); });
  }

  // What belongs to the model goes with it: joints, materials, decals, and a push that may not clear another craft.
  choose() {
    if (this.model.value === "") {
      this.file.hidden = false;
      this.file.focus();
      return;
    }
    const changes = { "craft.model": this.model.value };
    for (const key of ["joints_deg", "joints_deg_s", "materials", "decals"]) changes[`craft.${key}`] = null;
    const { mounts } = this.choices["craft.model"].find(({ name }) => name === this.model.value);
    for (const section of ["release", "mounted"]) {
      if (!this.values[section]) continue;
      changes[`${section}.axis`] = null;
      if (mounts.length && !mounts.includes(this.values[section].mount)) changes[`${section}.mount`] = mounts[0];
    }
    this.live.set(changes);
  }

  build() {
    this.sliders = Object.entries(this.shape.joints).flatMap(([name, joint]) => this.jointSliders(name, joint));
    this.joints.replaceChildren(...this.sliders.map(({ element: each }) => each));
    if (!this.sliders.length) {
      this.joints.append(element("p", { className: "help", textContent: "This model has no joints." }));
    }
    this.selects = this.shape.materials.map((name) => this.materialSelect(name));
    this.materials.replaceChildren(...this.selects.map(({ element: each }) => each));
    this.show();
  }

  jointSliders(name, { axes, limits, tracks }) {
    return Array.from({ length: axes }, (_, axis) => {
      const [low, high] = limits?.[axis] ?? [-180, 180];
      const id = `joint-${name}-${axis}`;
      const slider = element("input", { type: "range", id, min: low, max: high, step: 0.5, data: { joint: name, axis } });
      const output = element("output", { htmlFor: id });
      const free = element("button", { className: "small", textContent: FREE[tracks] });
      free.addEventListener("click", () => this.live.set({ [`craft.joints_deg.${step(name)}`]: null }));
      slider.addEventListener("pointerdown", () => { this.drags++; });
      slider.addEventListener("input", () => this.turn(name, axis, Number(slider.value)));
      const text = axes > 1 ? `${words(name)}, axis ${axis + 1}` : words(name);
      const made = element("div", { className: "field", data: { path: `craft.joints_deg.${name}` } },
        element("label", { htmlFor: id, textContent: text }),
        element("div", { className: "control" }, output, ...(axis === 0 ? [free] : [])), slider);
      return { element: made, slider, output, free, name, axis };
    });
  }

  turn(name, axis, angle) {
    const before = this.values.craft.joints_deg[name] ?? this.body.joints[name].angles_deg;
    const angles = before.map((each) => Number(each.toFixed(2)));
    angles[axis] = angle;
    this.values.craft.joints_deg[name] = angles;
    this.live.steer({ [`craft.joints_deg.${step(name)}`]: angles }, `joint ${name} ${this.drags}`);
  }

  materialSelect(name) {
    const id = `material-${name}`;
    const select = element("select", { id }, new Option("as in the model", ""));
    for (const { name: finish, title } of this.choices["craft.materials"]) select.append(new Option(title, finish));
    select.addEventListener("change", () => this.live.set({ [`craft.materials.${step(name)}`]: select.value || null }));
    const made = element("div", { className: "field", data: { path: `craft.materials.${name}` } },
      element("label", { htmlFor: id, textContent: words(name) }), element("div", { className: "control" }, select));
    return { element: made, select, name };
  }

  show() {
    if (!this.values) return;
    const { craft } = this.values;
    this.model.value = this.choices["craft.model"].some(({ name }) => name === craft.model) ? craft.model : "";
    this.file.hidden = this.model.value !== "";
    if (document.activeElement !== this.file) this.file.value = this.model.value === "" ? craft.model : "";
    if (!this.shape || !this.body) return;
    for (const { slider, output, free, name, axis } of this.sliders) {
      const angle = this.body.joints[name]?.angles_deg[axis];
      if (angle === undefined) continue;
      const wrapped = angle > Number(slider.max) ? angle - 360 : angle < Number(slider.min) ? angle + 360 : angle;
      if (document.activeElement !== slider) slider.value = wrapped;
      output.value = degrees(wrapped);
      free.hidden = craft.joints_deg[name] === undefined;
    }
    for (const { select, name } of this.selects) select.value = craft.materials[name] ?? "";
  }
}
