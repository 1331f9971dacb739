// Lines and names over the picture.

import { byId, drawn, element } from "./elements.js";
import { drawClipped } from "./light.js";

const CHOICES = [
  ["limb", "Limb"], ["terminator", "Terminator"], ["horizon", "Level horizon"], ["names", "Features and bodies"],
  ["parts", "Parts of the craft"], ["craft", "Box about the craft"], ["sun", "Direction of the Sun"], ["thirds", "Thirds"],
  ["safe", "Safe area, 90 %"], ["clipped", "Clipped areas"],
];
const ASPECTS = [["", "none"], ["1", "1:1"], ["1.25", "5:4"], ["1.3333", "4:3"], ["1.7778", "16:9"], ["2.39", "2.39:1"],
  ["0.8", "4:5"], ["0.5625", "9:16"]];
const LETTER_PX = 7, LINE_PX = 16;

export class Overlay extends EventTarget {
  constructor(live, picture) {
    super();
    this.picture = picture;
    this.svg = byId("overlay");
    this.layer = byId("clipped");
    this.geometry = null;
    this.shown = new Set();
    this.aspect = "";
    this.makeChoices(byId("overlay-choices"));
    live.on("overlay", (geometry) => { this.geometry = geometry; this.draw(); });
    picture.addEventListener("resized", () => this.draw());
    picture.addEventListener("drawn", () => this.mark());
  }

  makeChoices(fieldset) {
    this.boxes = new Map(CHOICES.map(([key, text]) => {
      const box = element("input", { type: "checkbox", data: { overlay: key } });
      box.addEventListener("change", () => this.choose(key, box.checked));
      fieldset.append(element("label", { className: "box" }, box, ` ${text}`));
      return [key, box];
    }));
    const select = element("select", { id: "aspect" }, ...ASPECTS.map(([value, text]) => new Option(text, value)));
    select.addEventListener("change", () => { this.aspect = select.value; this.draw(); });
    fieldset.append(element("label", { className: "row" }, "Other aspect ", select));
  }

  choose(key, isOn) {
    if (isOn) this.shown.add(key);
    else this.shown.delete(key);
    this.boxes.get(key).checked = isOn;
    if (key === "clipped") this.mark();
    else this.draw();
    this.dispatchEvent(new Event("chosen"));
  }

  // Hide everything, or show it again.
  toggle() {
    this.isHidden = !this.isHidden;
    this.svg.classList.toggle("away", this.isHidden);
    this.layer.classList.toggle("away", this.isHidden);
  }

  mark() {
    this.layer.hidden = !this.shown.has("clipped");
    if (!this.layer.hidden) drawClipped(this.picture);
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.picture.viewport;
    this.taken = [];
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.replaceChildren();
    const has = (key) => this.shown.has(key);
    if (this.aspect) this.frame(width, height, Number(this.aspect));
    if (has("thirds")) this.thirds(width, height);
    if (has("safe")) this.box(0.05 * width, 0.05 * height, 0.9 * width, 0.9 * height, "line faint");
    if (!this.geometry) return;
    const { craft, sun, names, parts } = this.geometry;
    for (const key of ["limb", "terminator", "horizon"]) {
      if (has(key)) for (const line of this.geometry[key]) this.polyline(line, width, height, `line ${key}`);
    }
    if (has("craft") && craft) {
      const [[left, top], [right, bottom]] = craft;
      this.box(left * width, top * height, (right - left) * width, (bottom - top) * height, "line faint");
    }
    if (has("sun")) this.sun(sun, width, height);
    if (has("names")) for (const { name, at } of names) this.name(name, at[0] * width, at[1] * height, width);
    if (has("parts")) for (const { name, at } of parts) this.name(name, at[0] * width, at[1] * height, width);
  }

  add(kind, attributes, ...children) {
    this.svg.append(drawn(kind, attributes, ...children));
  }

  polyline(points, width, height, style) {
    const places = points.map(([x, y]) => `${(x * width).toFixed(1)},${(y * height).toFixed(1)}`);
    this.add("polyline", { points: places.join(" "), class: style });
  }

  box(x, y, width, height, style) {
    this.add("rect", { x, y, width: Math.max(width, 0), height: Math.max(height, 0), class: style });
  }

  thirds(width, height) {
    for (const share of [1 / 3, 2 / 3]) {
      this.polyline([[share, 0], [share, 1]], width, height, "line faint");
      this.polyline([[0, share], [1, share]], width, height, "line faint");
    }
  }

  frame(width, height, aspect) {
    const inner = Math.min(width, height * aspect), innerHeight = inner / aspect;
    const x = (width - inner) / 2, y = (height - innerHeight) / 2;
    const outside = `M0 0H${width}V${height}H0Z M${x} ${y}V${y + innerHeight}H${x + inner}V${y}Z`;
    this.add("path", { d: outside, class: "shade" });
    this.box(x, y, inner, innerHeight, "line faint");
  }

  sun({ at, toward }, width, height) {
    if (at) {
      this.add("circle", { cx: at[0] * width, cy: at[1] * height, r: 9, class: "line" });
      this.label("Sun", at[0] * width + 13, at[1] * height, "start");
      return;
    }
    const middle = [width / 2, height / 2], reach = 0.42 * Math.min(width, height);
    const tip = middle.map((value, axis) => value + toward[axis] * reach);
    const from = middle.map((value, axis) => value + toward[axis] * 0.75 * reach);
    this.add("line", { x1: from[0], y1: from[1], x2: tip[0], y2: tip[1], class: "line" });
    this.add("circle", { cx: tip[0], cy: tip[1], r: 5, class: "dot" });
    this.label("Sun", tip[0] + 9, tip[1], "start");
  }

  name(text, x, y, width) {
    const onLeft = x + 7 + LETTER_PX * text.length > width;
    if (!this.label(text, x + (onLeft ? -7 : 7), y, onLeft ? "end" : "start")) return;
    this.add("circle", { cx: x, cy: y, r: 2.5, class: "dot" });
  }

  // Write a name where there is room; the first ones go first.
  label(text, x, y, anchor) {
    const long = LETTER_PX * text.length, left = anchor === "end" ? x - long : x;
    const overlaps = this.taken.some((box) => Math.abs(box.y - y) < LINE_PX && left < box.right && left + long > box.left);
    if (overlaps) return false;
    this.taken.push({ left, right: left + long, y });
    this.add("text", { x, y: y + 4, "text-anchor": anchor }, text);
    return true;
  }
}
