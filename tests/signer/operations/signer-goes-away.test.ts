import { once } from "node:events";
import http2 from "node:http2";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { signerTransport } from "@countersign/server/signer-client/signer-transport.ts";
import { expect, it, onTestFinished } from "vitest";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** A signer that answers nothing but "nothing", and can say goodbye to all who are connected. */
async function politeSigner() {
  const path = join(temporaryDirectory(), "s");
  const server = http2.createServer();
  let sessions: http2.ServerHttp2Session[] = [];
  server.on("session", (session) => sessions.push(session));
  server.on("stream", (stream) => {
    stream.respond({ ":status": 200, "content-type": "application/proto" }, { endStream: true });
  });
  server.listen(path);
  await once(server, "listening");
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  const sayGoodbye = () => {
    for (const session of sessions) session.goaway(http2.constants.NGHTTP2_NO_ERROR);
    sessions = [];
  };
  return { path, sayGoodbye };
}

it("a relay whose signer goes away between two calls goes on: no error is left to end its process", async () => {
  const uncaught: unknown[] = [];
  const note = (error: unknown) => uncaught.push(error);
  process.on("uncaughtException", note);
  onTestFinished(() => void process.off("uncaughtException", note));
  const { path, sayGoodbye } = await politeSigner();
  const address = { kind: "unix", path } as const;
  const options = { address, timeoutMs: 5_000, now: () => new Date(), onBadFiles: () => {} };
  const client = createClient(RelayerSignerService, signerTransport(options));
  for (let round = 0; round < 100; round++) {
    await client.listKeys({});
    sayGoodbye();
    // At every distance from the goodbye, among them the moment when the connection is ending and not yet gone.
    for (let turn = 0; turn < round % 10; turn++) await new Promise(setImmediate);
    await client.listKeys({}).catch(() => undefined);
  }
  await client.listKeys({});
  expect(uncaught).toEqual([]);
});
