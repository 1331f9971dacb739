// The picture: frames on a canvas, zoom and pan, and what its pixels are.

import { byId, element } from "./elements.js";

const STAGES = { draft: "draft", final: "refining", done: "final" };
const ZOOMS = ["fit", "1", "2", "4", "8"];
const BINS = 64;

export class Picture extends EventTarget {
  constructor(live) {
    super();
    this.live = live;
    this.viewport = byId("viewport");
    this.canvas = byId("canvas");
    this.scroller = byId("scroller");
    this.zoom = byId("zoom");
    this.pixel = byId("pixel");
    this.size = [1920, 1080];
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    live.on("frame", (frame) => this.show(frame));
    this.zoom.addEventListener("change", () => this.fit());
    this.scroller.addEventListener("wheel", (event) => this.wheel(event), { passive: false, capture: true });
    this.viewport.addEventListener("pointermove", (event) => this.point(event));
    this.viewport.addEventListener("pointerleave", () => { this.pixel.value = ""; });
    new ResizeObserver(() => this.fit()).observe(this.scroller);
  }

  async show({ blob, size, stage, revision, exposure }) {
    try {
      const bitmap = await createImageBitmap(blob);
      [this.canvas.width, this.canvas.height] = size;
      this.context.drawImage(bitmap, 0, 0);
      bitmap.close();
    } finally {
      this.live.send("ack");
    }
    this.stage = stage;
    byId("stage-note").replaceChildren(STAGES[stage], element("span", { textContent: `, ${size[0]} × ${size[1]}` }));
    this.canvas.dataset.revision = revision;
    this.canvas.dataset.stage = stage;
    this.dispatchEvent(new CustomEvent("drawn", { detail: { stage, exposure, size } }));
  }

  // The scene's own size, in which the picture is laid out whatever size a frame has.
  setSize(size) {
    if (size[0] === this.size[0] && size[1] === this.size[1]) return;
    this.size = size;
    this.fit();
  }

  get isZoomed() {
    return this.zoom.value !== "fit";
  }

  fit() {
    const [width, height] = this.size;
    const { clientWidth, clientHeight } = this.scroller;
    const room = ["beside", "match"].includes(document.body.dataset.compare) ? clientWidth / 2 : clientWidth;
    const scale = this.isZoomed ? Number(this.zoom.value) / devicePixelRatio : Math.min(room / width, clientHeight / height);
    this.viewport.style.width = `${Math.max(width * scale, 16)}px`;
    this.viewport.style.height = `${Math.max(height * scale, 16)}px`;
    this.viewport.classList.toggle("pixels", scale * devicePixelRatio >= 2);
    this.dispatchEvent(new CustomEvent("resized"));
  }

  // Change the zoom, and keep the place at fractions "across" and "down" of the picture under the same point.
  zoomTo(level, across = 0.5, down = 0.5) {
    const at = (box) => [box.left + across * box.width, box.top + down * box.height];
    const before = at(this.viewport.getBoundingClientRect());
    this.zoom.value = ZOOMS[Math.min(Math.max(level, 0), ZOOMS.length - 1)];
    this.fit();
    const after = at(this.viewport.getBoundingClientRect());
    this.scroller.scrollBy(after[0] - before[0], after[1] - before[1]);
  }

  wheel(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    event.stopPropagation();
    const [across, down] = this.fractions(event);
    this.zoomTo(ZOOMS.indexOf(this.zoom.value) + (event.deltaY < 0 ? 1 : -1), across, down);
  }

  pan(across, down) {
    this.scroller.scrollBy(across, down);
  }

  fractions({ clientX, clientY }) {
    const box = this.viewport.getBoundingClientRect();
    return [(clientX - box.left) / box.width, (clientY - box.top) / box.height];
  }

  point(event) {
    if (event.pointerType !== "mouse" || event.buttons) return;
    const [across, down] = this.fractions(event);
    const x = Math.floor(across * this.canvas.width), y = Math.floor(down * this.canvas.height);
    if (x < 0 || y < 0 || x >= this.canvas.width || y >= this.canvas.height) return;
    const [red, green, blue] = this.context.getImageData(x, y, 1, 1).data;
    this.pixel.value = `${x}, ${y}: ${red} ${green} ${blue}`;
  }

  // Counts of each band, and the shares of pixels that are black and clipped.
  histogram() {
    const { data } = this.context.getImageData(0, 0, this.canvas.width, this.canvas.height);
    const counts = [0, 1, 2].map(() => new Uint32Array(BINS));
    let black = 0, white = 0, total = 0;
    const step = 4 * Math.max(1, Math.floor(data.length / 4 / 250000));
    for (let k = 0; k < data.length; k += step) {
      for (let band = 0; band < 3; band++) counts[band][data[k + band] >> 2]++;
      const most = Math.max(data[k], data[k + 1], data[k + 2]);
      if (most === 0) black++;
      if (most === 255) white++;
      total++;
    }
    return { counts, black: black / total, white: white / total };
  }
}
