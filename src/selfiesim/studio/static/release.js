// The release seen from outside: the craft, the push, the drift and the camera, to turn and to set.

import { element } from "./elements.js";
import { Solid, along, cross, dot, minus, unit } from "./solid.js";

const GOLD = "#f0c050", PATH = "#6db7ff", SUN = "#fff3a0";
const NEAR_PX = 18; // of the arrow's tip, within which a drag turns the push
const TURN = Math.PI / 36;

export class ReleaseView {
  constructor(live, panel) {
    Object.assign(this, { live, panel, azimuth: 0.6, elevation: 0.35, zoom: 1.5, path: [], drags: 0 });
    this.canvas = element("canvas", { className: "solid", tabIndex: 0, role: "application",
      "aria-label": "The craft and the push that releases the camera. Arrow keys turn the view; with Shift, the push; "
        + "plus and minus change the scale." });
    this.solid = new Solid(this.canvas);
    this.note = element("p", { className: "help", role: "status" });
    const looks = [["+X", 0, 0], ["+Y", Math.PI / 2, 0], ["+Z", 0, Math.PI / 2], ["camera", null]];
    const tools = element("div", { className: "tools" }, "From", ...looks.map(([text, azimuth, elevation]) => {
      const button = element("button", { className: "small", textContent: text });
      button.setAttribute("aria-label", `Look from ${text}`);
      button.addEventListener("click", () => this.look(azimuth, elevation));
      return button;
    }));
    const whole = element("button", { className: "small", textContent: "All" });
    whole.setAttribute("aria-label", "Show the whole drift");
    whole.addEventListener("click", () => this.showDrift());
    tools.append(whole);
    panel.prepend(this.canvas, tools, this.note, element("p", { className: "help",
      textContent: "Drag to turn the view; drag the arrow’s tip to turn the push." }));
    live.on("scene", ({ values }) => { this.values = values; this.draw(); });
    live.on("shape", (shape) => { this.shape = shape; this.frame(); this.draw(); });
    live.on("strip", ({ path }) => { this.path = path ?? []; this.draw(); });
    live.on("overlay", ({ body }) => { this.body = body; this.draw(); });
    panel.addEventListener("shown", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    this.canvas.addEventListener("pointerdown", (event) => this.grab(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const kind of ["pointerup", "pointercancel"]) this.canvas.addEventListener(kind, () => { this.held = null; });
    this.canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.scale(Math.exp(-event.deltaY * 0.0012));
    }, { passive: false });
    this.canvas.addEventListener("keydown", (event) => this.key(event));
  }

  // The sphere about the craft that the picture shows.
  frame() {
    const low = [Infinity, Infinity, Infinity], high = [-Infinity, -Infinity, -Infinity];
    for (const { points } of this.shape.hulls) {
      points.forEach((value, k) => {
        low[k % 3] = Math.min(low[k % 3], value);
        high[k % 3] = Math.max(high[k % 3], value);
      });
    }
    this.centre = low.map((value, axis) => (value + high[axis]) / 2);
    this.radius = Math.hypot(...minus(high, low)) / 2 || 1;
  }

  get release() {
    return this.values?.release;
  }

  get mount() {
    const name = (this.release ?? this.values?.mounted)?.mount;
    return this.shape?.mounts[name];
  }

  // Direction of the push, body axes.
  get push() {
    return unit(this.release.axis ?? this.mount.axis);
  }

  get arrow() {
    return along(this.mount.position, this.push, 0.55 * this.radius);
  }

  look(azimuth, elevation) {
    if (azimuth === null && this.body) {
      const [x, y, z] = unit(minus(this.body.camera, this.centre));
      [this.azimuth, this.elevation] = [Math.atan2(y, x), Math.asin(z)];
    } else {
      [this.azimuth, this.elevation] = [azimuth, elevation];
    }
    this.draw();
  }

  // The scale at which all of the path fits.
  showDrift() {
    const far = [...this.path, this.body.camera].map((point) => Math.hypot(...minus(point, this.centre)));
    this.zoom = this.radius / Math.max(this.radius, ...far);
    this.draw();
  }

  scale(times) {
    this.zoom = Math.min(Math.max(this.zoom * times, 0.05), 20);
    this.draw();
  }

