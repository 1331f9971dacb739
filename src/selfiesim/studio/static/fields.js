// One field of a panel: a key of the scene with a plain value, made from its schema.

import { element, takesText } from "./elements.js";
import { unit, words } from "./schema.js";

const SENTENCE = 200; // letters that a text may have, from which on its input takes the whole width
const USUAL_PLACE = 0.35; // of a default on its slider, at least
const SLIDING_MS = 1000; // after a step of a slider, in which it does not follow pictures of the steps before

let number = 0;

export const isNumeric = ({ type }) => type === "number" || type === "integer";
const letters = (text) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
const isVector = (node) => node.type === "array" && node.prefixItems?.every(isNumeric);
const isMatrix = (node) => node.type === "array" && node.prefixItems?.every(isVector);

// A label, a control, the description and the reason for an assumption. "show" writes a value into the control.
export class Field {
  constructor(context, path, key, node) {
    Object.assign(this, { context, path, key, node });
    this.id = `field-${++number}`;
    this.control = element("div", { className: "control" });
    this.inputs = this.makeInputs();
    this.control.append(...this.inputs);
    if (unit(key)) this.control.append(element("span", { className: "unit", textContent: unit(key) }));
    this.reset = element("button", { className: "reset", textContent: "×", hidden: true, title: "Back to the default" });
    this.reset.setAttribute("aria-label", `${words(key)}: back to the default`);
    this.reset.addEventListener("click", () => this.send(null));
    this.control.append(this.reset);
    this.reason = element("p", { className: "assumed", hidden: true });
    this.element = element("div", { className: "field", data: { path } }, this.makeLabel(), this.control);
    this.element.classList.toggle("wide", Boolean(this.isWide));
    if (this.slider) this.element.append(this.slider);
    if (node.description && letters(node.description) !== letters(words(key))) this.element.append(this.makeHelp(node.description));
    this.element.append(this.reason);
  }

  makeHelp(text) {
    const help = element("p", { className: "help", id: `${this.id}-help`, textContent: text });
    for (const input of this.inputs) input.setAttribute("aria-describedby", help.id);
    return help;
  }

  makeLabel() {
    const text = words(this.key);
    if (this.inputs.length !== 1) {
      this.control.setAttribute("role", "group");
      this.control.setAttribute("aria-label", text);
      this.inputs.forEach((each, k) => each.setAttribute("aria-label", `${text}, ${k + 1}`));
      return element("span", { className: "label", textContent: text });
    }
    this.inputs[0].id = this.id;
    return element("label", { textContent: text, htmlFor: this.id });
  }

  makeInputs() {
    const { node } = this;
    const options = node.enum ?? (node.const !== undefined ? [node.const] : null);
    if (options) return [this.select(options.map((each) => [each, each]))];
    if (node.type === "boolean") return [node.optional ? this.switch() : this.checkbox()];
    if (isNumeric(node)) return [this.numeric(node, (value) => this.send(value), true)];
    if (isVector(node)) {
      this.control.classList.add("many");
      return node.prefixItems.map((item, k) => this.numeric(item, (value) => this.sendItem([k], value), false));
    }
    if (isMatrix(node)) {
      this.control.classList.add("many");
      return node.prefixItems.flatMap((row, r) => row.prefixItems.map(
        (item, c) => this.numeric(item, (value) => this.sendItem([r, c], value), false),
      ));
    }
    if (node.type === "array" && node.items?.enum) return this.boxes(node.items.enum);
    if (node.type === "array" && node.items?.prefixItems) return [this.rows()];
    if (node.type === "array") return [this.list(node.items)];
    return [this.text()];
  }

  select(options) {
    const select = element("select");
    if (this.node.optional) select.append(new Option("default", ""));
    for (const [value, text] of options) select.append(new Option(text, value));
    select.addEventListener("change", () => this.send(select.value === "" ? null : select.value));
    this.write = (value) => { select.value = value ?? ""; };
    return select;
  }

  switch() {
    const select = element("select", {}, new Option("default", ""), new Option("on", "on"), new Option("off", "off"));
    select.addEventListener("change", () => this.send(select.value === "" ? null : select.value === "on"));
    this.write = (value) => { select.value = value === true ? "on" : value === false ? "off" : ""; };
    return select;
  }

  checkbox() {
    const box = element("input", { type: "checkbox" });
    box.addEventListener("change", () => this.send(box.checked));
    this.write = (value) => { box.checked = Boolean(value); };
    return box;
  }

  boxes(names) {
    const boxes = names.map((name) => element("input", { type: "checkbox", value: name }));
    for (const box of boxes) {
      box.addEventListener("change", () => this.send(boxes.filter((each) => each.checked).map((each) => each.value)));
    }
    this.write = (values) => boxes.forEach((box) => { box.checked = (values ?? []).includes(box.value); });
    return boxes.map((box) => element("label", { className: "box" }, box, ` ${box.value}`));
  }

