import { once } from "node:events";
import http2 from "node:http2";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { expect, onTestFinished, test } from "vitest";
import { startPublicRelay } from "./public-relay.ts";

test("streams that are reset before they are read leave their room to others", async () => {
  // The public relay of the tests lets 100 calls run at once.
  const relay = await startPublicRelay();
  const body = Buffer.from([0, 0, 0, 0, 3, 10, 1, 97]);
  for (let connection = 0; connection < 4; connection++) {
    const session = http2.connect(relay.address);
    session.on("error", () => undefined);
    onTestFinished(() => session.destroy());
    for (let i = 0; i < 50; i++) {
      const stream = session.request({
        ":method": "POST",
        ":path": "/countersign.relay.v1.RelayService/WatchSubmission",
        "content-type": "application/grpc+proto",
      });
      stream.on("error", () => undefined);
      stream.end(body);
      setImmediate(() => stream.close(http2.constants.NGHTTP2_CANCEL));
      await once(stream, "close");
    }
  }
  const client = createClient(
    RelayService,
    createConnectTransport({ baseUrl: relay.address, httpVersion: "2" }),
  );
  expect((await client.getRelayInfo({})).network).not.toBe("");
});