  draw() {
    if (this.panel.hidden || !this.shape || !this.body || !this.canvas.clientWidth) return;
    const { solid, body, shape } = this;
    solid.aim(this.azimuth, this.elevation, this.centre, 1.05 * this.radius / this.zoom);
    for (const hull of shape.hulls) solid.add(hull, body.joints[hull.joint]?.matrix, body.sun);
    solid.finish();
    const reach = 0.95 * this.radius / this.zoom;
    solid.text("Sun", this.ray(body.sun, reach, SUN), SUN);
    if (body.planet) solid.text("planet", this.ray(body.planet, reach, "#d98a5f"), "#d98a5f");
    if (this.path.length) solid.line(this.path, PATH, 2);
    this.drawCamera(body);
    if (this.release && this.mount) this.drawPush();
    this.describe();
  }

  // A short line at the edge of the picture that points along a direction.
  ray(direction, reach, color) {
    const tip = along(this.centre, direction, reach);
    this.solid.line([along(this.centre, direction, 0.85 * reach), tip], color, 2);
    this.solid.dot(tip, color, 3);
    return tip;
  }

  drawCamera({ camera, corners }) {
    const { solid } = this, size = 0.35 * this.radius / this.zoom;
    if (corners) {
      const ends = corners.map((corner) => along(camera, corner, size));
      for (const end of ends) solid.line([camera, end], PATH, 1);
      solid.line([...ends, ends[0]], PATH, 1);
    }
    solid.dot(camera, PATH, 4);
    solid.text("camera", camera, PATH);
  }

  drawPush() {
    const { solid } = this, tip = this.arrow;
    const side = unit(cross(this.push, solid.toward)), size = 0.07 * this.radius;
    solid.line([this.mount.position, tip], GOLD, 3);
    for (const sign of [1, -1]) {
      solid.line([tip, along(along(tip, this.push, -1.6 * size), side, sign * size)], GOLD, 3);
    }
    solid.dot(this.mount.position, GOLD, 4);
    solid.text("push", tip, GOLD);
  }

  describe() {
    if (!this.release) {
      this.note.textContent = "This camera stays on the craft.";
      return;
    }
    if (!this.mount) return;
    const angle = Math.acos(Math.min(1, Math.max(-1, dot(this.push, unit(this.mount.axis))))) * 180 / Math.PI;
    const gone = Math.hypot(...minus(this.body.camera, this.mount.position));
    this.note.textContent = `Push at ${this.release.speed_m_s} m/s, ${angle.toFixed(0)}° from the wall’s normal; `
      + `the camera is ${gone.toFixed(1)} m from its mount.`;
  }

  grab(event) {
    if (!this.solid.ratio) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.canvas.focus();
    this.held = { x: event.clientX, y: event.clientY, push: this.isNearTip(event), merge: `push ${++this.drags}` };
  }

  isNearTip(event) {
    if (!this.release || !this.mount) return false;
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = this.solid.place(this.arrow).map((value) => value / this.solid.ratio);
    return Math.hypot(event.clientX - box.left - x, event.clientY - box.top - y) < NEAR_PX;
  }

  move(event) {
    if (!this.held) {
      this.canvas.classList.toggle("grab", this.isNearTip(event));
      return;
    }
    const across = event.clientX - this.held.x, down = event.clientY - this.held.y;
    Object.assign(this.held, { x: event.clientX, y: event.clientY });
    if (this.held.push) this.turnPush(across, -down, this.held.merge);
    else this.turn(-across * 0.01, down * 0.01);
  }

  turn(azimuth, elevation) {
    this.azimuth += azimuth;
    this.elevation = Math.min(Math.max(this.elevation + elevation, -Math.PI / 2), Math.PI / 2);
    this.draw();
  }

  // Move the arrow's tip by CSS pixels across the view, and keep the arrow's length.
  turnPush(across, up, merge) {
    const step = this.solid.step(across * this.solid.ratio, up * this.solid.ratio);
    const axis = unit(minus(along(this.arrow, step, 1), this.mount.position)).map((value) => Number(value.toFixed(3)));
    this.values = { ...this.values, release: { ...this.release, axis } };
    this.draw();
    this.live.steer({ "release.axis": axis }, merge);
  }

  key(event) {
    const [across, up] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [];
    if (across !== undefined && event.shiftKey && this.release && this.mount) {
      const pixels = 0.55 * this.radius * this.solid.scale / this.solid.ratio * TURN;
      this.turnPush(across * pixels, up * pixels, "push by keys");
    } else if (across !== undefined) this.turn(across * TURN, up * TURN);
    else if (event.key === "+" || event.key === "=") this.scale(1.15);
    else if (event.key === "-") this.scale(1 / 1.15);
    else return;
    event.preventDefault();
  }
}
