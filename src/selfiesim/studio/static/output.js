// Rendering to files: pictures, films, and stories with their contact sheets, with progress, cancel and download.

import { byId, element } from "./elements.js";

const KINDS = {
  picture: {
    title: "Render a picture",
    formats: [[".png", "PNG, lossless"], [".jpg", "JPEG"], [".tif", "TIFF"], [".exr", "EXR, linear, with layers"]],
  },
  film: {
    title: "Render a film",
    formats: [[".mp4", "MP4"], [".webp", "WebP"], [".gif", "GIF"], [".apng", "APNG"]],
    size: 640,
  },
  story: { title: "Render the story of the release", formats: [[".zip", "web page and contact sheet"]], size: 640 },
};

export class Output {
  constructor(live) {
    this.live = live;
    for (const id of ["render-dialog", "kind", "format", "quality", "width", "height", "start", "stop", "frames", "fps",
      "progress", "render-note", "begin", "cancel", "downloads"]) {
      this[id.replace(/-(.)/, (_, letter) => letter.toUpperCase())] = byId(id);
    }
    byId("render").addEventListener("click", () => this.open());
    this.kind.addEventListener("change", () => this.choose());
    this.begin.addEventListener("click", () => this.send());
    this.cancel.addEventListener("click", () => live.send("cancel", { id: this.run }));
    this.width.addEventListener("input", () => this.follow());
    live.on("output", (state) => this.show(state));
    live.on("status", ({ text, error }) => { if (error && this.isOpen) this.renderNote.textContent = text; });
    live.on("scene", ({ values }) => { this.values = values; });
  }

  get isOpen() {
    return this.renderDialog.open;
  }

  open() {
    if (!this.values) return;
    if (!this.run) this.choose();
    this.renderNote.textContent = this.run ? this.renderNote.textContent : "";
    this.renderDialog.showModal();
  }

  choose() {
    const { formats, title, size } = KINDS[this.kind.value];
    const { camera, release, at } = this.values;
    byId("render-title").textContent = title;
    this.format.replaceChildren(...formats.map(([value, text]) => new Option(text, value)));
    this.width.value = size ?? camera.size_px[0];
    this.follow();
    this.renderDialog.dataset.kind = this.kind.value;
    this.start.value = release ? "release" : at;
    this.stop.value = release ? "release+120s" : later(at, 60);
  }

  // The height that goes with the width; even, as films need it.
  follow() {
    const [width, height] = this.values.camera.size_px;
    const fitting = this.width.value * height / width;
    this.height.value = this.kind.value === "film" ? 2 * Math.round(fitting / 2) : Math.round(fitting);
  }

  send() {
    const size = [Number(this.width.value), Number(this.height.value)];
    const [width, height] = this.values.camera.size_px;
    this.renderNote.textContent = "";
    this.live.send("render", {
      kind: this.kind.value, format: this.format.value, quality: this.quality.value,
      size: size[0] === width && size[1] === height ? null : size,
      start: this.start.value, stop: this.stop.value, frames: Number(this.frames.value), fps: Number(this.fps.value),
    });
  }

  show({ id, state, done, of, what, message, finished }) {
    this.run = state === "progress" ? id : null;
    const hadFocus = [this.begin, this.cancel].includes(document.activeElement);
    this.progress.hidden = this.cancel.hidden = !this.run;
    this.begin.disabled = Boolean(this.run);
    if (hadFocus) (this.run ? this.cancel : this.begin).focus(); // which is there now
    if (state === "progress") {
      if (of) this.progress.value = done / of;
      else this.progress.removeAttribute("value");
      if (of && this.first?.id !== id) this.first = { id, done, at: performance.now() };
      const step = `${what === "frame" ? "Frame" : "Pass"} ${Math.min(done + 1, of)} of ${of}`;
      this.renderNote.textContent = of ? step + this.timeLeft(done, of) : "Starting …";
    } else if (state === "fault") {
      this.renderNote.textContent = message;
    } else {
      this.renderNote.textContent = finished.length ? "Ready. The recipe that repeats it is inside, or beside it." : "";
    }
    this.offer(finished);
  }

  // Finished files, the newest first. The focus goes to the first of a new one, and stays in the dialog after a dismissal.
  offer(finished) {
    const ids = finished.map(({ id }) => id).join();
    if (ids === this.offered) return;
    const isNew = finished.length > this.downloads.children.length;
    this.offered = ids;
    this.downloads.replaceChildren(...finished.toReversed().map(({ id, what, files }) => {
      const dismiss = element("button", { className: "reset", type: "button", textContent: "×", title: "Dismiss",
        "aria-label": `Dismiss ${files[0]}` });
      dismiss.addEventListener("click", () => this.live.send("dismiss", { id }));
      return element("div", { className: "finished", data: { id } }, element("div", {}, ...pictureFirst(files).map((file) => element("a", {
        href: `/output/${id}/${encodeURIComponent(file)}`, textContent: file, "aria-label": `Download ${file}` })),
        element("span", { className: "help", textContent: what })), dismiss);
    }));
    (isNew ? this.downloads.querySelector("a") : this.begin)?.focus();
  }

  // From the pace since the first that this page has seen, which may have been opened later.
  timeLeft(done, of) {
    if (done === this.first.done) return "";
    const seconds = Math.ceil((performance.now() - this.first.at) / 1000 / (done - this.first.done) * (of - done));
    return seconds >= 90 ? `, about ${Math.round(seconds / 60)} min left` : `, about ${seconds} s left`;
  }
}

// What was rendered, before the recipe that lies beside it.
const pictureFirst = (files) => files.toSorted((one, other) => one.endsWith(".json") - other.endsWith(".json"));

// A moment some seconds after another: of a UTC time, or of an event such as max-latitude-20s.
function later(moment, seconds) {
  const [, event, offset] = /^(.*?)([+-][\d.]+)s$/.exec(moment) ?? [];
  if (event) {
    const sum = Number(offset) + seconds;
    return `${event}${sum < 0 ? "" : "+"}${sum}s`;
  }
  const date = new Date(moment);
  return Number.isNaN(date.getTime()) ? `${moment}+${seconds}s` : new Date(date.getTime() + 1000 * seconds).toISOString();
}
