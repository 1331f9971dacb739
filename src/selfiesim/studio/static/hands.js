// Aiming by hand: drag, pinch, wheel and keys change the keys of the camera.

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const round = (value, digits) => Number(value.toFixed(digits));
// An angle from -180 to 180 degrees.
const turned = (degrees) => round(((degrees + 180) % 360 + 360) % 360 - 180, 2);
const WIDEST = { pinhole: 140, "brown-conrady": 140, "kannala-brandt": 220, equirectangular: 360, cylindrical: 360 };
const FIXED = {
  mount: "This camera is fixed to the craft (look = “mount”) and cannot be aimed; its roll and field of view can change.",
  tumbling: "This camera tumbles (look = “tumbling”): the release decides where it points. Set Look to “craft” to aim it.",
};
const PAN_PX = 60;
const STROKE_MS = 1000; // between presses that go on from one another; those of one key are undone together

export class Hands {
  constructor(live, picture, say) {
    Object.assign(this, { live, picture, say, values: null, drags: 0, pointers: new Map() });
    const { viewport } = picture;
    live.on("scene", ({ values }) => { this.latest = values; });
    viewport.addEventListener("pointerdown", (event) => this.grab(event));
    viewport.addEventListener("pointermove", (event) => this.move(event));
    for (const kind of ["pointerup", "pointercancel"]) viewport.addEventListener(kind, (event) => this.release(event));
    viewport.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    viewport.addEventListener("keydown", (event) => this.key(event));
    viewport.addEventListener("blur", () => { this.stroke = null; });
  }

  grab(event) {
    if (!this.latest || event.button > 1) return;
    const { viewport } = this.picture;
    viewport.setPointerCapture(event.pointerId);
    viewport.classList.add("dragging");
    this.pointers.set(event.pointerId, event);
    this.start(event);
  }

  // Fingers go on from where they are when one is put down or lifted.
  start({ altKey = false, shiftKey = false, button = 0 } = {}) {
    this.values = this.latest;
    this.drag = { from: this.fingers(), merge: `drag ${++this.drags}`, roll: shiftKey, pan: altKey || button === 1 };
  }

  // Middle, distance and direction of the pointers, CSS pixels.
  fingers() {
    const [one, other] = [...this.pointers.values()];
    if (!other) return { x: one.clientX, y: one.clientY };
    const dx = other.clientX - one.clientX, dy = other.clientY - one.clientY;
    return { x: one.clientX + dx / 2, y: one.clientY + dy / 2, apart: Math.hypot(dx, dy), turn: Math.atan2(dy, dx) };
  }

  move(event) {
    if (!this.pointers.has(event.pointerId)) return;
    this.pointers.set(event.pointerId, event);
    const { from, merge, roll, pan } = this.drag, now = this.fingers();
    if (now.apart) {
      this.field(from.apart / now.apart, merge, { roll: (from.turn - now.turn) * 180 / Math.PI });
    } else if (pan) {
      this.picture.pan(from.x - now.x, from.y - now.y);
      this.drag.from = now;
    } else {
      const { clientWidth, clientHeight } = this.picture.viewport;
      this.aim((now.x - from.x) / clientWidth, (now.y - from.y) / clientHeight, roll, merge);
    }
  }

  release(event) {
    this.pointers.delete(event.pointerId);
    if (this.pointers.size) this.start();
    else this.picture.viewport.classList.remove("dragging");
  }

  // Move the picture's content by fractions of its size, or roll it.
  aim(across, down, roll, merge) {
    const { camera } = this.values;
    if (roll) {
      this.reach({ roll_deg: turned(camera.roll_deg - 180 * across) }, merge);
    } else if (camera.look === "craft") {
      const place = [camera.place[0] + across, camera.place[1] + down].map((value) => round(clamp(value, 0, 1), 4));
      this.reach({ place }, merge);
    } else if (camera.look === "azimuth") {
      const field = camera.horizontal_fov_deg, [width, height] = camera.size_px;
      this.reach({
        azimuth_deg: turned(camera.azimuth_deg - across * field),
        elevation_deg: round(clamp(camera.elevation_deg + down * field * height / width, -90, 90), 2),
      }, merge);
    } else {
      this.say(FIXED[camera.look]);
    }
  }

  reach(keys, merge) {
    this.reached = keys;
    this.live.steer(Object.fromEntries(Object.entries(keys).map(([key, value]) => [`camera.${key}`, value])), merge);
  }

  // Further steps go on from where this one leads, before the picture of it has come.
  goOn(step) {
    this.reached = {};
    step();
    this.values = { ...this.values, camera: { ...this.values.camera, ...this.reached } };
  }

  wheel(event) {
    if (!this.latest || event.ctrlKey) return;
    event.preventDefault();
    const merge = `wheel ${Math.floor(event.timeStamp / 1500)}`;
    if (merge !== this.wheeling) this.values = this.latest;
    this.wheeling = merge;
    this.goOn(() => this.field(Math.exp(event.deltaY * 0.0012), merge));
  }

  field(times, merge, { roll } = {}) {
    const { camera } = this.values;
    const changes = roll ? { roll_deg: turned(camera.roll_deg + roll) } : {};
    if (camera.matrix) {
      this.say("This lens is a camera matrix; its field of view is fixed.");
    } else if (camera.focal_length_mm) {
      changes.focal_length_mm = round(camera.focal_length_mm / times, 3);
    } else {
      const field = clamp(camera.horizontal_fov_deg * times, 0.05, WIDEST[camera.model]);
      changes.horizontal_fov_deg = round(field, field < 5 ? 3 : 1);
    }
    if (Object.keys(changes).length) this.reach(changes, merge);
  }

  key(event) {
    if (!this.latest || event.ctrlKey || event.metaKey) {
      this.stroke = null; // undo, perhaps
      return;
    }
    const action = event.altKey ? this.panKeys()[event.key] : this.keys(event.shiftKey ? 0.05 : 0.01)[event.key];
    if (!action) return;
    event.preventDefault();
    const goesOn = this.stroke && event.timeStamp - this.stroke.at < STROKE_MS;
    if (!goesOn) this.values = this.latest;
    if (!goesOn || event.key !== this.stroke.key) this.drags++;
    this.stroke = { key: event.key, at: event.timeStamp };
    this.goOn(action);
  }

  panKeys() {
    const pan = (across, down) => () => this.picture.pan(across * PAN_PX, down * PAN_PX);
    return { ArrowLeft: pan(-1, 0), ArrowRight: pan(1, 0), ArrowUp: pan(0, -1), ArrowDown: pan(0, 1) };
  }

  keys(step) {
    const aim = (across, down) => () => this.aim(across * step, down * step, false, `keys ${this.drags}`);
    const roll = (sign) => () => this.aim(sign * 0.01, 0, true, `keys ${this.drags}`);
    const field = (times) => () => this.field(times, `keys ${this.drags}`);
    const zooms = Object.fromEntries([0, 1, 2, 3, 4].map((level) => [level, () => this.picture.zoomTo(level)]));
    return {
      ...zooms,
      ArrowLeft: aim(-1, 0), ArrowRight: aim(1, 0), ArrowUp: aim(0, -1), ArrowDown: aim(0, 1),
      "+": field(1 / 1.05), "=": field(1 / 1.05), "-": field(1.05), "[": roll(1), "]": roll(-1),
      ",": () => this.onTime(-1), ".": () => this.onTime(1), " ": () => this.onPlay(), o: () => this.onOverlay(),
    };
  }
}
