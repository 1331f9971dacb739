// The scene's JSON Schema: which keys there are, and what each may be.

const UNITS = {
  m_s2: "m/s²", m_s: "m/s", deg_s: "°/s", kg_m2: "kg m²", deg: "°", km: "km", mm: "mm", um: "µm", nm: "nm", px: "px",
  kg: "kg", s: "s", m: "m", hz: "Hz", pct: "%", h: "h", mbit_s: "Mbit/s", kbit_s: "kbit/s",
};
const ENDINGS = Object.keys(UNITS).sort((one, other) => other.length - one.length);

export class Schema {
  constructor(schema) {
    this.root = schema;
  }

  // Follow a reference, and unwrap "this or null".
  resolve(node) {
    let found = node;
    for (let depth = 0; depth < 20; depth++) {
      if (found.$ref) {
        found = { ...this.root.$defs[found.$ref.split("/").at(-1)], ...without(found, "$ref") };
      } else if (found.anyOf) {
        const some = found.anyOf.filter((each) => each.type !== "null");
        if (some.length !== 1) {
          const choices = some.map((each) => this.resolve(each));
          return { ...found, choices, optional: some.length < found.anyOf.length };
        }
        found = { ...some[0], ...without(found, "anyOf"), optional: some.length < found.anyOf.length };
      } else if (found.allOf?.length === 1) {
        found = { ...found.allOf[0], ...without(found, "allOf") };
      } else break;
    }
    return found;
  }

  // Keys of a section: [name, node] of each.
  section(name) {
    const node = name ? this.resolve(this.root.properties[name]) : this.root;
    return Object.entries(node.properties ?? {}).map(([key, each]) => [key, this.resolve(each)]);
  }
}

const without = (object, key) => Object.fromEntries(Object.entries(object).filter(([each]) => each !== key));

export function words(key) {
  const ending = unitEnding(key);
  const text = (ending ? key.slice(0, -ending.length - 1) : key).replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function unit(key) {
  return UNITS[unitEnding(key)] ?? "";
}

function unitEnding(key) {
  return ENDINGS.find((ending) => key.endsWith(`_${ending}`));
}
