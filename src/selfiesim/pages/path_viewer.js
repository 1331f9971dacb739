// The craft and the path of its camera, in WebGL. Axes are those of the path figure; everything is in metres.
const MESH_SHADER = `
attribute vec3 corner, normal, colour;
uniform mat4 toClip;
uniform vec3 sun, eye;
varying vec3 shade;
void main() {
  vec3 facing = dot(normal, eye - corner) < 0.0 ? -normal : normal;
  float lamp = max(dot(facing, normalize(eye - corner)), 0.0);
  shade = pow(colour, vec3(2.2)) * (0.12 + 0.25 * lamp + 0.9 * max(dot(facing, sun), 0.0));
  gl_Position = toClip * vec4(corner, 1.0);
}`;
const LINE_SHADER = `
attribute vec3 corner;
uniform mat4 toClip;
uniform vec3 colour;
varying vec3 shade;
void main() {
  shade = colour;
  gl_PointSize = 7.0;
  gl_Position = toClip * vec4(corner, 1.0);
}`;
const FRAGMENT_SHADER = `
precision mediump float;
varying vec3 shade;
void main() { gl_FragColor = vec4(pow(min(shade, 1.0), vec3(0.4545)), 1.0); }`;

const PATH = [0.81, 0.45, 0.16], CAMERA = [0.21, 0.45, 0.76], SUN = [1.0, 0.68, 0.11];
// Half the height of the view over its distance, and the size of the drawn camera as a share of the whole.
const SLOPE = 0.42, CAMERA_SIZE = 0.14, MARGIN = 1.06;
const TURN_PER_PX = 0.008, TURN_PER_KEY = 0.1, ZOOM_PER_KEY = 1.15;

const add = (a, b, scale = 1) => a.map((value, k) => value + scale * b[k]);
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const unit = (a) => a.map((value) => value / Math.max(Math.hypot(...a), 1e-12));

function decode(text, Type) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new Type(bytes.buffer);
}

// One normal and one colour for the three corners of each triangle.
function unpack(mesh) {
  const corners = Float32Array.from(decode(mesh.corners, Int16Array), (value) => value * mesh.scale);
  const bytes = decode(mesh.colours, Uint8Array);
  const normals = new Float32Array(corners.length), colours = new Float32Array(corners.length);
  for (let first = 0; first < corners.length; first += 9) {
    const [a, b, c] = [0, 3, 6].map((k) => Array.from(corners.subarray(first + k, first + k + 3)));
    const normal = unit(cross(add(b, a, -1), add(c, a, -1)));
    for (let k = 0; k < 9; k++) {
      normals[first + k] = normal[k % 3];
      colours[first + k] = bytes[first / 3 + (k % 3)] / 255;
    }
  }
  return { corners, normals, colours };
}

function compile(gl, vertexShader) {
  const program = gl.createProgram();
  for (const [type, source] of [[gl.VERTEX_SHADER, vertexShader], [gl.FRAGMENT_SHADER, FRAGMENT_SHADER]]) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
  return program;
}

// World to clip space, column by column, for an eye that looks ahead, its picture's axes right and up.
function projection(eye, right, up, ahead, slopes, near, far) {
  const rows = [right.map((v) => v / slopes[0]), up.map((v) => v / slopes[1]),
                ahead.map((v) => (v * (far + near)) / (far - near)), ahead];
  const shift = [-dot(rows[0], eye), -dot(rows[1], eye),
                 -dot(rows[2], eye) - (2 * far * near) / (far - near), -dot(rows[3], eye)];
  return new Float32Array([0, 1, 2].flatMap((k) => rows.map((row) => row[k])).concat(shift));
}

