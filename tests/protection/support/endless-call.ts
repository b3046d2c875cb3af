import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

/**
 * Sends the headers of a call and a body that never ends, over HTTP/2; gives all that is answered as one text, with
 * the binary details of gRPC's errors decoded.
 */
export async function endlessCall(
  address: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  const session = http2.connect(address);
  onTestFinished(() => session.destroy());
  const stream = session.request({ ":method": "POST", ":path": path, te: "trailers", ...headers });
  // The server may end the stream while the body still comes.
  stream.on("error", () => undefined);
  const received: object[] = [];
  stream.on("response", (head) => received.push(head));
  stream.on("trailers", (trailers) => received.push(trailers));
  const writing = setInterval(() => stream.writable && stream.write("x"), 5);
  onTestFinished(() => clearInterval(writing));
  stream.write("x");
  const body = await text(stream);
  return decoded([...received.map((part) => JSON.stringify(part)), body].join("\n"));
}

/** The same over HTTP/1.1, where the body is announced as larger than anybody reads. */
export async function endlessCallOverHttp1(
  address: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  const request = http.request(address + path, {
    method: "POST",
    headers: { ...headers, "content-length": String(2 ** 40) },
  });
  onTestFinished(() => void request.destroy());
  request.on("error", () => undefined);
  request.write("x");
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  return decoded(`${JSON.stringify(response.headers)}\n${await text(response)}`);
}

const DETAILS = /grpc-status-details-bin"?: ?"?([A-Za-z0-9+/=]+)/;

function decoded(answer: string): string {
  const [, details = ""] = DETAILS.exec(answer) ?? [];
  return `${answer}\n${Buffer.from(details, "base64").toString("latin1")}`;
}
