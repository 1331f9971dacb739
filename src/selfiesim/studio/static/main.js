// The page: connects its parts.

import { Compare } from "./compare.js";
import { Editor } from "./editor.js";
import { Hands } from "./hands.js";
import { Live, openSession } from "./live.js";
import { Output } from "./output.js";
import { Overlay } from "./overlay.js";
import { Panels } from "./panels.js";
import { Picture } from "./picture.js";
import { Schema } from "./schema.js";
import { Strip } from "./strip.js";

const byId = (id) => document.getElementById(id);

function say(text, isError = false) {
  const status = byId("status");
  status.textContent = text;
  status.className = isError ? "error" : "";
}

function addFacts(panels, live) {
  const table = document.createElement("table");
  panels.addTab("Facts").append(table);
  live.on("overlay", ({ facts }) => {
    table.replaceChildren(...Object.entries(facts).map(([key, value]) => {
      const row = document.createElement("tr");
      const shown = typeof value === "number" ? Number(value.toPrecision(8)) : value;
      for (const text of [key.replaceAll("_", " "), typeof shown === "object" ? JSON.stringify(shown) : shown]) {
        row.append(Object.assign(document.createElement("td"), { textContent: text }));
      }
      return row;
    }));
  });
}

function addHistogram(picture) {
  const canvas = Object.assign(document.createElement("canvas"), { id: "histogram", width: 320, height: 90 });
  const note = Object.assign(document.createElement("p"), { className: "help" });
  canvas.setAttribute("aria-hidden", "true");
  byId("panel-light").prepend(canvas, note);
  picture.addEventListener("drawn", () => {
    if (byId("panel-light").hidden) return;
    const { counts, black, white } = picture.histogram();
    const context = canvas.getContext("2d");
    const most = Math.max(...counts.flatMap((each) => [...each.subarray(1, 63)])) || 1;
    context.clearRect(0, 0, 320, 90);
    context.globalCompositeOperation = "lighter";
    counts.forEach((each, band) => {
      context.fillStyle = ["#c03028", "#28a038", "#3058d0"][band];
      each.forEach((count, k) => {
        const height = 90 * Math.min(Math.sqrt(count / most), 1);
        context.fillRect(5 * k, 90 - height, 5, height);
      });
    });
    note.textContent = `${(100 * black).toFixed(1)} % black, ${(100 * white).toFixed(1)} % clipped`;
  });
}

function connectDocument(live) {
  live.on("document", ({ name, revision, saved, canUndo, canRedo }) => {
    byId("scene-name").textContent = name;
    document.body.dataset.revision = revision;
    byId("unsaved").hidden = saved;
    byId("undo").disabled = !canUndo;
    byId("redo").disabled = !canRedo;
    if ([...byId("scenes").options].some((option) => option.value === name)) byId("scenes").value = name;
  });
  byId("undo").addEventListener("click", () => live.send("undo"));
  byId("redo").addEventListener("click", () => live.send("redo"));
  byId("save").addEventListener("click", () => save(live));
  addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey)) return;
    const isText = event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLInputElement;
    if (event.key === "s") {
      event.preventDefault();
      save(live);
    } else if (event.key.toLowerCase() === "z" && !isText) {
      event.preventDefault();
      live.send(event.shiftKey ? "redo" : "undo");
    }
  });
}

function save(live) {
  const name = prompt("Save the scene as", `${byId("scene-name").textContent}.toml`);
  if (name) live.send("save", { name });
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
  const { scenes, schema } = await answer.json();
  const live = new Live();
  const picture = new Picture(live);
  const panels = new Panels(live, new Schema(schema));
  new Editor(live, panels.addTab("TOML"), say);
  addFacts(panels, live);
  addHistogram(picture);
  new Overlay(live, picture);
  new Compare(picture);
  new Output(live);
  const hands = new Hands(live, picture, say);
  const strip = new Strip(live);
  hands.onTime = (seconds) => strip.step(seconds);
  hands.onPlay = () => strip.toggle();
  for (const { name, title } of scenes) byId("scenes").append(new Option(title, name));
  byId("scenes").addEventListener("change", ({ target }) => live.send("open", { scene: target.value }));
  connectDocument(live);
  live.on("status", ({ text, error }) => say(text, error));
  live.on("scene", ({ values }) => { picture.setSize(values.camera.size_px); say(values.summary); });
  live.on("connected", () => say(""));
  document.body.dataset.ready = "yes";
}

start();