class Viewer {
  constructor(figure) {
    this.figure = figure;
    this.data = JSON.parse(figure.querySelector("script").textContent);
    this.canvas = figure.querySelector("canvas");
    this.gl = this.canvas.getContext("webgl", { antialias: true });
    if (!this.gl) return; // the drawn path below says the same
    this.slider = figure.querySelector("[type=range]");
    this.fromCamera = figure.querySelector("[type=checkbox]");
    const mesh = unpack(this.data.mesh);
    Object.assign(this, this.bounds(mesh.corners), { turn: 0.7, tilt: 0.35, distance: null });
    this.load(mesh);
    this.listen();
    figure.hidden = false;
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  // What is to be in view at first: craft, path, the camera drawn on it, and the line toward the Sun.
  bounds(corners) {
    const points = [...this.data.path, ...this.sunLine()];
    for (let first = 0; first < corners.length; first += 9) points.push(Array.from(corners.subarray(first, first + 3)));
    const low = [0, 1, 2].map((k) => points.reduce((least, point) => Math.min(least, point[k]), Infinity));
    const high = [0, 1, 2].map((k) => points.reduce((most, point) => Math.max(most, point[k]), -Infinity));
    const middle = add(low, high).map((value) => value / 2);
    const reach = Math.max(...[low, high].map((point) => Math.hypot(...add(point, middle, -1))));
    for (const frame of this.data.frames) points.push(...this.cameraCorners(frame, CAMERA_SIZE * reach));
    return { middle, reach, points };
  }

  sunLine() {
    const length = this.data.mesh.scale * 32767;
    return [1.1, 1.8].map((share) => this.data.sun.map((value) => share * length * value));
  }

  cameraCorners(frame, size) {
    return [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([x, y]) => {
      const way = add(add(frame.ahead, frame.right, x * this.data.slopes[0]), frame.down, y * this.data.slopes[1]);
      return add(frame.position, way, size);
    });
  }

  // The least distance from the middle at which all points are in view.
  fit({ right, up, ahead, slopes }) {
    return MARGIN * this.points.reduce((least, point) => {
      const place = add(point, this.middle, -1), across = Math.abs(dot(place, right)), rise = Math.abs(dot(place, up));
      return Math.max(least, across / slopes[0] - dot(place, ahead), rise / slopes[1] - dot(place, ahead));
    }, 0);
  }

  load(mesh) {
    const { gl } = this;
    this.meshProgram = compile(gl, MESH_SHADER);
    this.lineProgram = compile(gl, LINE_SHADER);
    this.count = mesh.corners.length / 3;
    this.buffers = Object.fromEntries(Object.entries(mesh).map(([name, values]) => {
      const buffer = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
      return [name, buffer];
    }));
    this.lines = gl.createBuffer();
    gl.enable(gl.DEPTH_TEST);
  }

  listen() {
    const { canvas } = this, pointers = new Map();
    const moved = (event) => {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const others = [...pointers.entries()].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
      if (others.length) {
        const gap = (place) => Math.hypot(place.x - others[0].x, place.y - others[0].y);
        this.zoom(gap(before) / Math.max(gap(event), 1));
      } else {
        this.rotate((event.x - before.x) * TURN_PER_PX, (event.y - before.y) * TURN_PER_PX);
      }
      pointers.set(event.pointerId, { x: event.x, y: event.y });
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, { x: event.x, y: event.y });
    });
    canvas.addEventListener("pointermove", moved);
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, (event) => pointers.delete(event.pointerId));
    }
    canvas.addEventListener("wheel", (event) => {
      if (document.activeElement !== canvas) return; // the page scrolls
      event.preventDefault();
      this.zoom(Math.exp(Math.sign(event.deltaY) * 0.1));
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const turns = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      const zoom = { "+": 1 / ZOOM_PER_KEY, "=": 1 / ZOOM_PER_KEY, "-": ZOOM_PER_KEY }[event.key];
      if (turns) this.rotate(turns[0] * TURN_PER_KEY, turns[1] * TURN_PER_KEY);
      if (zoom) this.zoom(zoom);
      if (turns || zoom) event.preventDefault();
    });
    for (const input of [this.slider, this.fromCamera]) input.addEventListener("input", () => this.draw());
  }

  rotate(turn, tilt) {
    this.turn -= turn;
    this.tilt = Math.min(Math.max(this.tilt + tilt, -1.5), 1.5);
    this.fromCamera.checked = false;
    this.draw();
  }

  zoom(factor) {
    this.distance = Math.min(Math.max(this.distance * factor, 0.3 * this.reach), 20 * this.reach);
    this.fromCamera.checked = false;
    this.draw();
  }

  // Where the picture is taken from: beside the path, or by the camera itself.
  eye(aspect) {
    const frame = this.data.frames[Number(this.slider.value)];
    if (this.fromCamera.checked) {
      const [wide, high] = this.data.slopes, grow = Math.max(1, wide / high / aspect);
      const slopes = aspect > wide / high ? [high * aspect, high] : [wide, high * grow];
      return { eye: frame.position, right: frame.right, up: frame.down.map((v) => -v), ahead: frame.ahead, slopes };
    }
    const { up } = this.data, aside = [up[1], up[2], up[0]], across = cross(up, aside);
    const level = add(aside.map((v) => v * Math.cos(this.turn)), across, Math.sin(this.turn));
    const back = add(level.map((v) => v * Math.cos(this.tilt)), up, Math.sin(this.tilt));
    const ahead = back.map((v) => -v), right = unit(cross(ahead, up));
    const slope = SLOPE * Math.max(1, 1 / aspect);
    const axes = { right, up: cross(right, ahead), ahead, slopes: [slope * aspect, slope] };
    this.distance ??= this.fit(axes);
    return { eye: add(this.middle, back, this.distance), ...axes };
  }

  draw() {
    const { gl, canvas } = this, density = Math.min(window.devicePixelRatio || 1, 2);
    canvas.width = Math.round(canvas.clientWidth * density);
    canvas.height = Math.round(canvas.clientHeight * density);
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0.027, 0.027, 0.035, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    const { eye, right, up, ahead, slopes } = this.eye(canvas.width / Math.max(canvas.height, 1));
    const near = this.fromCamera.checked ? 0.05 : 0.05 * this.reach;
    const toClip = projection(eye, right, up, ahead, slopes, near, 60 * this.reach);
    this.drawMesh(toClip, eye);
    if (!this.fromCamera.checked) this.drawPath(toClip);
    this.figure.querySelector("figcaption span").textContent = this.data.frames[Number(this.slider.value)].caption;
  }

  drawMesh(toClip, eye) {
    const { gl, meshProgram: program } = this;
    gl.useProgram(program);
    gl.uniformMatrix4fv(gl.getUniformLocation(program, "toClip"), false, toClip);
    gl.uniform3fv(gl.getUniformLocation(program, "sun"), this.data.sun);
    gl.uniform3fv(gl.getUniformLocation(program, "eye"), eye);
    for (const [name, buffer] of [["corner", "corners"], ["normal", "normals"], ["colour", "colours"]]) {
      const place = gl.getAttribLocation(program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[buffer]);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, 3, gl.FLOAT, false, 0, 0);
    }
    gl.drawArrays(gl.TRIANGLES, 0, this.count);
    for (let place = 0; place < 3; place++) gl.disableVertexAttribArray(place);
  }

  drawPath(toClip) {
    const { gl } = this, frame = this.data.frames[Number(this.slider.value)], size = CAMERA_SIZE * this.reach;
    this.drawLine(toClip, this.data.path, gl.LINE_STRIP, PATH);
    this.drawLine(toClip, this.data.frames.map((each) => each.position), gl.POINTS, PATH);
    const corners = this.cameraCorners(frame, size);
    const edges = corners.flatMap((corner, k) => [frame.position, corner, corner, corners[(k + 1) % 4]]);
    this.drawLine(toClip, edges, gl.LINES, CAMERA);
    this.drawLine(toClip, this.sunLine(), gl.LINES, SUN);
  }

  drawLine(toClip, points, kind, colour) {
    const { gl, lineProgram: program } = this, place = gl.getAttribLocation(program, "corner");
    gl.useProgram(program);
    gl.uniformMatrix4fv(gl.getUniformLocation(program, "toClip"), false, toClip);
    gl.uniform3fv(gl.getUniformLocation(program, "colour"), colour);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.lines);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(points.flat()), gl.DYNAMIC_DRAW);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, 3, gl.FLOAT, false, 0, 0);
    gl.drawArrays(kind, 0, points.length);
    gl.disableVertexAttribArray(place);
  }
}

for (const figure of document.querySelectorAll("[data-path-viewer]")) new Viewer(figure);
