// The scenes that come with selfiesim, as pictures to open.

import { element } from "./elements.js";

export class Shots {
  constructor(live, panel, scenes) {
    this.live = live;
    this.list = element("div", { className: "shots", role: "list" });
    this.buttons = scenes.map(({ name, title, summary, mission, picture }) => {
      const button = element("button", { className: "shot", title: summary, data: { scene: name } },
        element("img", { src: picture ?? "", alt: "", width: 256, height: 144, loading: "lazy", hidden: !picture }),
        element("span", {}, element("small", { textContent: mission }), title));
      button.addEventListener("click", () => live.send("open", { scene: name }));
      this.list.append(element("div", { role: "listitem" }, button));
      return button;
    });
    panel.append(element("h3", { textContent: "Open a scene" }), this.list);
    live.on("document", ({ name }) => this.mark(name));
  }

  mark(name) {
    for (const button of this.buttons) {
      if (button.dataset.scene === name) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  }
}
