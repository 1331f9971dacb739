// Parts of a panel that hold fields: tables, arrays of tables, tables with free names, and keys with several kinds of
// value. Each has an "element", and "show(value, given)" where "given" is what the text itself has.

import { element } from "./elements.js";
import { Field, isNumeric } from "./fields.js";
import { step, withoutEntries, words } from "./schema.js";

export function makeKey(context, path, key, node) {
  if (node.choices) return new Variant(context, path, key, node);
  if (node.properties) return new Group(context, path, key, node);
  if (node.type === "array" && node.items && context.schema.resolve(node.items).properties) {
    return new Entries(context, path, key, context.schema.resolve(node.items), node);
  }
  if (node.type === "object") return new Names(context, path, key, node);
  return new Field(context, path, key, node);
}

// Keys of a table, one below the other.
export class Keys {
  constructor(context, path, node) {
    this.element = element("div", { className: "keys" });
    this.parts = context.schema.keys(node).map(([key, each]) => {
      const part = makeKey(context, path ? `${path}.${key}` : key, key, each);
      this.element.append(part.element);
      return [key, part];
    });
  }

  show(value, given) {
    for (const [key, part] of this.parts) part.show(value?.[key], given?.[key]);
  }
}

// A table in a table, folded; one that may be absent has a button that adds or removes it.
export class Group {
  constructor(context, path, key, node) {
    Object.assign(this, { context, path, node });
    this.button = element("button", { className: "small" });
    this.button.addEventListener("click", () => context.set(path, this.exists ? null : starter(context, node)));
    this.body = element("div", { className: "inner" });
    this.reason = element("p", { className: "assumed", hidden: true });
    this.element = element("details", { className: "more", data: { path } },
      element("summary", { textContent: words(key) }));
    if (node.description) this.element.append(element("p", { className: "help", textContent: node.description }));
    this.element.append(this.reason);
    if (node.optional) this.element.append(this.button);
    this.element.append(this.body);
  }

  show(value, given) {
    this.exists = !this.node.optional || (value !== null && value !== undefined);
    this.button.textContent = this.exists ? "Remove" : "Add";
    this.body.hidden = !this.exists;
    const reason = this.context.reason(this.path);
    this.reason.hidden = !reason;
    this.reason.textContent = reason ? `Assumed: ${reason}` : "";
    if (this.exists && !this.keys) {
      this.keys = new Keys(this.context, this.path, this.node);
      this.body.append(this.keys.element);
    }
    if (this.exists) this.keys.show(value, given);
  }
}

// An array of tables: one card for each entry.
export class Entries {
  constructor(context, path, key, item, node) {
    Object.assign(this, { context, path, key, item, cards: [] });
    this.list = element("div", { className: "entries" });
    this.add = element("button", { className: "small", textContent: `Add ${entryName(key)}` });
    this.add.addEventListener("click", () => (
      context.arrange(path, "add", 0, context.starters(withoutEntries(path), item))));
    this.element = element("section", { className: "array", data: { path } },
      element("h3", { textContent: words(key) }));
    if (node.description) this.element.append(element("p", { className: "help", textContent: node.description }));
    this.element.append(this.list, this.add);
  }

  show(values, given) {
    const entries = values ?? [];
    while (this.cards.length > entries.length) this.cards.pop().element.remove();
    while (this.cards.length < entries.length) this.append(this.cards.length);
    this.cards.forEach((card, k) => {
      card.title.textContent = entryTitle(entries[k], `${entryName(this.key)} ${k + 1}`);
      card.up.disabled = k === 0;
      card.keys.show(entries[k], given?.[k]);
    });
  }

  // The entry stays open or closed at its new place.
  raise(k) {
    const [above, here] = [this.cards[k - 1].element, this.cards[k].element];
    [above.open, here.open] = [here.open, above.open];
    this.context.arrange(this.path, "raise", k);
  }

  append(k) {
    const path = `${this.path}[${k}]`;
    const title = element("summary");
    const up = element("button", { className: "small", textContent: "Move up" });
    const remove = element("button", { className: "small", textContent: "Remove" });
    up.addEventListener("click", () => this.raise(k));
    remove.addEventListener("click", () => this.context.arrange(this.path, "remove", k));
    const keys = new Keys(this.context, path, this.item);
    const card = element("details", { className: "card", data: { path } }, title,
      element("div", { className: "tools" }, up, remove), keys.element);
    this.cards.push({ element: card, title, up, keys });
    this.list.append(card);
  }
}

// A table whose keys have any name: name and value of each.
export class Names {
  constructor(context, path, key, node) {
    Object.assign(this, { context, path, item: context.schema.resolve(node.additionalProperties ?? {}), rows: new Map() });
    this.list = element("div", { className: this.isNumbers ? "names" : "names texts" });
    this.name = element("input", { placeholder: "name", spellcheck: false });
    this.name.setAttribute("aria-label", `${words(key)}: new name`);
    this.value = element("input", { placeholder: this.isNumbers ? "number, or two" : "value", spellcheck: false });
    this.value.setAttribute("aria-label", `${words(key)}: value of the new name`);
    const add = element("button", { className: "small", textContent: "Add" });
    add.addEventListener("click", () => this.addName());
    this.element = element("section", { className: "array", data: { path } }, element("h3", { textContent: words(key) }));
    if (node.description) this.element.append(element("p", { className: "help", textContent: node.description }));
    this.element.append(this.list, element("div", { className: "name-row" }, this.name, this.value, add));
  }

