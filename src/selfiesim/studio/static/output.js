// Rendering to a file: format, size, progress, cancel, download.

export class Output {
  constructor(live) {
    this.live = live;
    for (const id of ["render-dialog", "format", "quality", "width", "height", "progress", "render-note", "start",
      "cancel", "download"]) {
      this[id.replace(/-(.)/, (_, letter) => letter.toUpperCase())] = document.getElementById(id);
    }
    document.getElementById("render").addEventListener("click", () => this.open());
    this.start.addEventListener("click", () => this.begin());
    this.cancel.addEventListener("click", () => live.send("cancel", { id: this.run }));
    this.width.addEventListener("input", () => {
      this.height.value = Math.round(this.width.value * this.size[1] / this.size[0]);
    });
    live.on("output", (state) => this.show(state));
    live.on("scene", ({ values }) => { this.size = values.camera.size_px; });
  }

  open() {
    if (!this.run && this.size) [this.width.value, this.height.value] = this.size;
    this.renderDialog.showModal();
  }

  begin() {
    const size = [Number(this.width.value), Number(this.height.value)];
    const whole = size[0] === this.size[0] && size[1] === this.size[1];
    this.download.hidden = true;
    this.renderNote.textContent = "";
    this.began = performance.now();
    this.live.send("render", { format: this.format.value, quality: this.quality.value, size: whole ? null : size });
  }

  show({ id, state, done, of, message, file }) {
    this.run = state === "progress" ? id : null;
    this.progress.hidden = this.cancel.hidden = !this.run;
    this.start.disabled = Boolean(this.run);
    if (state === "progress") {
      this.progress.value = of ? done / of : 0;
      const seconds = (performance.now() - this.began) / 1000;
      const left = done > 1 ? `, about ${Math.ceil(seconds / done * (of - done))} s left` : "";
      this.renderNote.textContent = of ? `Pass ${done + 1} of ${of}${left}` : "Starting …";
    } else if (state === "written") {
      this.renderNote.textContent = "The picture is ready; its recipe is inside.";
      this.download.href = `/output/${id}`;
      this.download.textContent = `Download ${file}`;
      this.download.hidden = false;
    } else {
      this.renderNote.textContent = message;
    }
  }
}
