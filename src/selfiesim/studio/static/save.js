// Saving the scene under a name. Not by prompt(), which browsers block in a notebook's frame.

import { byId } from "./elements.js";

export class Save {
  constructor(live) {
    this.dialog = byId("save-dialog");
    byId("save").addEventListener("click", () => this.ask());
    // Not a submit button: Enter presses the first of those.
    byId("save-cancel").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("close", () => {
      if (this.dialog.returnValue === "save") live.send("save", { name: byId("save-name").value.trim() });
    });
  }

  ask() {
    if (this.dialog.open) return;
    byId("save-name").value = `${byId("scene-name").textContent}.toml`;
    this.dialog.returnValue = "";
    this.dialog.showModal();
    byId("save-name").select();
  }
}
