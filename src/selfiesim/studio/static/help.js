// The keys and gestures, on "?".

import { byId } from "./elements.js";

const ROWS = [
  ["Drag, arrow keys", "move the craft in the frame, or aim"],
  ["Shift + drag, [ and ]", "roll the camera"],
  ["Wheel or pinch, + and −", "field of view"],
  ["Shift + arrows", "larger steps"],
  [", and . , space", "move in time; play the drift"],
  ["Ctrl + wheel, 0 to 4", "zoom into the pixels; 0 fits, 1 is 100 %"],
  ["Alt + drag, Alt + arrows", "pan a zoomed picture"],
  ["Arrows, Enter, Delete", "when matching by points: move, set, remove a point"],
  ["O", "overlay on or off"],
  ["Ctrl + Z, Ctrl + Shift + Z", "undo, redo"],
  ["Ctrl + S", "save"],
  ["?", "this list"],
];

export class Help {
  constructor() {
    this.dialog = byId("help-dialog");
    for (const [keys, effect] of ROWS) byId("help-rows").insertRow().append(cell("th", keys), cell("td", effect));
    byId("help").addEventListener("click", () => this.dialog.showModal());
    addEventListener("keydown", (event) => {
      if (event.key !== "?" || event.target.matches("input, textarea, select")) return;
      event.preventDefault();
      if (!this.dialog.open) this.dialog.showModal();
    });
  }
}

const cell = (kind, textContent) => Object.assign(document.createElement(kind), { textContent });
