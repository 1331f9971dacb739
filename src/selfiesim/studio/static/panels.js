// The panels beside the picture: common keys laid out by hand, all others made from the schema.

import { element } from "./elements.js";
import { withoutEntries } from "./schema.js";
import { makeKey, starter } from "./sections.js";

// Tab, section of the scene, the keys shown first, and keys that a part made by hand shows.
const PANELS = [
  ["Shot", "", ["title", "at"], []],
  ["Release", "release", ["speed_m_s", "at", "mount", "axis"], []],
  ["Camera", "camera", ["horizontal_fov_deg", "place", "roll_deg", "size_px", "look", "target", "up"], ["preset"]],
  ["Light", "photo", ["stops", "meter", "look", "shutter_s", "f_number", "iso"], []],
  ["Planet", "planet", ["dust_opacity", "frost", "cloud_opacity", "map", "shadows"], []],
  ["Craft", "craft", [], ["model", "joints_deg", "materials"]],
  ["Sky", "sky", ["stars", "sun", "moons"], []],
];
const MOTION = ["orbit", "path", "site", "attitude", "mounted"];
const OTHERS = ["ground", "body", "downlink"];
const DIRECTIONS = ["nadir", "zenith", "earth", "sun", "velocity", "orbit-normal", "north", "east"];
const FLAT_MOUNTS = new Set(["flag", "emblem"]); // where shipped crafts carry pictures
const SECTIONS = new Set([...PANELS.map(([, section]) => section), ...MOTION, ...OTHERS, "objects", "assumed"]);

export class Panels {
  constructor(live, catalogue, schema) {
    Object.assign(this, { live, catalogue, schema, parts: [], values: null });
    this.tabs = document.getElementById("tabs");
    this.panels = document.getElementById("panels");
    this.lists = this.makeLists();
    this.context = this.makeContext();
    for (const [name, section, first, byHand] of PANELS) this.addSection(name, section, first, byHand);
    const craft = document.getElementById("panel-craft");
    this.addParts(craft, ["objects"]);
    this.addParts(this.addTab("Motion"), MOTION);
    this.addParts(this.addTab("More"), [...OTHERS, "assumed"]);
    this.select(this.tabs.firstElementChild);
    live.on("scene", ({ values, given }) => { Object.assign(this, { values, given }); this.show(this.panel); });
    craft.addEventListener("shown", () => this.findPictures());
    live.on("shape", (shape) => { this.shape = shape; offer("mounts", Object.keys(shape.mounts)); });
    this.tabs.addEventListener("keydown", (event) => this.key(event));
  }

  // What fields need to know of the page.
  makeContext() {
    return {
      schema: this.schema,
      set: (path, value, merge) => (merge ? this.live.steer({ [path]: value }, merge) : this.live.set({ [path]: value })),
      arrange: (path, action, entry, value) => this.live.send("arrange", { path, action, entry, value }),
      list: (path) => this.lists.get(withoutEntries(path)),
      reason: (path) => this.reason(path),
      hasDefault: (node) => node.optional || node.default !== undefined,
      starters: (path, item) => this.starter(path, item),
    };
  }

  // Lists of what a text field may be, by the path of its key.
  makeLists() {
    const lists = new Map(Object.entries(this.catalogue.choices).map(([path, choices]) => {
      const id = `choices-${path.replaceAll(".", "-")}`;
      document.body.append(element("datalist", { id }, ...choices.map(({ name, title }) => new Option(title, name))));
      return [path, id];
    }));
    for (const id of ["mounts", "targets", "pictures"]) document.body.append(element("datalist", { id }));
    for (const path of ["release.mount", "mounted.mount", "craft.decals.mount"]) lists.set(path, "mounts");
    for (const path of ["craft.decals.image", "objects.decals.image"]) lists.set(path, "pictures");
    return lists.set("camera.target", "targets");
  }

  // Pictures next to the scene, for decals, as they are now.
  async findPictures() {
    const answer = await fetch("/pictures");
    if (!answer.ok) return;
    this.pictures = await answer.json();
    offer("pictures", this.pictures);
  }

  // Objects are named in [assumed]: objects.ryugu.offset_m.
  reason(path) {
    const named = path.replace(/^objects\[(\d+)\]/, (_, k) => `objects.${this.values.objects?.[k]?.name}`);
    return this.values.assumed[named];
  }

