// A photograph beside or over the render. It stays in the browser, and its exposure can be matched to the render's.

import { byId } from "./elements.js";

const LARGEST = 2048; // pixels a side of the photograph on the page
const MOST_PIXELS = 1e8; // of a photograph that is kept whole
const MOST_STOPS = 6;
const LINEAR = Float32Array.from({ length: 256 }, (_, k) => {
  const value = k / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});

export class Compare extends EventTarget {
  constructor(picture, say) {
    super();
    Object.assign(this, { picture, say });
    this.canvas = byId("comparison");
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.mode = byId("compare-mode");
    this.amount = byId("compare-amount");
    this.match = byId("compare-match");
    byId("photo").addEventListener("change", ({ target }) => { if (target.files[0]) this.open(target.files[0]); });
    for (const input of [this.mode, this.amount]) input.addEventListener("input", () => this.apply());
    this.match.addEventListener("change", () => this.develop());
    const line = byId("swipe-line");
    line.addEventListener("pointerdown", (event) => { event.stopPropagation(); line.setPointerCapture(event.pointerId); });
    line.addEventListener("pointermove", (event) => {
      if (!line.hasPointerCapture(event.pointerId)) return;
      event.stopPropagation();
      this.amount.value = picture.fractions(event)[0];
      this.apply();
    });
    picture.addEventListener("drawn", ({ detail }) => {
      if (detail.stage === "done" && this.match.checked) this.develop();
    });
  }

  // The photograph that the command was given.
  async fetch() {
    const answer = await fetch("/photo");
    if (answer.ok) await this.open(await answer.blob());
  }

  async open(blob) {
    let bitmap;
    try {
      bitmap = await createImageBitmap(blob, { imageOrientation: "from-image" });
    } catch {
      this.say("This photograph cannot be read; save it as PNG or JPEG.", true);
      return;
    }
    const scale = Math.min(1, LARGEST / Math.max(bitmap.width, bitmap.height));
    this.size = [bitmap.width, bitmap.height];
    this.canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    this.canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    this.context.drawImage(bitmap, 0, 0, this.canvas.width, this.canvas.height);
    this.whole?.close();
    this.whole = scale < 1 && bitmap.width * bitmap.height <= MOST_PIXELS ? bitmap : null;
    if (!this.whole) bitmap.close();
    this.original = this.context.getImageData(0, 0, this.canvas.width, this.canvas.height);
    if (this.mode.value === "off") this.mode.value = "swipe";
    this.develop();
    this.apply();
  }

  // What has the photograph's own pixels, where it is kept.
  get pixels() {
    return this.whole ?? this.canvas;
  }

  // Write the photograph to the canvas, brighter or darker by what brings its mean light to that of the render.
  develop() {
    if (!this.original) return;
    const gain = this.match.checked ? this.gain() : 1;
    const stops = Math.log2(gain);
    byId("compare-stops").value = this.match.checked ? `${stops >= 0 ? "+" : "−"}${Math.abs(stops).toFixed(2)} stops` : "";
    const curve = Uint8ClampedArray.from(LINEAR, (value) => coded(value * gain));
    const shown = new ImageData(this.original.width, this.original.height);
    const { data } = this.original;
    for (let k = 0; k < data.length; k++) shown.data[k] = k % 4 === 3 ? data[k] : curve[data[k]];
    this.context.putImageData(shown, 0, 0);
  }

  gain() {
    const { canvas, context } = this.picture;
    const render = meanLight(context.getImageData(0, 0, canvas.width, canvas.height).data);
    const photograph = meanLight(this.original.data);
    const most = 2 ** MOST_STOPS;
    return render && photograph ? Math.min(Math.max(render / photograph, 1 / most), most) : 1;
  }

  show(mode) {
    this.mode.value = mode;
    this.apply();
  }

  apply() {
    const { canvas, amount } = this;
    const mode = this.original ? this.mode.value : "off";
    clearInterval(this.blinking);
    document.body.dataset.compare = mode;
    canvas.hidden = mode === "off";
    canvas.style.opacity = mode === "opacity" ? amount.value : 1;
    canvas.style.mixBlendMode = mode === "difference" ? "difference" : "normal";
    canvas.style.clipPath = mode === "swipe" ? `inset(0 0 0 ${100 * amount.value}%)` : "none";
    byId("swipe-line").hidden = mode !== "swipe";
    byId("swipe-line").style.left = `${100 * amount.value}%`;
    if (mode === "blink") {
      this.blinking = setInterval(() => { canvas.hidden = !canvas.hidden; }, 150 + 850 * (1 - amount.value));
    }
    this.picture.fit();
    this.dispatchEvent(new Event("applied"));
  }
}

// Mean of the light in every tenth pixel, 0 to 1.
function meanLight(data) {
  let sum = 0, count = 0;
  for (let k = 0; k < data.length; k += 40) {
    sum += 0.2126 * LINEAR[data[k]] + 0.7152 * LINEAR[data[k + 1]] + 0.0722 * LINEAR[data[k + 2]];
    count++;
  }
  return sum / count;
}

function coded(light) {
  return 255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055);
}
