import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { Secret, type TlsIdentity } from "@countersign/service-kit";
import { expect, onTestFinished, test } from "vitest";
import { makeDevCerts } from "../../scripts/dev-certs.ts";
import { startSmallRelay } from "./small-relay.ts";

/** Certificates of an authority of their own. */
function certificates() {
  const folder = mkdtempSync(join(tmpdir(), "renew-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const paths = makeDevCerts(folder);
  const read = (path: string) => readFileSync(path, "utf8");
  const ca = read(paths.ca);
  const server = { cert: read(paths.serverCert), key: new Secret(read(paths.serverKey)), clientCa: ca };
  return { server, client: { ca, cert: read(paths.clientCert), key: read(paths.clientKey) } };
}

type Client = ReturnType<typeof certificates>["client"];

const startTls = (identity: TlsIdentity) =>
  startSmallRelay({ listen: { kind: "tls", host: "localhost", port: 0, tls: identity } });

const relayClient = (baseUrl: string, client: Client) =>
  createClient(RelayService, createGrpcTransport({ baseUrl, nodeOptions: client }));

/** Asks over HTTP/1.1 on a connection of its own; resolves with what came back, and the session's ticket. */
async function ask(address: string, options: tls.ConnectionOptions) {
  const { hostname, port } = new URL(address);
  const socket = tls.connect({ host: hostname, port: Number(port), servername: hostname, ...options });
  let ticket: Buffer | undefined;
  let answer = "";
  let reused = false;
  socket.on("secureConnect", () => {
    reused = socket.isSessionReused();
  });
  socket.on("session", (session) => {
    ticket = session;
  });
  socket.on("data", (chunk) => {
    answer += chunk.toString("latin1");
  });
  // A refusal comes as an error or as an end.
  socket.on("error", () => undefined);
  socket.write("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  await once(socket, "close");
  return { answer: answer.split("\r\n", 1)[0], ticket, reused };
}

test("new connections get the new certificate, and those that stand go on", async () => {
  const [first, second] = [certificates(), certificates()];
  const relay = await startTls(first.server);
  const standing = relayClient(relay.address, first.client);
  await standing.getRelayInfo({});
  relay.renewTls({ ...second.server, clientCa: first.client.ca });
  expect((await standing.getRelayInfo({})).network).toBe("testnet");

  const newcomer = relayClient(relay.address, { ...first.client, ca: second.client.ca });
  expect((await newcomer.getRelayInfo({})).network).toBe("testnet");
  await expect(relayClient(relay.address, first.client).getRelayInfo({})).rejects.toThrow();
});

test("a session ticket of before is no way around a new authority", async () => {
  const [first, second] = [certificates(), certificates()];
  const relay = await startTls(first.server);
  const { answer, ticket } = await ask(relay.address, first.client);
  expect(answer).toBe("HTTP/1.1 404 Not Found");
  const again = await ask(relay.address, { ...first.client, ...(ticket && { session: ticket }) });
  expect(again).toMatchObject({ answer: "HTTP/1.1 404 Not Found", reused: true });

  // The same pair, so that nothing but the authority of the clients is new.
  relay.renewTls({ ...first.server, clientCa: second.client.ca });
  const later = await ask(relay.address, { ...first.client, ...(again.ticket && { session: again.ticket }) });
  expect(later).toMatchObject({ answer: "", reused: false });
});

test("a pair that does not fit together is refused, and the old one stays", async () => {
  const [first, second] = [certificates(), certificates()];
  const relay = await startTls(first.server);
  expect(() => relay.renewTls({ ...second.server, key: first.server.key })).toThrow();
  expect(() => relay.renewTls({ ...first.server, cert: "no certificate" })).toThrow();
  expect((await relayClient(relay.address, first.client).getRelayInfo({})).network).toBe("testnet");
});

test("an address without TLS has no certificate to renew", async () => {
  const relay = await startSmallRelay();
  expect(() => relay.renewTls(certificates().server)).toThrow("without TLS");
});
