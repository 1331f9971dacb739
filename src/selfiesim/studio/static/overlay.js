// Lines and names over the picture.

const SVG = "http://www.w3.org/2000/svg";
const CHOICES = [
  ["limb", "Limb", false], ["terminator", "Terminator", false], ["names", "Names", false],
  ["craft", "Craft's box", false], ["sun", "Direction of sunlight", false], ["thirds", "Thirds", false],
  ["safe", "Safe area", false], ["clipped", "Clipped highlights", false],
];
const ASPECTS = [["", "none"], ["1", "1:1"], ["1.3333", "4:3"], ["1.7778", "16:9"], ["2.39", "2.39:1"], ["0.5625", "9:16"]];

export class Overlay {
  constructor(live, picture) {
    this.picture = picture;
    this.svg = document.getElementById("overlay");
    this.geometry = null;
    this.shown = new Set(CHOICES.filter(([, , on]) => on).map(([key]) => key));
    this.aspect = "";
    this.makeChoices(document.getElementById("overlay-choices"));
    live.on("overlay", (geometry) => { this.geometry = geometry; this.draw(); });
    picture.addEventListener("resized", () => this.draw());
    picture.addEventListener("drawn", () => { if (this.shown.has("clipped")) this.draw(); });
  }

  makeChoices(fieldset) {
    for (const [key, text, on] of CHOICES) {
      const label = document.createElement("label");
      const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: on });
      box.dataset.overlay = key;
      box.addEventListener("change", () => {
        box.checked ? this.shown.add(key) : this.shown.delete(key);
        this.draw();
      });
      label.append(box, ` ${text}`);
      fieldset.append(label);
    }
    const label = document.createElement("label");
    const select = document.createElement("select");
    for (const [value, text] of ASPECTS) select.append(new Option(text, value));
    select.addEventListener("change", () => { this.aspect = select.value; this.draw(); });
    label.append("Frame of another aspect ", select);
    fieldset.append(label);
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.picture.viewport;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.replaceChildren();
    const has = (key) => this.shown.has(key);
    if (has("thirds")) this.thirds(width, height);
    if (has("safe")) this.box(0.05 * width, 0.05 * height, 0.9 * width, 0.9 * height, "line faint");
    if (this.aspect) this.frame(width, height, Number(this.aspect));
    if (has("clipped")) this.clipped(width, height);
    if (!this.geometry) return;
    const { limb, terminator, names, craft, sun } = this.geometry;
    if (has("limb")) for (const line of limb) this.polyline(line, width, height, "line");
    if (has("terminator")) for (const line of terminator) this.polyline(line, width, height, "line dashed");
    if (has("craft") && craft) {
      const [[left, top], [right, bottom]] = craft;
      this.box(left * width, top * height, (right - left) * width, (bottom - top) * height, "line faint");
    }
    if (has("sun")) this.sun(sun, width, height);
    if (has("names")) for (const { name, at } of names) this.name(name, at[0] * width, at[1] * height, width);
  }

  add(kind, attributes, parent = this.svg) {
    const element = document.createElementNS(SVG, kind);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent.append(element);
    return element;
  }

  polyline(points, width, height, style) {
    this.add("polyline", { points: points.map(([x, y]) => `${x * width},${y * height}`).join(" "), class: style });
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
      return;
    }
    const middle = [width / 2, height / 2], reach = 0.42 * Math.min(width, height);
    const tip = middle.map((value, axis) => value + toward[axis] * reach);
    const from = middle.map((value, axis) => value + toward[axis] * 0.75 * reach);
    this.add("line", { x1: from[0], y1: from[1], x2: tip[0], y2: tip[1], class: "line" });
    this.add("circle", { cx: tip[0], cy: tip[1], r: 5, class: "dot" });
    this.add("text", { x: tip[0] + 9, y: tip[1] + 4 }).textContent = "Sun";
  }

  name(text, x, y, width) {
    this.add("circle", { cx: x, cy: y, r: 2.5, class: "dot" });
    const onLeft = x > 0.8 * width;
    const anchor = onLeft ? "end" : "start";
    this.add("text", { x: x + (onLeft ? -6 : 6), y: y + 4, "text-anchor": anchor }).textContent = text;
  }

  // Pixels at the top of the range, marked in cells of the picture.
  clipped(width, height) {
    const { canvas, context } = this.picture;
    const cells = [96, 54];
    const small = new OffscreenCanvas(...cells);
    const reduced = small.getContext("2d");
    reduced.drawImage(canvas, 0, 0, ...cells);
    const { data } = reduced.getImageData(0, 0, ...cells);
    for (let row = 0; row < cells[1]; row++) {
      for (let column = 0; column < cells[0]; column++) {
        const k = 4 * (row * cells[0] + column);
        if (Math.max(data[k], data[k + 1], data[k + 2]) < 253) continue;
        this.add("rect", {
          x: column * width / cells[0], y: row * height / cells[1],
          width: width / cells[0], height: height / cells[1], fill: "#ff2060", opacity: 0.7,
        });
      }
    }
  }
}
