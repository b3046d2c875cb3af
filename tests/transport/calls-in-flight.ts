// A server and its callers in one process: 32 calls at a time, each answered some turns of the event loop later.
import { setImmediate as turn } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { createLogger, serveRpc, serveSome, standardInterceptors } from "@countersign/service-kit";

const CALLS = Number(process.argv[2]);
const IN_FLIGHT = 32;
const TURNS = 5;

const log = createLogger("test", "error");
const stopping = new AbortController();
const server = await serveRpc({
  listen: { kind: "tcp", host: "127.0.0.1", port: 0 },
  services: [
    serveSome(RelayService, {
      getRelayInfo: async () => {
        for (let i = 0; i < TURNS; i++) await turn();
        return {};
      },
    }),
  ],
  interceptors: standardInterceptors(log, stopping.signal, { max: 1_000 }),
  limits: { defaultDeadlineMs: 60_000, maxDeadlineMs: 60_000, readMaxBytes: 65_536 },
  log,
  stopping,
});
const client = createClient(
  RelayService,
  createConnectTransport({ baseUrl: server.address, httpVersion: "2", useBinaryFormat: true }),
);
let left = CALLS;
await Promise.all(
  Array.from({ length: IN_FLIGHT }, async () => {
    while (left-- > 0) await client.getRelayInfo({});
  }),
);
process.exit(0);
