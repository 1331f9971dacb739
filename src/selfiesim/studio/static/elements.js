// Making elements.

export function element(kind, properties = {}, ...children) {
  const { data = {}, ...rest } = properties;
  const made = document.createElement(kind);
  for (const [key, value] of Object.entries(rest)) {
    if (key === "list" || key === "role" || key.startsWith("aria-")) made.setAttribute(key, value);
    else made[key] = value;
  }
  Object.assign(made.dataset, data);
  made.append(...children);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

export function drawn(kind, attributes, ...children) {
  const made = document.createElementNS(SVG, kind);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Whether keys that are pressed there are part of a text.
export const takesText = (place) => place.matches?.("textarea, input:not([type=range], [type=checkbox])") ?? false;

export const byId = (id) => document.getElementById(id);