  numeric(node, send, withSlider) {
    const input = element("input", { type: "number", step: "any", inputMode: "decimal" });
    const low = node.minimum ?? node.exclusiveMinimum, high = node.maximum ?? node.exclusiveMaximum;
    if (low !== undefined) input.min = low;
    if (high !== undefined) input.max = high;
    input.addEventListener("change", () => {
      if (input.value === "") send(null);
      else if (Number.isFinite(input.valueAsNumber)) send(input.valueAsNumber);
    });
    if (!withSlider) return input;
    const hasSlider = low !== undefined && high !== undefined && high - low <= 1000;
    if (hasSlider) this.addSlider(low, high, input);
    this.write = (value) => {
      input.value = value ?? "";
      if (hasSlider) this.setSlider(value ?? undefined);
    };
    return input;
  }

  // A slider; where the usual value is near the low end, it is finer there.
  addSlider(low, high, input) {
    const usual = (this.node.default - low) / (high - low);
    const power = usual > 0 && usual < USUAL_PLACE ? Math.log(usual) / Math.log(USUAL_PLACE) : 1;
    const isWhole = this.node.type === "integer";
    const step = isWhole && power === 1 ? 1 / (high - low) : 0.001;
    this.slider = element("input", { type: "range", min: 0, max: 1, step });
    this.slider.setAttribute("aria-label", `${words(this.key)}, slider`);
    this.setSlider = (value = low) => {
      this.slider.value = Math.max((value - low) / (high - low), 0) ** (1 / power);
      this.slider.setAttribute("aria-valuetext", `${value} ${unit(this.key)}`);
    };
    let drags = 0;
    this.slider.addEventListener("pointerdown", () => { drags++; });
    this.slider.addEventListener("input", () => {
      this.slidAt = performance.now();
      const value = low + (high - low) * Number(this.slider.value) ** power;
      input.value = isWhole ? Math.round(value) : Number(value.toPrecision(3));
      this.slider.setAttribute("aria-valuetext", `${input.value} ${unit(this.key)}`);
      this.send(Number(input.value), `slide ${this.path} ${drags}`);
    });
  }

  text() {
    const isLong = this.node.maxLength > 1000;
    this.isWide = this.node.maxLength >= SENTENCE;
    const placeholder = this.node.optional ? "default" : "";
    const input = element(isLong ? "textarea" : "input", { spellcheck: isLong, placeholder });
    const list = this.context.list(this.path);
    if (list) input.setAttribute("list", list);
    input.addEventListener("change", () => this.send(input.value === "" ? null : input.value));
    this.write = (value) => { input.value = value ?? ""; };
    return input;
  }

  // Numbers or names, separated by commas.
  list(items) {
    const input = element("input", { spellcheck: false, placeholder: "none" });
    const isNumbers = items && isNumeric(items);
    input.addEventListener("change", () => {
      const parts = input.value.split(",").map((each) => each.trim()).filter(Boolean);
      const values = isNumbers ? parts.map(Number) : parts;
      const wrong = isNumbers && values.some((each) => !Number.isFinite(each));
      input.setCustomValidity(wrong ? "Write numbers, separated by commas" : "");
      if (wrong) input.reportValidity();
      else this.send(values);
    });
    this.write = (values) => { input.value = (values ?? []).join(", "); };
    return input;
  }

  // Points, one on a line.
  rows() {
    const input = element("textarea", { spellcheck: false, rows: 3 });
    input.addEventListener("change", () => {
      const lines = input.value.split("\n").filter((line) => line.trim());
      const rows = lines.map((line) => line.split(/[\s,]+/).filter(Boolean).map(Number));
      const wrong = rows.flat().some((each) => !Number.isFinite(each));
      input.setCustomValidity(wrong ? "Write the numbers of one point on each line" : "");
      if (wrong) input.reportValidity();
      else this.send(rows);
    });
    this.write = (rows) => { input.value = (rows ?? []).map((row) => row.join(", ")).join("\n"); };
    return input;
  }

  send(value, merge = null) {
    this.context.set(this.path, value, merge);
  }

  // One number of a vector or matrix.
  sendItem([row, column], value) {
    if (value === null) return;
    const isFlat = column === undefined;
    const size = this.node.prefixItems.length;
    const values = structuredClone(this.value ?? Array.from({ length: size }, (_, r) => (
      isFlat ? 0 : Array.from({ length: size }, (__, c) => Number(r === c)))));
    if (isFlat) values[row] = value;
    else values[row][column] = value;
    this.send(values);
  }

  show(value, given) {
    this.value = value;
    const reason = this.context.reason(this.path);
    this.reason.hidden = !reason;
    this.reason.textContent = reason ? `Assumed: ${reason}` : "";
    this.reset.hidden = given === undefined || !this.context.hasDefault(this.node);
    const active = document.activeElement;
    if (active === this.slider && performance.now() - this.slidAt < SLIDING_MS) return;
    if (this.element.contains(active) && takesText(active)) {
      this.setSlider?.(value ?? undefined);
      return;
    }
    if (this.write) this.write(value);
    else this.inputs.forEach((input, k) => { input.value = (value ?? []).flat()[k] ?? ""; });
  }
}
