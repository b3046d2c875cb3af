import { once } from "node:events";
import net from "node:net";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { Health } from "@countersign/gen/health/v1/health_pb.ts";
import { errorFromConnect, readPemFiles, reasonName } from "@countersign/service-kit";
import { expect, test } from "vitest";
import { Authority } from "../support/authority.ts";
import { signerClient, startGatedSigner } from "../support/gated-signer.ts";
import { unixTransport } from "../support/signer-client.ts";
import { signingTransport } from "../support/signing-transport.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const ELSEWHERE = ["192.0.2.0/24"];
const LOOPBACK = ["127.0.0.1", "::1"];

/** What a call with this X-Forwarded-For comes to. */
async function outcome(address: string, forwardedFor?: string): Promise<string> {
  const client = signerClient(signingTransport(address, { key: null }));
  const headers = forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor };
  return client.listKeys({}, { headers }).then(
    () => "answered",
    (error: unknown) => {
      const { reason } = errorFromConnect(error);
      return reason === undefined ? "no connection" : reasonName(reason);
    },
  );
}

test("loopback is a private network, and those are let in where nothing else is said", async () => {
  const signer = await startGatedSigner();
  expect(await outcome(signer.address)).toBe("answered");
});

test.each(["plain", "TLS"])(
  "a connection from elsewhere is closed before anything is said on it (%s)",
  async (kind) => {
    const { ca, cert, key } = readPemFiles(new Authority().issue({ server: true }), new Date());
    const where = { host: "localhost", port: 0 };
    const signer = await startGatedSigner({
      listen:
        kind === "TLS"
          ? { kind: "tls", ...where, tls: { clientCa: ca, cert, key } }
          : { kind: "tcp", ...where },
      network: { allow: ELSEWHERE, trusted_proxies: [] },
    });
    const socket = net.connect(Number(new URL(signer.address).port), "localhost");
    let said = 0;
    socket.on("data", (chunk) => {
      said += chunk.length;
    });
    socket.on("error", () => undefined);
    await once(socket, "close");
    expect(said).toBe(0);
    expect(signer.refused).toMatchObject([{ reason: "PEER_NOT_ALLOWED", requestId: "" }]);
    expect(LOOPBACK).toContain(signer.refused[0]?.peer);
  },
);

test("a header moves nobody who is no trusted proxy", async () => {
  const signer = await startGatedSigner({ network: { allow: LOOPBACK, trusted_proxies: [] } });
  expect(await outcome(signer.address, "203.0.113.7")).toBe("answered");
  signer.replace({ network: { allow: ELSEWHERE, trusted_proxies: [] } });
  // Connections that stand are asked with each call, new ones as they come.
  expect(await outcome(signer.address, "192.0.2.1")).toBe("no connection");
});

test("behind a trusted proxy, the address that it saw counts", async () => {
  const signer = await startGatedSigner({ network: { allow: ELSEWHERE, trusted_proxies: LOOPBACK } });
  expect(await outcome(signer.address, "192.0.2.1")).toBe("answered");
  expect(await outcome(signer.address, "203.0.113.7")).toBe("PEER_NOT_ALLOWED");
  // Forged by the caller, before what the proxy wrote.
  expect(await outcome(signer.address, "192.0.2.1, 203.0.113.7")).toBe("PEER_NOT_ALLOWED");
  expect(await outcome(signer.address, "192.0.2.1, nonsense")).toBe("PEER_NOT_ALLOWED");
  expect(await outcome(signer.address)).toBe("PEER_NOT_ALLOWED");
  expect(signer.served).toHaveLength(1);
  expect(signer.refused).toHaveLength(4);
});

test("an address that is no longer allowed is refused with the next call, on its connection", async () => {
  const signer = await startGatedSigner();
  const transport = signingTransport(signer.address, { key: null });
  const client = signerClient(transport);
  await client.listKeys({});
  signer.replace({ network: { allow: ELSEWHERE, trusted_proxies: [] } });
  const refusal = await client.listKeys({}).catch(errorFromConnect);
  expect(refusal).toMatchObject({ message: "calls do not come in from this address" });
  await expect(createClient(Health, transport).check({})).rejects.toThrow("calls do not come in");
});

test("a Unix socket is beyond networks, whatever a header says", async () => {
  const signer = await startGatedSigner({
    listen: { kind: "unix", path: join(temporaryDirectory(), "s.sock") },
    network: { allow: ELSEWHERE, trusted_proxies: [] },
  });
  const client = signerClient(unixTransport(signer.address));
  await client.listKeys({}, { headers: { "x-forwarded-for": "203.0.113.7" } });
  expect(signer.served).toEqual(["unix"]);
});
