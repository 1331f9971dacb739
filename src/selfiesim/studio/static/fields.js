// One field of a panel: a key of the scene, made from its schema.

import { unit, words } from "./schema.js";

let number = 0;

export class Field {
  // "change" is called with the key's path, its new value, and a mark that joins the steps of one drag.
  constructor(path, key, node, change) {
    Object.assign(this, { path, key, node, change });
    this.id = `field-${++number}`;
    this.element = document.createElement("div");
    this.element.className = "field";
    this.element.dataset.path = path;
    this.control = document.createElement("div");
    this.control.className = "control";
    this.inputs = this.makeInputs();
    this.control.append(...this.inputs);
    if (unit(key)) this.control.append(span("unit", unit(key)));
    this.element.append(this.makeLabel(), this.control);
    if (this.slider) this.element.append(this.slider);
    if (node.description) this.element.append(paragraph("help", node.description));
    this.reason = paragraph("assumed", "");
    this.reason.hidden = true;
    this.element.append(this.reason);
  }

  makeLabel() {
    if (this.inputs.length !== 1) {
      this.control.setAttribute("role", "group");
      this.control.setAttribute("aria-label", words(this.key));
      this.inputs.forEach((each, k) => each.setAttribute("aria-label", `${words(this.key)}, ${k + 1}`));
      return span("label", words(this.key));
    }
    const label = document.createElement("label");
    label.textContent = words(this.key);
    label.htmlFor = this.inputs[0].id = this.id;
    return label;
  }

  makeInputs() {
    const { node } = this;
    const options = node.enum ?? (node.const !== undefined ? [node.const] : null);
    if (options) return [this.select(options)];
    if (node.type === "boolean") return [this.checkbox()];
    if (node.type === "number" || node.type === "integer") return [this.numeric(node, (value) => this.send(value), true)];
    if (node.type === "array" && node.prefixItems?.every(isNumeric)) {
      this.control.classList.add("many");
      return node.prefixItems.map((item, k) => this.numeric(item, (value) => this.sendItem(k, value), false));
    }
    if (node.type === "string") return [this.text((text) => text)];
    return [this.text(readAny)];
  }

  select(options) {
    const select = document.createElement("select");
    if (this.node.optional) select.append(new Option("not set", ""));
    for (const each of options) select.append(new Option(each, each));
    select.addEventListener("change", () => this.send(select.value === "" ? null : select.value));
    this.write = (value) => { select.value = value ?? ""; };
    return select;
  }

  checkbox() {
    const box = Object.assign(document.createElement("input"), { type: "checkbox" });
    box.addEventListener("change", () => this.send(box.checked));
    this.write = (value) => { box.checked = Boolean(value); };
    return box;
  }

  numeric(node, send, withSlider) {
    const input = Object.assign(document.createElement("input"), { type: "number", step: "any" });
    const low = node.minimum ?? node.exclusiveMinimum, high = node.maximum ?? node.exclusiveMaximum;
    if (low !== undefined) input.min = low;
    if (high !== undefined) input.max = high;
    input.addEventListener("change", () => {
      if (input.value === "") send(null);
      else if (Number.isFinite(input.valueAsNumber)) send(input.valueAsNumber);
    });
    if (withSlider && low !== undefined && high !== undefined && high - low <= 1000) this.addSlider(low, high, send, input);
    if (withSlider) {
      this.write = (value) => {
        input.value = value ?? "";
        if (this.slider) this.slider.value = value ?? low;
      };
    }
    return input;
  }

  addSlider(low, high, send, input) {
    const step = this.node.type === "integer" ? 1 : (high - low) / 500;
    this.slider = Object.assign(document.createElement("input"), { type: "range", min: low, max: high, step });
    this.slider.setAttribute("aria-label", words(this.key));
    let drags = 0;
    this.slider.addEventListener("pointerdown", () => { drags++; });
    this.slider.addEventListener("input", () => {
      const value = Number(Number(this.slider.value).toPrecision(4));
      input.value = value;
      send(value, `slide ${this.path} ${drags}`);
    });
  }

  text(read) {
    const input = Object.assign(document.createElement("input"), { type: "text", spellcheck: false });
    input.addEventListener("change", () => {
      try {
        this.send(input.value === "" ? null : read(input.value));
        input.setCustomValidity("");
      } catch {
        input.setCustomValidity("Write a number, \"text\", true, or a list such as [0, 0, 1]");
        input.reportValidity();
      }
    });
    const plain = read === readAny ? (value) => (typeof value === "string" ? value : JSON.stringify(value)) : String;
    this.write = (value) => { input.value = value === null || value === undefined ? "" : plain(value); };
    return input;
  }

  send(value, merge = null) {
    this.change(this.path, value, merge);
  }

  sendItem(position, value) {
    const values = [...(this.value ?? this.inputs.map(() => 0))];
    if (value === null) return;
    values[position] = value;
    this.send(values);
  }

  show(value, reason) {
    this.value = value;
    this.reason.hidden = !reason;
    this.reason.textContent = reason ? `Assumed: ${reason}` : "";
    if (this.inputs.includes(document.activeElement) || document.activeElement === this.slider) return;
    if (this.write) this.write(value);
    else this.inputs.forEach((input, k) => { input.value = value?.[k] ?? ""; });
  }
}

const isNumeric = ({ type }) => type === "number" || type === "integer";

// Text that is not JSON is taken as it is: a moment, or a name.
function readAny(text) {
  const trimmed = text.trim();
  if (/^[[{"]/.test(trimmed)) return JSON.parse(trimmed);
  if (trimmed === "true" || trimmed === "false") return trimmed === "true";
  return trimmed !== "" && Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
}

function span(style, text) {
  return Object.assign(document.createElement("span"), { className: style, textContent: text });
}

function paragraph(style, text) {
  return Object.assign(document.createElement("p"), { className: style, textContent: text });
}
