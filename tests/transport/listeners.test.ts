import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { errorFromConnect, type ListenOn, Secret } from "@countersign/service-kit";
import { describe, expect, onTestFinished, test } from "vitest";
import { makeDevCerts } from "../../scripts/dev-certs.ts";
import { startSmallRelay, unexpected } from "./small-relay.ts";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "listen-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

describe("a Unix socket", () => {
  const clientOf = (path: string) =>
    createClient(
      RelayService,
      createGrpcTransport({
        baseUrl: "http://localhost",
        nodeOptions: { createConnection: () => net.connect(path) },
      }),
    );

  test("serves its owner and nobody else", async () => {
    const path = join(await folder(), "relay.sock");
    const relay = await startSmallRelay({ listen: { kind: "unix", path } });
    expect(relay.address).toBe(`unix:${path}`);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await clientOf(path).getRelayInfo({})).network).toBe("testnet");
  });

  test("takes the place of one that a killed process left behind", async () => {
    const path = join(await folder(), "relay.sock");
    const script = `process.umask(0); require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
    await once(spawn(process.execPath, ["-e", script]), "exit");
    expect((await stat(path)).isSocket()).toBe(true);
    await startSmallRelay({ listen: { kind: "unix", path } });
    expect((await clientOf(path).getRelayInfo({})).network).toBe("testnet");
  });

  test("is refused while another process serves it", async () => {
    const listen: ListenOn = { kind: "unix", path: join(await folder(), "relay.sock") };
    await startSmallRelay({ listen });
    await expect(startSmallRelay({ listen })).rejects.toThrow("another process listens");
  });

  test("does not take the place of a file that is no socket", async () => {
    const path = join(await folder(), "precious");
    await writeFile(path, "data");
    await expect(startSmallRelay({ listen: { kind: "unix", path } })).rejects.toThrow("is not a socket");
    expect(await readFile(path, "utf8")).toBe("data");
  });

  test("is gone after a drain", async () => {
    const path = join(await folder(), "relay.sock");
    const relay = await startSmallRelay({ listen: { kind: "unix", path } });
    await relay.drain(1000);
    await expect(stat(path)).rejects.toThrow("ENOENT");
  });
});

describe("TLS", () => {
  async function start({ mutual }: { mutual: boolean }) {
    const paths = makeDevCerts(await folder());
    const [ca, cert, key, clientCert, clientKey] = await Promise.all(
      [paths.ca, paths.serverCert, paths.serverKey, paths.clientCert, paths.clientKey].map((p) =>
        readFile(p, "utf8"),
      ),
    );
    if (!ca || !cert || !key || !clientCert || !clientKey) throw new Error("no certificates");
    const identity = { cert, key: new Secret(key), ...(mutual ? { clientCa: ca } : {}) };
    const relay = await startSmallRelay({
      listen: { kind: "tls", host: "127.0.0.1", port: 0, tls: identity },
    });
    return { relay, ca, pair: { cert: clientCert, key: clientKey } };
  }

  test("serves HTTP/2 and HTTP/1.1 as the client chooses", async () => {
    const { relay, ca } = await start({ mutual: false });
    expect(relay.address).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const baseUrl = relay.address;
    for (const transport of [
      createGrpcTransport({ baseUrl, nodeOptions: { ca } }),
      createConnectTransport({ baseUrl, httpVersion: "1.1", nodeOptions: { ca } }),
    ]) {
      expect((await createClient(RelayService, transport).getRelayInfo({})).network).toBe("testnet");
    }
  });

  test("lets a client with a certificate in when it asks for one", async () => {
    const { relay, ca, pair } = await start({ mutual: true });
    const transport = createGrpcTransport({ baseUrl: relay.address, nodeOptions: { ca, ...pair } });
    expect((await createClient(RelayService, transport).getRelayInfo({})).network).toBe("testnet");
  });

  test.each([
    ["no certificate", () => ({})],
    [
      "a certificate of another authority",
      async () => {
        const other = makeDevCerts(await folder());
        return {
          cert: await readFile(other.clientCert, "utf8"),
          key: await readFile(other.clientKey, "utf8"),
        };
      },
    ],
  ])("keeps a client with %s out", async (_, pairOf) => {
    const { relay, ca } = await start({ mutual: true });
    const nodeOptions = { ca, ...(await pairOf()) };
    const transport = createGrpcTransport({ baseUrl: relay.address, nodeOptions });
    const call = createClient(RelayService, transport).getRelayInfo({});
    expect(await call.then(unexpected, errorFromConnect)).toMatchObject({ reason: undefined });
    expect(relay.lines).toEqual([]);
  });

  test("a client that speaks no TLS does no harm", async () => {
    const { relay, ca } = await start({ mutual: false });
    const socket = net.connect(Number(new URL(relay.address).port), "127.0.0.1");
    socket.on("error", () => undefined).end("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    socket.resume();
    await once(socket, "close");
    const transport = createGrpcTransport({ baseUrl: relay.address, nodeOptions: { ca } });
    expect((await createClient(RelayService, transport).getRelayInfo({})).network).toBe("testnet");
  });
});

test("a port that is taken is refused", async () => {
  const relay = await startSmallRelay();
  const port = Number(new URL(relay.address).port);
  await expect(startSmallRelay({ listen: { kind: "tcp", host: "127.0.0.1", port } })).rejects.toThrow(
    "EADDRINUSE",
  );
});
