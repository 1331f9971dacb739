// Wants of a plan as a small form: each is a sentence whose numbers, names and parts of the picture are fields.

import { element } from "./elements.js";

const LABELS = {
  low: "from", high: "to", sign: "below or above", bound: "bound", part: "part of the picture", name: "place", lat: "latitude",
  lon: "longitude", angle: "degrees", body: "body", other: "other body", near: "degrees", node: "part of the craft",
};
const NUMERIC = new Set(["low", "high", "bound", "lat", "lon", "angle", "near"]);
const WEIGHT = /^(.+?)\s+weight\s+(-?\d+(?:\.\d+)?)$/;

export class Wants extends EventTarget {
  constructor({ forms, parts }) {
    super();
    this.parts = parts;
    this.forms = forms.map(({ pattern, ...rest }) => ({ ...rest, pattern: new RegExp(`^(?:${pattern})$`, "di") }));
    this.rows = [];
    this.list = element("div", { className: "wants", role: "list", "aria-label": "Wants" });
    this.add = element("select", { id: "want-add", "aria-label": "Add a want" }, new Option("Add a want …", ""),
      ...forms.map(({ example, meaning }) => new Option(`${example}: ${meaning}`, example)));
    this.add.addEventListener("change", () => this.append(this.add.value));
    this.text = element("textarea", { id: "want-text", rows: 4, spellcheck: false, "aria-label": "Wants, one on each line" });
    this.text.addEventListener("change", () => { this.texts = this.text.value.split("\n"); });
    this.element = element("div", { className: "keys" }, this.list, this.add,
      element("details", { className: "more" }, element("summary", { textContent: "As text" }), this.text,
        element("p", { className: "help", textContent: "One want on each line: conditions joined by and, or, not; “for 20s” at the "
          + "end asks that it lasts so long, “weight 2” makes it count in the ranking only." })));
  }

  get texts() {
    return this.rows.map(({ text }) => text).filter(Boolean);
  }

  set texts(texts) {
    const kept = texts.map((each) => each.trim()).filter(Boolean);
    this.rows = kept.map((each) => this.row(each));
    this.list.replaceChildren(...this.rows.map((row) => row.element));
    this.changed();
  }

  append(text) {
    this.add.value = "";
    this.texts = [...this.texts, text];
    this.rows.at(-1).element.querySelector("input, select, button").focus();
  }

  changed() {
    this.text.value = this.texts.join("\n");
    this.dispatchEvent(new Event("changed"));
  }

  // A want that is one condition has its parts as fields, another is written by hand.
  row(text) {
    const [, body, weight] = WEIGHT.exec(text) ?? [null, text, ""];
    const form = this.forms.find(({ pattern }) => pattern.test(body));
    const row = { text, body, weight };
    const changed = () => {
      row.text = row.weight ? `${row.body} weight ${row.weight}` : row.body;
      this.changed();
    };
    const sentence = element("div", { className: "sentence" }, ...(form ? this.fields(row, form, changed) : [this.words(row, changed)]));
    const remove = element("button", { className: "reset", textContent: "×", title: "Remove", "aria-label": `Remove “${text}”` });
    remove.addEventListener("click", () => {
      this.texts = this.rows.filter((each) => each !== row).map((each) => each.text);
      this.add.focus();
    });
    const counts = element("input", { type: "number", min: 0, max: 1000, step: "any", placeholder: "required", value: weight,
      title: "Empty: required. A number: it only counts in the ranking, so much.", "aria-label": `Weight of “${text}”; empty: required` });
    counts.addEventListener("change", () => { row.weight = counts.value; changed(); });
    row.element = element("div", { className: "want", role: "listitem" }, sentence, remove);
    if (form) row.element.append(element("p", { className: "help", textContent: form.meaning }));
    row.element.append(element("label", { className: "weight" }, "weight ", counts));
    return row;
  }

  words(row, changed) {
    const input = element("input", { value: row.body, spellcheck: false, "aria-label": "Want, in words" });
    input.addEventListener("change", () => { row.body = input.value.trim(); changed(); });
    return input;
  }

  // The sentence, with a field in place of each named group of the pattern.
  fields(row, form, changed) {
    const match = form.pattern.exec(row.body);
    const groups = Object.entries(match.indices.groups ?? {}).filter(([, span]) => span).sort(([, one], [, other]) => one[0] - other[0]);
    const made = [];
    let place = 0;
    for (const [key, [from, to]] of groups) {
      made.push(between(row.body.slice(place, from)), this.field(key, match.groups[key], row, form, changed));
      place = to;
    }
    return [...made, between(row.body.slice(place))].filter(Boolean);
  }

  field(key, value, row, form, changed) {
    const options = { sign: ["<", ">"], part: this.parts.includes(value) ? this.parts : null }[key];
    const input = options
      ? element("select", {}, ...options.map((each) => new Option({ "<": "below", ">": "above" }[each] ?? each, each)))
      : element("input", NUMERIC.has(key) ? { type: "number", step: "any", className: "number" } : { spellcheck: false, className: "name" });
    input.value = value;
    input.setAttribute("aria-label", `${row.body}: ${LABELS[key]}`);
    input.addEventListener("change", () => {
      const [from, to] = form.pattern.exec(row.body).indices.groups[key];
      const text = row.body.slice(0, from) + input.value.trim() + row.body.slice(to);
      if (form.pattern.test(text)) {
        row.body = text;
        changed();
      } else input.value = row.body.slice(from, to); // the sentence would no longer be understood
    });
    return input;
  }
}

function between(text) {
  const shown = text.trim() === ".." ? "to" : text.trim();
  return shown && element("span", { textContent: shown });
}
