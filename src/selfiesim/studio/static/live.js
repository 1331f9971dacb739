// The connection to the server: JSON both ways, pictures from the server. It connects again when it breaks.

const decoder = new TextDecoder();
const LONGEST_WAIT_MS = 400; // for a frame, before the next step of a drag is sent
const MOST_UNSENT = 200; // messages that wait for a connection

export class Live extends EventTarget {
  constructor() {
    super();
    this.pending = null;
    this.isWaiting = false;
    this.unsent = [];
    this.on("frame", () => this.goOn());
    this.connect();
  }

  connect() {
    this.socket = new WebSocket(`ws://${location.host}/live`);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => {
      for (const message of this.unsent.splice(0)) this.socket.send(message);
      this.tell("connected", {});
    };
    this.socket.onmessage = ({ data }) => this.receive(data);
    this.socket.onclose = () => {
      this.tell("status", { text: "No connection to selfiesim studio; is it still running?", error: true });
      setTimeout(() => this.connect(), 1500);
    };
  }

  receive(data) {
    if (typeof data === "string") {
      const { type, ...content } = JSON.parse(data);
      this.tell(type, content);
      return;
    }
    const length = new DataView(data).getUint32(0);
    const header = JSON.parse(decoder.decode(new Uint8Array(data, 4, length)));
    this.tell("frame", { ...header, blob: new Blob([new Uint8Array(data, 4 + length)], { type: header.type }) });
  }

  tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }

  on(kind, action) {
    this.addEventListener(kind, ({ detail }) => action(detail));
  }

  // What is done while there is no connection is sent when there is one again. A step of a drag that waits goes first.
  send(type, content = {}) {
    if (type !== "ack") this.flush();
    const message = JSON.stringify({ type, ...content });
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(message);
    else if (type !== "ack") this.unsent = [...this.unsent, message].slice(-MOST_UNSENT);
  }

  // Changes with the same "merge" are undone together.
  set(values, merge = null) {
    this.send("set", { values, merge });
  }

  // A step of a drag: at most one is on its way, and the newest waits for the frame of the one before.
  steer(values, merge) {
    if (this.pending && this.pending.merge !== merge) this.flush();
    this.pending = { values: { ...this.pending?.values, ...values }, merge };
    if (!this.isWaiting) this.flush();
  }

  flush() {
    const { pending } = this;
    if (!pending) return;
    this.pending = null;
    this.send("set", pending);
    this.isWaiting = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.goOn(), LONGEST_WAIT_MS);
  }

  goOn() {
    this.isWaiting = false;
    this.flush();
  }
}

// Exchange the token in the address for a cookie, and take it out of the address.
export async function openSession() {
  // A frame gets cookies only where it is at the same host as the page around it.
  const around = location.ancestorOrigins?.[0] && new URL(location.ancestorOrigins[0]).hostname;
  if (["localhost", "127.0.0.1"].includes(around) && around !== location.hostname && location.hash) {
    location.hostname = around;
    return new Promise(() => {});
  }
  const token = location.hash.slice(1);
  if (!token) return true;
  const answer = await fetch("/session", { method: "POST", body: JSON.stringify({ token }) });
  if (answer.ok) history.replaceState(null, "", "/");
  return answer.ok;
}
