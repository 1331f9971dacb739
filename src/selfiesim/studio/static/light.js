// The histogram, the exposure, and the areas of the picture that are clipped.

import { element, byId } from "./elements.js";

const WIDTH = 320, HEIGHT = 88;
const BANDS = ["#8a2424", "#24702f", "#2b4ca0"]; // together a light grey
const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

export class LightPanel {
  constructor(picture, overlay, panel) {
    Object.assign(this, { picture, panel });
    this.canvas = element("canvas", { id: "histogram", width: WIDTH, height: HEIGHT, role: "img" });
    this.note = element("p", { className: "readout", id: "light-note" });
    const box = element("input", { type: "checkbox", id: "show-clipped" });
    box.addEventListener("change", () => overlay.choose("clipped", box.checked));
    overlay.addEventListener("chosen", () => { box.checked = overlay.shown.has("clipped"); });
    panel.prepend(this.canvas, this.note,
      element("label", { className: "box" }, box, " Mark clipped areas on the picture"));
    picture.addEventListener("drawn", ({ detail }) => { this.exposure = detail.exposure; this.draw(); });
    panel.addEventListener("shown", () => this.draw());
  }

  draw() {
    if (this.panel.hidden || !this.picture.stage) return;
    const { counts, black, white } = this.picture.histogram();
    const context = this.canvas.getContext("2d");
    const most = Math.max(...counts.flatMap((each) => [...each.subarray(1, 63)])) || 1;
    const wide = WIDTH / 64;
    context.clearRect(0, 0, WIDTH, HEIGHT);
    context.globalCompositeOperation = "lighter";
    counts.forEach((each, band) => {
      context.fillStyle = BANDS[band];
      each.forEach((count, k) => {
        const height = HEIGHT * Math.min(Math.sqrt(count / most), 1);
        context.fillRect(wide * k, HEIGHT - height, wide, height);
      });
    });
    const words = `${percent(black)} black, ${percent(white)} clipped`;
    this.note.textContent = `${this.exposure} · ${words}`;
    this.canvas.setAttribute("aria-label", `Histogram: ${words}`);
  }
}

// Stripes over the pixels at the top of the range, drawn in the picture's own pixels.
export function drawClipped(picture) {
  const { canvas, context } = picture, layer = byId("clipped");
  const { width, height } = canvas;
  [layer.width, layer.height] = [width, height];
  const { data } = context.getImageData(0, 0, width, height);
  const stripes = new ImageData(width, height), pixels = new Uint32Array(stripes.data.buffer);
  const period = Math.max(6, Math.round(width / 120));
  for (let k = 0, p = 0; k < pixels.length; k++, p += 4) {
    if (data[p] < 255 && data[p + 1] < 255 && data[p + 2] < 255) continue;
    const place = (k % width + Math.floor(k / width)) % period;
    pixels[k] = place < period / 2 ? 0xff2020ff : 0xff000000; // ABGR: red and black
  }
  layer.getContext("2d").putImageData(stripes, 0, 0);
}
