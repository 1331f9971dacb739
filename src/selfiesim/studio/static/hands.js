// Aiming by hand: drag, wheel and keys change the keys of the camera.

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const round = (value, digits) => Number(value.toFixed(digits));
// An angle from -180 to 180 degrees.
const turned = (degrees) => round(((degrees + 180) % 360 + 360) % 360 - 180, 2);

export class Hands {
  constructor(live, picture, say) {
    Object.assign(this, { live, picture, say, values: null, pending: null, waiting: false, count: 0 });
    const { viewport } = picture;
    live.on("scene", ({ values }) => { if (!this.drag) this.values = values; this.latest = values; });
    live.on("frame", () => { this.waiting = false; this.flush(); });
    viewport.addEventListener("pointerdown", (event) => this.grab(event));
    viewport.addEventListener("pointermove", (event) => this.move(event));
    for (const kind of ["pointerup", "pointercancel"]) viewport.addEventListener(kind, () => this.release());
    viewport.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    viewport.addEventListener("keydown", (event) => this.key(event));
  }

  // At most one change is on its way; the newest waits for the frame of the one before.
  change(values, merge) {
    this.pending = { values, merge };
    if (!this.waiting) this.flush();
  }

  flush() {
    if (!this.pending) return;
    this.live.set(this.pending.values, this.pending.merge);
    this.pending = null;
    this.waiting = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.waiting = false; this.flush(); }, 400);
  }

  grab(event) {
    if (!this.latest || event.button !== 0) return;
    if (event.altKey) return this.pan(event);
    this.picture.viewport.setPointerCapture(event.pointerId);
    this.picture.viewport.classList.add("dragging");
    this.values = this.latest;
    this.drag = { x: event.clientX, y: event.clientY, merge: `drag ${++this.count}`, roll: event.shiftKey };
  }

  pan(event) {
    const { scroller, viewport } = this.picture;
    const from = { x: event.clientX + scroller.scrollLeft, y: event.clientY + scroller.scrollTop };
    const move = (each) => scroller.scrollTo(from.x - each.clientX, from.y - each.clientY);
    viewport.addEventListener("pointermove", move);
    addEventListener("pointerup", () => viewport.removeEventListener("pointermove", move), { once: true });
  }

  move(event) {
    if (!this.drag) return;
    const { clientWidth, clientHeight } = this.picture.viewport;
    const across = (event.clientX - this.drag.x) / clientWidth, down = (event.clientY - this.drag.y) / clientHeight;
    this.aim(across, down, this.drag.roll, this.drag.merge);
  }

  release() {
    this.drag = null;
    this.picture.viewport.classList.remove("dragging");
  }

  // Move the picture's content by fractions of its size, or roll it.
  aim(across, down, roll, merge) {
    const { camera } = this.values;
    if (roll) {
      this.change({ "camera.roll_deg": turned(camera.roll_deg - 180 * across) }, merge);
    } else if (camera.look === "craft") {
      const place = [camera.place[0] + across, camera.place[1] + down].map((value) => round(clamp(value, 0, 1), 4));
      this.change({ "camera.place": place }, merge);
    } else if (camera.look === "azimuth") {
      const field = camera.horizontal_fov_deg;
      const elevation = clamp(camera.elevation_deg + down * field * 0.56, -90, 90);
      this.change({
        "camera.azimuth_deg": turned(camera.azimuth_deg - across * field),
        "camera.elevation_deg": round(elevation, 2),
      }, merge);
    } else {
      this.say(`The camera's pointing follows from look = "${camera.look}"; set look to "craft" to aim by hand.`);
    }
  }

  wheel(event) {
    if (!this.latest) return;
    event.preventDefault();
    this.values = this.latest;
    this.field(Math.exp(event.deltaY * 0.0012), `wheel ${Math.floor(event.timeStamp / 1500)}`);
  }

  field(times, merge) {
    const { camera } = this.values;
    if (camera.matrix) {
      this.say("This lens is a camera matrix; its field of view is fixed.");
    } else if (camera.focal_length_mm) {
      this.change({ "camera.focal_length_mm": round(camera.focal_length_mm / times, 3) }, merge);
    } else {
      const widest = camera.model === "pinhole" ? 140 : camera.model.includes("cylind") || camera.model.includes("equi") ? 360 : 220;
      const field = clamp(camera.horizontal_fov_deg * times, 0.05, widest);
      this.change({ "camera.horizontal_fov_deg": round(field, field < 5 ? 3 : 1) }, merge);
    }
  }

  key(event) {
    if (!this.latest || event.ctrlKey || event.metaKey) return;
    this.values = this.latest;
    const step = event.shiftKey ? 0.05 : 0.01;
    const actions = {
      ArrowLeft: () => this.aim(-step, 0, false, "keys"), ArrowRight: () => this.aim(step, 0, false, "keys"),
      ArrowUp: () => this.aim(0, -step, false, "keys"), ArrowDown: () => this.aim(0, step, false, "keys"),
      "+": () => this.field(1 / 1.05, "keys"), "=": () => this.field(1 / 1.05, "keys"),
      "-": () => this.field(1.05, "keys"),
      "[": () => this.aim(step, 0, true, "keys"), "]": () => this.aim(-step, 0, true, "keys"),
      ",": () => this.onTime?.(-1), ".": () => this.onTime?.(1), " ": () => this.onPlay?.(),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  }
}
