// The panels beside the picture: common keys laid out by hand, all others made from the schema.

import { Field } from "./fields.js";
import { words } from "./schema.js";

// Tab, section of the scene, and the keys shown first.
const PANELS = [
  ["Shot", "", ["title", "at"]],
  ["Camera", "camera", ["horizontal_fov_deg", "place", "roll_deg", "size_px", "look", "target", "up", "model", "preset"]],
  ["Light", "photo", ["stops", "look", "shutter_s", "f_number", "iso"]],
  ["Planet", "planet", ["dust_opacity", "frost", "shadows"]],
  ["Release", "release", ["at", "mount", "axis", "speed_m_s"]],
  ["Craft", "craft", ["model", "joints_deg"]],
  ["Orbit", "orbit", null],
  ["Attitude", "attitude", null],
  ["Sky", "sky", null],
];
const OTHERS = ["mounted", "path", "site", "ground", "body", "downlink"];

export class Panels {
  constructor(live, schema) {
    this.live = live;
    this.schema = schema;
    this.tabs = document.getElementById("tabs");
    this.panels = document.getElementById("panels");
    this.fields = [];
    for (const [name, section, common] of PANELS) this.addSection(name, section, common);
    this.addOthers();
    live.on("scene", ({ values }) => this.show(values));
    this.tabs.addEventListener("keydown", (event) => this.key(event));
  }

  addTab(name) {
    const id = name.toLowerCase().replace(/\W/g, "-");
    const tab = document.createElement("button");
    Object.assign(tab, { id: `tab-${id}`, textContent: name, tabIndex: -1 });
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", `panel-${id}`);
    tab.addEventListener("click", () => this.select(tab));
    const panel = document.createElement("div");
    panel.id = `panel-${id}`;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    this.tabs.append(tab);
    this.panels.append(panel);
    if (!this.selected) this.select(tab);
    else panel.hidden = true;
    return panel;
  }

  select(tab) {
    this.selected?.setAttribute("aria-selected", "false");
    if (this.selected) {
      this.selected.tabIndex = -1;
      document.getElementById(this.selected.getAttribute("aria-controls")).hidden = true;
    }
    this.selected = tab;
    tab.tabIndex = 0;
    tab.setAttribute("aria-selected", "true");
    document.getElementById(tab.getAttribute("aria-controls")).hidden = false;
    this.onSelect?.(tab.id);
  }

  key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const tabs = [...this.tabs.children];
    const next = tabs[(tabs.indexOf(this.selected) + step + tabs.length) % tabs.length];
    this.select(next);
    next.focus();
  }

  addSection(name, section, common) {
    const panel = this.addTab(name);
    const keys = this.schema.section(section).filter(([, node]) => section !== "" || !isSection(node));
    const first = common ? common.map((key) => keys.find(([each]) => each === key)).filter(Boolean) : keys;
    const rest = keys.filter((each) => !first.includes(each));
    for (const [key, node] of first) panel.append(this.addField(section, key, node));
    if (rest.length) panel.append(this.more("All other keys", section, rest));
  }

  addOthers() {
    const panel = this.addTab("More");
    for (const section of OTHERS) {
      panel.append(this.more(words(section), section, this.schema.section(section)));
    }
  }

  more(title, section, keys) {
    const details = document.createElement("details");
    details.className = "more";
    const summary = document.createElement("summary");
    summary.textContent = title;
    const list = document.createElement("div");
    details.append(summary, list);
    for (const [key, node] of keys) list.append(this.addField(section, key, node));
    return details;
  }

  addField(section, key, node) {
    const path = section ? `${section}.${key}` : key;
    const field = new Field(path, key, node, (where, value, merge) => this.live.set({ [where]: value }, merge));
    this.fields.push({ field, section, key });
    return field.element;
  }

  show(values) {
    for (const { field, section, key } of this.fields) {
      const table = section ? values[section] : values;
      const reason = values.assumed[field.path] ?? values.assumed[section];
      field.show(table?.[key], table ? reason : undefined);
    }
  }
}

function isSection(node) {
  return node.type === "object" || Boolean(node.properties) || node.items?.properties;
}
