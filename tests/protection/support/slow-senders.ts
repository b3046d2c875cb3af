import http2 from "node:http2";
import net from "node:net";
import { onTestFinished } from "vitest";

/** Somebody who keeps a connection busy and never finishes a call. */
export interface SlowSender {
  /** Resolves when the relay has ended it. */
  readonly cutOff: Promise<void>;
}

/** How a body is sent: a byte a second, or as fast as the relay takes it. */
type Pace = "a byte a second" | "without end";

/** The size that is announced: larger than anybody reads. */
const ANNOUNCED = 2 ** 40;
const CHUNK = Buffer.alloc(65_536, 0x20);

type Headers = Readonly<Record<string, string>>;

/** A connection over HTTP/1.1 whose one request has a body that does not end. */
export function slowHttp1(address: string, path: string, headers: Headers, pace: Pace): SlowSender {
  const { port } = new URL(address);
  const socket = net.connect(Number(port), "127.0.0.1");
  const lines = Object.entries({ ...headers, "content-length": String(ANNOUNCED) }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.write(`POST ${path} HTTP/1.1\r\nHost: relay\r\n${lines.join("")}\r\n`);
  // What is answered is read and thrown away, as the sender goes on.
  socket.on("error", () => undefined).resume();
  return { cutOff: sendOn(socket, pace) };
}

/** A connection over HTTP/2 whose one call has a body that does not end. */
export function slowHttp2(address: string, path: string, headers: Headers, pace: Pace): SlowSender {
  const session = http2.connect(address);
  session.on("error", () => undefined);
  onTestFinished(() => session.destroy());
  const stream = session.request({ ":method": "POST", ":path": path, te: "trailers", ...headers });
  stream.on("error", () => undefined).resume();
  return { cutOff: sendOn(stream, pace) };
}

/** Sends until the other side ends it. */
function sendOn(to: net.Socket | http2.ClientHttp2Stream, pace: Pace): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
  if (pace === "a byte a second") {
    timer = setInterval(() => to.writable && to.write("x"), 1_000);
  } else {
    const push = () => {
      while (to.writable && to.write(CHUNK));
    };
    to.on("drain", push);
    push();
  }
  to.once("close", () => {
    clearInterval(timer);
    resolve();
  });
  onTestFinished(() => {
    clearInterval(timer);
    to.destroy();
  });
  return promise;
}
