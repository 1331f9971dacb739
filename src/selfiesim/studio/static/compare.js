// A photograph beside or over the render. It stays in the browser.

export class Compare {
  constructor(picture) {
    this.picture = picture;
    this.image = document.getElementById("comparison");
    this.mode = document.getElementById("compare-mode");
    this.amount = document.getElementById("compare-amount");
    document.getElementById("photo").addEventListener("change", ({ target }) => this.open(target.files[0]));
    for (const input of [this.mode, this.amount]) input.addEventListener("input", () => this.apply());
  }

  open(file) {
    if (!file) return;
    if (this.image.src) URL.revokeObjectURL(this.image.src);
    this.image.src = URL.createObjectURL(file);
    if (this.mode.value === "off") this.mode.value = "swipe";
    this.apply();
  }

  apply() {
    const { image, amount } = this;
    const mode = image.src ? this.mode.value : "off";
    clearInterval(this.blinking);
    image.hidden = mode === "off";
    image.style.opacity = mode === "opacity" ? amount.value : 1;
    image.style.mixBlendMode = mode === "difference" ? "difference" : "normal";
    image.style.clipPath = mode === "swipe" ? `inset(0 0 0 ${100 * amount.value}%)`
      : mode === "beside" ? "inset(0 0 0 50%)" : "none";
    this.picture.canvas.style.clipPath = mode === "beside" ? "inset(0 50% 0 0)" : "none";
    if (mode === "blink") {
      this.blinking = setInterval(() => { image.hidden = !image.hidden; }, 150 + 850 * (1 - amount.value));
    }
  }
}