  get isNumbers() {
    return this.item.type === "array";
  }

  read(text) {
    return this.isNumbers ? text.split(/[\s,]+/).filter(Boolean).map(Number) : text;
  }

  addName() {
    if (!this.name.value || !this.value.value) return;
    this.context.set(`${this.path}.${step(this.name.value)}`, this.read(this.value.value));
    this.name.value = this.value.value = "";
  }

  show(values) {
    const entries = Object.entries(values ?? {});
    for (const [name, row] of this.rows) {
      if (entries.some(([each]) => each === name)) continue;
      row.element.remove();
      this.rows.delete(name);
    }
    for (const [name, value] of entries) {
      if (!this.rows.has(name)) this.append(name);
      const { input } = this.rows.get(name);
      if (document.activeElement !== input) input.value = this.isNumbers ? value.join(", ") : value;
    }
  }

  append(name) {
    const path = `${this.path}.${step(name)}`;
    const input = element(this.isNumbers ? "input" : "textarea", { spellcheck: false, rows: 2 });
    input.setAttribute("aria-label", name);
    input.addEventListener("change", () => this.context.set(path, this.read(input.value)));
    const remove = element("button", { className: "reset", textContent: "×", title: "Remove" });
    remove.setAttribute("aria-label", `Remove ${name}`);
    remove.addEventListener("click", () => this.context.set(path, null));
    const row = element("div", { className: "name-row", data: { path } },
      element("span", { className: "label", textContent: name }), input, remove);
    this.rows.set(name, { element: row, input });
    this.list.append(row);
  }
}

// A key that takes a word, a number, a text or a table: what it is, and its value.
class Variant {
  constructor(context, path, key, node) {
    Object.assign(this, { context, path, node });
    this.kinds = node.choices.flatMap((choice) => kinds(choice));
    this.select = element("select", {}, ...(node.optional ? [new Option("default", "")] : []),
      ...this.kinds.map(({ label }) => new Option(label, label)));
    this.select.setAttribute("aria-label", words(key));
    this.select.addEventListener("change", () => this.choose());
    // The reason is shown once, below all.
    const inner = { ...context, reason: () => undefined, hasDefault: () => false };
    this.parts = this.kinds.map(({ node: each }) => (
      each ? makeKey(inner, path, key, { ...each, description: undefined, optional: false }) : null));
    this.reason = element("p", { className: "assumed", hidden: true });
    this.element = element("div", { className: "variant", data: { path } },
      element("div", { className: "field" }, element("span", { className: "label", textContent: words(key) }),
        element("div", { className: "control" }, this.select)),
      ...this.parts.filter(Boolean).map((part) => part.element));
    if (node.description) this.element.append(element("p", { className: "help", textContent: node.description }));
    this.element.append(this.reason);
  }

  choose() {
    const kind = this.kinds.find(({ label }) => label === this.select.value);
    this.pending = kind?.label;
    this.reveal(kind?.label);
    if (!kind) this.context.set(this.path, null);
    else if (kind.word !== undefined) this.context.set(this.path, kind.word);
  }

  reveal(label) {
    this.select.value = label ?? "";
    this.kinds.forEach((kind, k) => { if (this.parts[k]) this.parts[k].element.hidden = kind.label !== label; });
  }

  show(value, given) {
    const at = this.kinds.findIndex(({ fits }) => fits(value));
    const isWaiting = this.pending && this.kinds.find(({ label }) => label === this.pending).word === undefined;
    if (!isWaiting || this.kinds[at]?.label === this.pending) this.pending = null;
    this.reveal(this.pending ?? this.kinds[at]?.label);
    const reason = this.context.reason(this.path);
    this.reason.hidden = !reason;
    this.reason.textContent = reason ? `Assumed: ${reason}` : "";
    this.parts[at]?.show(value, given);
  }
}

function kinds(choice) {
  const options = choice.enum ?? (choice.const !== undefined ? [choice.const] : null);
  if (options) return options.map((word) => ({ label: word, word, fits: (value) => value === word }));
  const is = (type) => (value) => typeof value === type && value !== null;
  if (choice.properties) return [{ label: "file with settings", node: choice, fits: is("object") }];
  if (choice.type === "string") return [{ label: "name or file", node: choice, fits: is("string") }];
  return [{ label: "number", node: choice, fits: is("number") }];
}

const SINGULAR = { objects: "object", decals: "decal", pads: "pad", tracks: "track", craters: "crater" };
const entryName = (key) => SINGULAR[key] ?? "entry";

function entryTitle(entry, otherwise) {
  return entry.name ?? entry.image ?? otherwise;
}

// The least that a new table needs: keys without a default.
export function starter(context, node) {
  const required = node.required ?? [];
  return Object.fromEntries(context.schema.keys(node).filter(([key]) => required.includes(key))
    .map(([key, each]) => [key, simplest(context, each)]));
}

function simplest(context, node) {
  if (node.properties) return starter(context, node);
  if (node.enum) return node.enum[0];
  if (node.type === "array") {
    return Array.from({ length: Math.max(node.minItems ?? 0, node.prefixItems?.length ?? 0) },
      (_, k) => (node.items?.prefixItems ? [0, 2 * k] : simplest(context, node.prefixItems?.[k] ?? {})));
  }
  if (node.type === "boolean") return false;
  if (isNumeric(node)) return Math.max(node.minimum ?? 0, (node.exclusiveMinimum ?? -1) + 1);
  return "";
}
