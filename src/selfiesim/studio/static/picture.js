// The picture: frames on a canvas, zoom, and the histogram.

const stages = { draft: "draft", final: "refining", done: "final" };

export class Picture extends EventTarget {
  constructor(live) {
    super();
    this.live = live;
    this.viewport = document.getElementById("viewport");
    this.canvas = document.getElementById("canvas");
    this.scroller = document.getElementById("scroller");
    this.note = document.getElementById("stage-note");
    this.zoom = document.getElementById("zoom");
    this.size = [1920, 1080];
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    live.on("frame", (frame) => this.show(frame));
    this.zoom.addEventListener("change", () => this.fit());
    new ResizeObserver(() => this.fit()).observe(this.scroller);
  }

  async show({ blob, size, stage, revision }) {
    try {
      const bitmap = await createImageBitmap(blob);
      [this.canvas.width, this.canvas.height] = size;
      this.context.drawImage(bitmap, 0, 0);
      bitmap.close();
    } finally {
      this.live.send("ack");
    }
    this.stage = stage;
    this.note.value = `${size[0]} × ${size[1]}, ${stages[stage]}`;
    this.canvas.dataset.revision = revision;
    this.canvas.dataset.stage = stage;
    this.dispatchEvent(new CustomEvent("drawn", { detail: { stage } }));
  }

  // The scene's own size, in which the picture is laid out whatever size a frame has.
  setSize(size) {
    if (size[0] === this.size[0] && size[1] === this.size[1]) return;
    this.size = size;
    this.fit();
  }

  fit() {
    const [width, height] = this.size;
    const { clientWidth, clientHeight } = this.scroller;
    const scale = this.zoom.value === "fit"
      ? Math.min(clientWidth / width, clientHeight / height)
      : Number(this.zoom.value) / devicePixelRatio;
    this.viewport.style.width = `${Math.max(width * scale, 16)}px`;
    this.viewport.style.height = `${Math.max(height * scale, 16)}px`;
    this.viewport.classList.toggle("pixels", scale * devicePixelRatio >= 2);
    this.dispatchEvent(new CustomEvent("resized"));
  }

  histogram() {
    const { data } = this.context.getImageData(0, 0, this.canvas.width, this.canvas.height);
    const counts = [new Uint32Array(64), new Uint32Array(64), new Uint32Array(64)];
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
