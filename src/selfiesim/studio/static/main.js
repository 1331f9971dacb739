// The page: connects its parts.

import { Compare } from "./compare.js";
import { CraftPanel } from "./craft.js";
import { Editor } from "./editor.js";
import { byId, takesText } from "./elements.js";
import { Facts } from "./facts.js";
import { Hands } from "./hands.js";
import { Help } from "./help.js";
import { LightPanel } from "./light.js";
import { Live, openSession } from "./live.js";
import { Match } from "./match.js";
import { Output } from "./output.js";
import { Overlay } from "./overlay.js";
import { Panels } from "./panels.js";
import { Picture } from "./picture.js";
import { PlanPanel } from "./plan.js";
import { Presets } from "./presets.js";
import { ReleaseView } from "./release.js";
import { Save } from "./save.js";
import { Schema } from "./schema.js";
import { Season } from "./season.js";
import { Shots } from "./shots.js";
import { Strip } from "./strip.js";

function say(text, isError = false) {
  const status = byId("status");
  status.textContent = text;
  status.className = isError ? "error" : "";
}

function connectDocument(live) {
  live.on("document", ({ name, revision, saved, canUndo, canRedo }) => {
    byId("scene-name").textContent = name;
    document.title = `${saved ? "" : "• "}${name} – selfiesim studio`;
    document.body.dataset.revision = revision;
    byId("unsaved").hidden = saved;
    byId("undo").disabled = !canUndo;
    byId("redo").disabled = !canRedo;
  });
  byId("undo").addEventListener("click", () => live.send("undo"));
  byId("redo").addEventListener("click", () => live.send("redo"));
  const save = new Save(live);
  addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey)) return;
    if (event.key === "s") {
      event.preventDefault();
      save.ask();
    } else if (event.key.toLowerCase() === "z" && !takesText(event.target)) {
      event.preventDefault();
      live.send(event.shiftKey ? "redo" : "undo");
    }
  });
}

// For those who do not see the picture: say what it shows, once it is final.
function describe(live, picture) {
  let words = "";
  live.on("overlay", ({ facts, names, craft }) => {
    const isWhole = craft?.flat().every((value) => value > 0 && value < 1);
    const where = isWhole ? "whole in the picture" : "not wholly in the picture";
    const others = names.slice(0, 5).map(({ name }) => name);
    words = `${facts.title}. The craft, ${facts.range_to_craft_m.toFixed(1)} metres away, is ${where}.`
      + (others.length ? ` Also there: ${others.join(", ")}.` : "");
    picture.canvas.setAttribute("aria-label", words);
  });
  picture.addEventListener("drawn", ({ detail }) => {
    if (detail.stage === "done") byId("announce").textContent = `The picture is final. ${words}`;
  });
}

// A menu closes when one clicks or goes elsewhere, and on Escape.
function closeMenus() {
  const menus = [...document.querySelectorAll("details.menu")];
  addEventListener("pointerdown", ({ target }) => {
    for (const menu of menus) if (!menu.contains(target)) menu.open = false;
  });
  addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    for (const menu of menus.filter(({ open }) => open)) {
      menu.open = false;
      menu.firstElementChild.focus();
    }
  });
}

async function start() {
  if (!await openSession()) {
    say("Open the address that selfiesim studio printed; this one is of another run.", true);
    return;
  }
  const answer = await fetch("/catalogue");
  if (!answer.ok) {
    say((await answer.json()).error, true);
    return;
  }
  const catalogue = await answer.json();
  const live = new Live();
  const picture = new Picture(live);
  const panels = new Panels(live, catalogue, new Schema(catalogue.schema));
  new Editor(live, panels.addTab("TOML"), say);
  new Facts(live, panels.addTab("Facts"), byId("panel-sky"));
  const overlay = new Overlay(live, picture);
  new LightPanel(picture, overlay, byId("panel-light"));
  new Shots(live, byId("panel-shot"), catalogue.scenes);
  new ReleaseView(live, byId("panel-release"));
  new Presets(live, byId("panel-camera"), catalogue);
  new CraftPanel(live, byId("panel-craft"), catalogue.choices);
  new Season(live, byId("panel-planet"));
  const output = new Output(live);
  new Help();
  const compare = new Compare(picture, say);
  new PlanPanel(live, panels.addTab("Plan"));
  new Match(live, compare, panels.addTab("Match"));
  if (catalogue.photo) compare.fetch();
  const hands = new Hands(live, picture, say);
  const strip = new Strip(live);
  hands.onTime = (seconds) => strip.step(seconds);
  hands.onPlay = () => strip.toggle();
  hands.onOverlay = () => overlay.toggle();
  connectDocument(live);
  describe(live, picture);
  closeMenus();
  live.on("status", ({ text, error }) => { if (!error || !output.isOpen) say(text, error); }); // the dialog says it itself
  live.on("scene", ({ values, revision }) => {
    document.body.dataset.scene = revision; // that the panels show
    picture.setSize(values.camera.size_px);
    if (byId("status").className === "error") say("");
  });
  live.on("connected", () => say(""));
  document.body.dataset.ready = "yes";
}

start();
