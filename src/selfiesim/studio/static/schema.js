// The scene's JSON Schema: which keys there are, and what each may be.

const UNITS = {
  km3_s2: "km³/s²", m2_kg: "m²/kg", m_s2: "m/s²", km_s: "km/s", m_s: "m/s", deg_day: "°/day", deg_s: "°/s",
  kg_m2: "kg m²", mbit_s: "Mbit/s", kbit_s: "kbit/s", cm2_s: "/cm² s", deg: "°", rad: "rad", au: "au", km: "km",
  mm: "mm", um: "µm", nm: "nm", px: "px", kg: "kg", dbm: "dBm", dbi: "dBi", db: "dB", mhz: "MHz", hz: "Hz", wh: "Wh",
  w: "W", j: "J", h: "h", s: "s", m: "m",
};
const ENDINGS = Object.keys(UNITS).sort((one, other) => other.length - one.length);
const NAMES = {
  iso: "ISO", f_number: "f-number", gm: "GM", j2: "J2", oem: "OEM file", aem: "AEM file", omm: "OMM file", tle: "TLE file",
  raan: "RAAN", at: "Moment", ck_frame: "CK frame", prnu: "PRNU", adc_bits: "ADC bits", horizontal_fov: "Field of view",
  epoch_utc: "Epoch, UTC", arg_periapsis: "Argument of periapsis", semi_major_axis: "Semi-major axis", stops: "Exposure",
  quaternion_icrf_to_body: "Quaternion, ICRF to body", lon0: "Left longitude", jpeg: "JPEG", jpeg_quality: "JPEG quality",
};

const without = (object, key) => Object.fromEntries(Object.entries(object).filter(([each]) => each !== key));

export class Schema {
  constructor(schema) {
    this.root = schema;
  }

  // Follow references, and unwrap "this or null"; other unions get "choices".
  resolve(node) {
    let found = node;
    for (let depth = 0; depth < 20; depth++) {
      if (found.$ref) {
        found = { ...this.root.$defs[found.$ref.split("/").at(-1)], ...without(found, "$ref") };
      } else if (found.anyOf) {
        const some = found.anyOf.filter((each) => each.type !== "null");
        const optional = some.length < found.anyOf.length;
        if (some.length !== 1) return { ...found, choices: some.map((each) => this.resolve(each)), optional };
        found = { ...some[0], ...without(found, "anyOf"), optional };
      } else if (found.allOf?.length === 1) {
        found = { ...found.allOf[0], ...without(found, "allOf") };
      } else break;
    }
    return found;
  }

  // Keys of a table: [name, node] of each.
  keys(node) {
    return Object.entries(node.properties ?? {}).map(([key, each]) => [key, this.resolve(each)]);
  }

  section(name) {
    return name ? this.resolve(this.root.properties[name]) : this.root;
  }
}

export function words(key) {
  const ending = unitEnding(key);
  const plain = ending ? key.slice(0, -ending.length - 1) : key;
  if (NAMES[plain]) return NAMES[plain];
  const signed = (_, sign, axis) => `${sign === "plus" ? "+" : "−"}${axis.toUpperCase()}`;
  const text = plain.replace(/(plus|minus)_([xyz])/g, signed).replaceAll("_", " ").replace(/^(hga|cfrp)/, (name) => name.toUpperCase());
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function unit(key) {
  return UNITS[unitEnding(key)] ?? "";
}

function unitEnding(key) {
  return ENDINGS.find((ending) => key.endsWith(`_${ending}`));
}

// "objects[0].model" is described under "objects.model".
export const withoutEntries = (path) => path.replace(/\[\d+\]/g, "");

// A key in a path, quoted where it is not a bare one.
export const step = (key) => (/^[A-Za-z0-9_-]+$/.test(key) ? key : `"${key}"`);
