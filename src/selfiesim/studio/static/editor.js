// The scene's text, its faults, and its copy as Python.

export class Editor {
  constructor(live, panel, say) {
    Object.assign(this, { live, say, faults: [] });
    this.gutter = document.createElement("pre");
    this.area = Object.assign(document.createElement("textarea"), { id: "toml", spellcheck: false, wrap: "off" });
    this.area.setAttribute("aria-label", "The scene's TOML");
    this.gutter.setAttribute("aria-hidden", "true");
    const box = Object.assign(document.createElement("div"), { className: "editor" });
    box.append(this.gutter, this.area);
    this.list = Object.assign(document.createElement("ul"), { className: "faults" });
    this.list.setAttribute("aria-live", "polite");
    const copy = Object.assign(document.createElement("button"), { textContent: "Copy as Python" });
    copy.addEventListener("click", () => this.copy());
    panel.append(this.list, box, Object.assign(document.createElement("div"), { className: "tools" }));
    panel.lastElementChild.append(copy);
    this.area.addEventListener("input", () => this.edited());
    this.area.addEventListener("scroll", () => { this.gutter.scrollTop = this.area.scrollTop; });
    live.on("document", ({ text, name }) => this.take(text, name));
    live.on("faults", ({ faults }) => this.mark(faults));
    live.on("scene", () => this.mark([]));
  }

  take(text, name) {
    this.name = name;
    if (this.timer || this.area.value === text) return;
    const { selectionStart, selectionEnd, scrollTop } = this.area;
    this.area.value = text;
    this.area.setSelectionRange(selectionStart, selectionEnd);
    this.area.scrollTop = scrollTop;
    this.number();
  }

  edited() {
    this.number();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.live.send("text", { text: this.area.value });
    }, 300);
  }

  mark(faults) {
    this.faults = faults;
    this.list.replaceChildren(...faults.map(({ message, line }) => {
      const item = document.createElement("li");
      const button = Object.assign(document.createElement("button"), { textContent: message });
      if (line) button.addEventListener("click", () => this.goTo(line));
      item.append(button);
      return item;
    }));
    this.number();
    if (faults.length) this.say(faults[0].message, true);
  }

  number() {
    const bad = new Set(this.faults.map(({ line }) => line));
    const count = this.area.value.split("\n").length;
    this.gutter.replaceChildren();
    for (let line = 1; line <= count; line++) {
      const mark = document.createElement("span");
      mark.textContent = `${line}\n`;
      if (bad.has(line)) mark.className = "bad";
      this.gutter.append(mark);
    }
    this.gutter.scrollTop = this.area.scrollTop;
  }

  goTo(line) {
    const start = this.area.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    const end = this.area.value.indexOf("\n", start);
    this.area.focus();
    this.area.setSelectionRange(start, end < 0 ? this.area.value.length : end);
  }

  async copy() {
    const text = this.area.value.replaceAll("\\", "\\\\").replaceAll('"""', '\\"\\"\\"');
    await navigator.clipboard.writeText(
      `import tomllib\n\nfrom selfiesim import Scene\n\nscene = Scene.from_table(tomllib.loads("""\n${text}"""))\n`
      + `scene.view().render("final").expose().save("${this.name}.png")\n`,
    );
    this.say("Copied as Python.");
  }
}