  starter(path, item) {
    const made = starter(this.context, item);
    if (path === "objects") {
      const taken = (this.values.objects ?? []).length + 1;
      return { ...made, name: `object-${taken}`, model: "tianwen1-camera", offset_m: [0, 0, 5 * taken], axes: "body" };
    }
    if (path.endsWith("decals")) {
      const mounts = Object.keys(this.shape?.mounts ?? {});
      const mount = mounts.find((each) => FLAT_MOUNTS.has(each)) ?? mounts[0] ?? "";
      return { ...made, mount, image: this.pictures?.[0] ?? "picture.png", width_m: 0.5 };
    }
    return made;
  }

  addTab(name) {
    const id = name.toLowerCase().replace(/\W/g, "-");
    const tab = element("button", { id: `tab-${id}`, textContent: name, tabIndex: -1, role: "tab",
      "aria-controls": `panel-${id}`, "aria-selected": "false" });
    tab.addEventListener("click", () => this.select(tab));
    const panel = element("div", {
      id: `panel-${id}`, role: "tabpanel", "aria-labelledby": tab.id, hidden: true, tabIndex: 0,
    });
    this.tabs.append(tab);
    this.panels.append(panel);
    return panel;
  }

  select(tab) {
    if (this.selected) {
      this.selected.setAttribute("aria-selected", "false");
      this.selected.tabIndex = -1;
      document.getElementById(this.selected.getAttribute("aria-controls")).hidden = true;
    }
    this.selected = tab;
    tab.tabIndex = 0;
    tab.setAttribute("aria-selected", "true");
    tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.panel = document.getElementById(tab.getAttribute("aria-controls"));
    this.panel.hidden = false;
    document.body.dataset.panel = this.panel.id;
    this.panels.scrollTop = 0;
    this.panel.dispatchEvent(new CustomEvent("shown"));
    this.show(this.panel);
  }

  key(event) {
    const tabs = [...this.tabs.children];
    const now = tabs.indexOf(this.selected);
    const [after, before] = [now + 1, now - 1];
    const to = { ArrowRight: after, ArrowDown: after, ArrowLeft: before, ArrowUp: before, Home: 0, End: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = tabs[(to + tabs.length) % tabs.length];
    this.select(next);
    next.focus();
  }

  addSection(name, section, first, byHand) {
    const node = this.schema.section(section);
    const keys = this.schema.keys(node).filter(([key]) => !byHand.includes(key) && (section !== "" || !SECTIONS.has(key)));
    const common = first.map((key) => keys.find(([each]) => each === key)).filter(Boolean);
    const rest = keys.filter((each) => !common.includes(each));
    const add = (panel) => ([key, each]) => this.addKey(panel, section, key, each);
    this.fill(this.addTab(name), (panel) => {
      const made = common.length ? [element("div", { className: "keys" }, ...common.map(add(panel)))] : [];
      if (rest.length) {
        made.push(element("details", { className: "more" }, element("summary", { textContent: "All other settings" }),
          element("div", { className: "keys" }, ...rest.map(add(panel)))));
      }
      return made;
    });
  }

  // Fields are made when their panel is first shown: the page is there sooner, and less follows each change.
  fill(panel, make) {
    const place = element("div", { className: "part" });
    panel.append(place);
    panel.addEventListener("shown", () => place.replaceWith(...make(panel)), { once: true });
  }

  addKey(panel, section, key, node) {
    const part = makeKey(this.context, section ? `${section}.${key}` : key, key, node);
    this.parts.push({ panel, part, section, key });
    return part.element;
  }

  // Whole sections: tables, folded, or arrays of tables.
  addParts(panel, sections) {
    this.fill(panel, () => {
      const made = sections.map((section) => this.addKey(panel, "", section, this.schema.section(section)));
      if (panel.id === "panel-motion") made[0].open = true;
      return made;
    });
  }

  show(shown) {
    const { values, given } = this;
    if (!values) return;
    offer("targets", ["craft", ...(values.objects ?? []).map(({ name }) => name), ...DIRECTIONS]);
    for (const { panel, part, section, key } of this.parts) {
      if (panel === shown) part.show((section ? values[section] : values)?.[key], (section ? given[section] : given)?.[key]);
    }
  }
}

function offer(id, names) {
  document.getElementById(id).replaceChildren(...names.map((name) => new Option(name)));
}
