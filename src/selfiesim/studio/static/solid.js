// A small renderer for the simplified craft: triangles with a depth buffer, and lines that know what is in front of them.

export class Solid {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { willReadFrequently: true });
  }

  // Look from direction angles, in radians, at a sphere about "centre" (m) of a radius that the picture holds.
  aim(azimuth, elevation, centre, radius) {
    const ratio = 2; // pixels for one of CSS; where the screen has fewer, the browser's scaling smooths the edges
    const width = this.canvas.width = Math.max(2, Math.round(this.canvas.clientWidth * ratio));
    const height = this.canvas.height = Math.max(2, Math.round(this.canvas.clientHeight * ratio));
    const [ca, sa, ce, se] = [Math.cos(azimuth), Math.sin(azimuth), Math.cos(elevation), Math.sin(elevation)];
    Object.assign(this, {
      ratio, width, height, centre,
      right: [-sa, ca, 0], up: [-ca * se, -sa * se, ce], toward: [ca * ce, sa * ce, se],
      scale: 0.46 * Math.min(width, height) / radius,
    });
    this.image = this.context.createImageData(width, height);
    this.depth = new Float32Array(width * height).fill(-Infinity);
  }

  // Pixel and height above the picture's plane of a point in body axes.
  place(point) {
    const from = point.map((value, axis) => value - this.centre[axis]);
    return [this.width / 2 + this.scale * dot(from, this.right), this.height / 2 - this.scale * dot(from, this.up),
      this.scale * dot(from, this.toward)];
  }

  // The direction in body axes of a step across the picture.
  step(across, up) {
    return this.right.map((value, axis) => (across * value + up * this.up[axis]) / this.scale);
  }

  // Triangles of one colour; "points" are body axes, three numbers each.
  add({ points, faces, color }, matrix, sun) {
    const placed = [], moved = [];
    for (let k = 0; k < points.length; k += 3) {
      const point = matrix ? transformed(matrix, points[k], points[k + 1], points[k + 2]) : points.slice(k, k + 3);
      moved.push(point);
      placed.push(this.place(point));
    }
    for (let k = 0; k < faces.length; k += 3) {
      const [a, b, c] = [faces[k], faces[k + 1], faces[k + 2]];
      let normal = cross(minus(moved[b], moved[a]), minus(moved[c], moved[a]));
      const length = Math.hypot(...normal) || 1;
      if (dot(normal, this.toward) < 0) normal = normal.map((value) => -value);
      const fromSun = Math.max(0, dot(normal, sun) / length), fromEye = dot(normal, this.toward) / length;
      const light = 0.4 + 0.42 * fromSun + 0.22 * fromEye;
      this.fill(placed[a], placed[b], placed[c], color.map((channel) => (60 + 0.76 * channel) * light));
    }
  }

  fill([ax, ay, az], [bx, by, bz], [cx, cy, cz], [red, green, blue]) {
    const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
    if (!area) return;
    const { data } = this.image, { width, height, depth } = this;
    const [left, top] = [Math.max(0, Math.floor(Math.min(ax, bx, cx))), Math.max(0, Math.floor(Math.min(ay, by, cy)))];
    const right = Math.min(width - 1, Math.ceil(Math.max(ax, bx, cx)));
    const bottom = Math.min(height - 1, Math.ceil(Math.max(ay, by, cy)));
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const u = ((x - ax) * (cy - ay) - (y - ay) * (cx - ax)) / area;
        const v = ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / area;
        if (u < 0 || v < 0 || u + v > 1) continue;
        const z = az + u * (bz - az) + v * (cz - az), k = y * width + x;
        if (z <= depth[k]) continue;
        depth[k] = z;
        data[4 * k] = red;
        data[4 * k + 1] = green;
        data[4 * k + 2] = blue;
        data[4 * k + 3] = 255;
      }
    }
  }

  // Put the triangles on the canvas; lines come after.
  finish() {
    this.context.putImageData(this.image, 0, 0);
    this.context.lineCap = this.context.lineJoin = "round";
  }

  // A line through points in body axes: solid where it is in front, faint where the craft hides it.
  line(points, color, width) {
    const placed = points.map((point) => this.place(point));
    const { context } = this;
    context.strokeStyle = color;
    context.lineWidth = width * this.ratio;
    for (let k = 1; k < placed.length; k++) {
      const [from, to] = [placed[k - 1], placed[k]];
      const pieces = Math.min(64, Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / 6)));
      for (let piece = 0; piece < pieces; piece++) {
        const [start, end] = [mixed(from, to, piece / pieces), mixed(from, to, (piece + 1) / pieces)];
        context.globalAlpha = this.hides(mixed(start, end, 0.5)) ? 0.25 : 1;
        context.beginPath();
        context.moveTo(start[0], start[1]);
        context.lineTo(end[0], end[1]);
        context.stroke();
      }
    }
    context.globalAlpha = 1;
  }

  dot(point, color, radius) {
    const [x, y] = this.place(point);
    this.context.fillStyle = color;
    this.context.beginPath();
    this.context.arc(x, y, radius * this.ratio, 0, 2 * Math.PI);
    this.context.fill();
  }

  text(words, point, color) {
    const [x, y] = this.place(point), { context } = this;
    context.font = `${12 * this.ratio}px system-ui, sans-serif`;
    const width = context.measureText(words).width;
    const left = Math.min(Math.max(x + 8 * this.ratio, 4), this.width - width - 6);
    const base = Math.min(Math.max(y + 4 * this.ratio, 14 * this.ratio), this.height - 6);
    context.lineWidth = 3 * this.ratio;
    context.strokeStyle = "#0c0c0d";
    context.strokeText(words, left, base);
    context.fillStyle = color;
    context.fillText(words, left, base);
  }

  hides([x, y, z]) {
    const column = Math.round(x), row = Math.round(y);
    if (column < 0 || row < 0 || column >= this.width || row >= this.height) return false;
    return this.depth[row * this.width + column] > z + 0.01 * this.width;
  }
}

export const dot = (one, other) => one[0] * other[0] + one[1] * other[1] + one[2] * other[2];
export const minus = (one, other) => [one[0] - other[0], one[1] - other[1], one[2] - other[2]];
export const along = (from, direction, length) => from.map((value, axis) => value + length * direction[axis]);
export const unit = (vector) => vector.map((value) => value / (Math.hypot(...vector) || 1));
export const cross = (one, other) => [
  one[1] * other[2] - one[2] * other[1], one[2] * other[0] - one[0] * other[2], one[0] * other[1] - one[1] * other[0],
];

function mixed(one, other, share) {
  return one.map((value, axis) => value + share * (other[axis] - value));
}

// A matrix of three rows and four columns.
function transformed(m, x, y, z) {
  return [0, 4, 8].map((row) => m[row] * x + m[row + 1] * y + m[row + 2] * z + m[row + 3]);
}
