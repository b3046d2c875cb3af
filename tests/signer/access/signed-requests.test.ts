import { join } from "node:path";
import { type Client, createClient } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { ServerReflection } from "@countersign/gen/grpc/reflection/v1/reflection_pb.ts";
import { Health, HealthCheckResponse_ServingStatus } from "@countersign/gen/health/v1/health_pb.ts";
import { signerTransport } from "@countersign/server/signer-client/signer-transport.ts";
import { errorFromConnect, reasonName } from "@countersign/service-kit";
import { describe, expect, test } from "vitest";
import {
  AUDIENCE,
  type GatedSigner,
  KeptNonces,
  requestKey,
  signedBy,
  signerClient,
  startGatedSigner,
} from "../support/gated-signer.ts";
import {
  bodyOf,
  chunks,
  PROTOCOLS,
  type Protocol,
  recorder,
  type SigningOptions,
  send,
  signingTransport,
} from "../support/signing-transport.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const TRANSACTIONS = { network: "testnet", transactions: [{ keyId: "a", transaction: new Uint8Array(300) }] };

/** Connect GET is for methods without side effects. */
const call = (client: Client<typeof RelayerSignerService>, protocol: Protocol) =>
  protocol === "Connect GET" ? client.getPublicKey({ keyId: "a" }) : client.signTransactions(TRANSACTIONS);

async function reasonOf(signer: GatedSigner, protocol: Protocol, options: SigningOptions): Promise<string> {
  const client = signerClient(signingTransport(signer.address, { protocol, ...options }));
  return call(client, protocol).then(
    () => "answered",
    (error: unknown) => reasonName(errorFromConnect(error).reason ?? 0),
  );
}

const ago = (ms: number) => () => new Date(Date.now() - ms);

describe.each(PROTOCOLS)("over %s", (protocol) => {
  test("a signed request is served, and its service is the caller", async () => {
    const signer = await startGatedSigner({ auth: signedBy(requestKey()) });
    expect(await reasonOf(signer, protocol, {})).toBe("answered");
    expect(signer.served).toEqual(["service relay"]);
    expect(signer.refused).toEqual([]);
  });

  test.each<[string, string, SigningOptions]>([
    ["without a signature", "REQUEST_SIGNATURE_MISSING", { key: null }],
    ["of 31 s ago", "REQUEST_STALE", { now: ago(31_000) }],
    ["of 31 s ahead", "REQUEST_STALE", { now: ago(-31_000) }],
    ["for another signer", "REQUEST_SIGNATURE_INVALID", { audience: "signer-b" }],
    ["with an unknown key", "REQUEST_SIGNATURE_INVALID", { key: requestKey("k2") }],
    ["with another secret", "REQUEST_SIGNATURE_INVALID", { key: { ...requestKey("k2"), id: "k1" } }],
    [
      "in another service's name",
      "REQUEST_SIGNATURE_INVALID",
      { key: { ...requestKey(), service: "admin" } },
    ],
    [
      "with another method's path",
      "REQUEST_SIGNATURE_INVALID",
      { onWire: (r) => ({ ...r, url: r.url.replace(/SignTransactions|GetPublicKey/, "ListKeys") }) },
    ],
    [
      "with another query",
      "REQUEST_SIGNATURE_INVALID",
      { onWire: (r) => ({ ...r, url: `${r.url}${r.url.includes("?") ? "&" : "?"}x=1` }) },
    ],
  ])("a request %s is refused", async (_, reason, options) => {
    const signer = await startGatedSigner({ auth: signedBy(requestKey()) });
    expect(await reasonOf(signer, protocol, options)).toBe(reason);
    expect(signer.served).toEqual([]);
    expect(signer.refused).toMatchObject([{ peer: expect.stringMatching(/^(127\.0\.0\.1|::1)$/), reason }]);
    expect(signer.refused[0]?.requestId).not.toBe("");
  });

  test("a request of 29 s ago, or ahead, is served", async () => {
    const signer = await startGatedSigner({ auth: signedBy(requestKey()) });
    for (const ms of [29_000, -29_000]) {
      expect(await reasonOf(signer, protocol, { now: ago(ms) })).toBe("answered");
    }
  });

  test("a recorded request is refused, by a signer that was started again too", async () => {
    const nonces = new KeptNonces();
    const tape = recorder();
    const first = await startGatedSigner({ auth: signedBy(requestKey()), nonces });
    expect(await reasonOf(first, protocol, { onWire: tape.onWire })).toBe("answered");
    await send(tape.last());
    expect(first.refused).toMatchObject([{ reason: "REQUEST_REPLAYED" }]);
    await first.drain(0);

    const second = await startGatedSigner({ auth: signedBy(requestKey()), nonces });
    const { pathname, search } = new URL(tape.last().url);
    await send({ ...tape.last(), url: `${second.address}${pathname}${search}` });
    expect(second.refused).toMatchObject([{ reason: "REQUEST_REPLAYED" }]);
    expect([...first.served, ...second.served]).toEqual(["service relay"]);
    // For as long as a clock that is off by the skew takes the request.
    const signedAt = Number(tape.last().header.get("x-countersign-timestamp"));
    expect([...nonces.kept.values()].map((d) => d.getTime() - signedAt)).toEqual([60_000]);
  });
});

describe.each(["Connect", "gRPC", "gRPC-Web"] as const)("the body of a request over %s", (protocol) => {
  const altered: [string, (body: Buffer) => Uint8Array[]][] = [
    ["with one bit changed", (body) => [body.map((byte, i) => (i === body.length - 1 ? byte ^ 1 : byte))]],
    ["without its last byte", (body) => [body.subarray(0, -1)]],
    ["without anything", () => []],
    ["with a byte more", (body) => [body, Buffer.from([0])]],
    ["twice", (body) => [body, body]],
  ];

  test.each(altered)("%s is refused before its message is read", async (_, alter) => {
    const signer = await startGatedSigner({ auth: signedBy(requestKey()) });
    const onWire: SigningOptions["onWire"] = async (request) => {
      const body = await bodyOf(request);
      const header = new Headers(request.header);
      header.delete("content-length");
      return { ...request, header, body: chunks(...alter(body)) };
    };
    expect(await reasonOf(signer, protocol, { onWire })).toBe("REQUEST_SIGNATURE_INVALID");
    expect(signer.served).toEqual([]);
    expect(signer.refused).toMatchObject([{ reason: "REQUEST_SIGNATURE_INVALID" }]);
  });

  test("in pieces is put together", async () => {
    const signer = await startGatedSigner({ auth: signedBy(requestKey()) });
    const onWire: SigningOptions["onWire"] = async (request) => {
      const body = await bodyOf(request);
      return { ...request, body: chunks(...Array.from(body, (byte) => Buffer.from([byte]))) };
    };
    expect(await reasonOf(signer, protocol, { onWire })).toBe("answered");
  });

  test("that is too large is refused", async () => {
    const signer = await startGatedSigner({ auth: signedBy(requestKey()) });
    const onWire: SigningOptions["onWire"] = (request) => {
      const header = new Headers(request.header);
      header.delete("content-length");
      return { ...request, header, body: chunks(...Array.from({ length: 9 }, () => Buffer.alloc(131_072))) };
    };
    expect(await reasonOf(signer, protocol, { onWire })).toBe("REQUEST_TOO_LARGE");
    expect(signer.served).toEqual([]);
  });
});

test("a body that ends with its connection is not served", async () => {
  const signer = await startGatedSigner({ auth: signedBy(requestKey()) });
  const tape = recorder();
  const other = await startGatedSigner({ auth: signedBy(requestKey()) });
  await reasonOf(other, "Connect", { onWire: tape.onWire });
  const { pathname } = new URL(tape.last().url);
  const recorded = { ...tape.last(), url: `${signer.address}${pathname}` };
  recorded.header.set("content-length", String(recorded.body.length));
  await send({ ...recorded, body: recorded.body.subarray(0, 10) }).catch(() => undefined);
  expect(signer.served).toEqual([]);
});

describe("headers of a signed request", () => {
  const HEADERS = ["service", "key-id", "timestamp", "nonce", "content-sha256", "signature"].map(
    (name) => `x-countersign-${name}`,
  );
  const SHA = "A".repeat(43);

  async function answerTo(name: string, value: string | string[] | undefined) {
    const signer = await startGatedSigner({ auth: signedBy(requestKey()) });
    const tape = recorder();
    const recording = await startGatedSigner({ auth: signedBy(requestKey()) });
    await reasonOf(recording, "Connect", { onWire: tape.onWire });
    const { pathname } = new URL(tape.last().url);
    const answer = await send({ ...tape.last(), url: `${signer.address}${pathname}` }, (headers) => {
      const { [name]: _, ...others } = headers;
      return value === undefined ? others : { ...others, [name]: value };
    });
    expect(signer.served).toEqual([]);
    expect(JSON.parse(answer.text)).toMatchObject({ code: "unauthenticated" });
    expect(answer.status).toBe(401);
    return signer.refused.map((r) => r.reason);
  }

  test.each(HEADERS)("are refused without %s", async (name) => {
    const missing = name === "x-countersign-signature";
    const reason = missing ? "REQUEST_SIGNATURE_MISSING" : "REQUEST_SIGNATURE_INVALID";
    expect(await answerTo(name, undefined)).toEqual([reason]);
  });

  test.each<[string, string | string[]]>([
    ["x-countersign-timestamp", "0"],
    ["x-countersign-timestamp", "-1"],
    ["x-countersign-timestamp", "1e12"],
    ["x-countersign-timestamp", "01700000000000"],
    ["x-countersign-timestamp", "9".repeat(16)],
    ["x-countersign-nonce", "A".repeat(21)],
    ["x-countersign-nonce", "A".repeat(23)],
    ["x-countersign-nonce", `${"A".repeat(21)}=`],
    ["x-countersign-nonce", "A".repeat(22)],
    ["x-countersign-content-sha256", "A".repeat(42)],
    ["x-countersign-content-sha256", SHA],
    ["x-countersign-signature", SHA],
    ["x-countersign-signature", "A".repeat(44)],
    ["x-countersign-signature", ""],
    ["x-countersign-signature", [SHA, SHA]],
    ["x-countersign-service", "relay, relay"],
    ["x-countersign-service", "r".repeat(65)],
    ["x-countersign-key-id", "__proto__"],
    ["x-countersign-key-id", "é"],
  ])("with %s: %j are refused", async (name, value) => {
    expect(await answerTo(name, value)).toEqual(["REQUEST_SIGNATURE_INVALID"]);
  });
});

test("a nonce is used up only by who holds the key", async () => {
  const nonces = new KeptNonces();
  const signer = await startGatedSigner({ auth: signedBy(requestKey()), nonces });
  await reasonOf(signer, "gRPC", { key: { ...requestKey("k2"), id: "k1" } });
  await reasonOf(signer, "gRPC", { now: ago(60_000) });
  expect(nonces.kept.size).toBe(0);
});

test("two keys are good while one replaces the other, and then the new one alone", async () => {
  const [old, next] = [requestKey("k1"), requestKey("k2")];
  const signer = await startGatedSigner({ auth: signedBy(old) });
  expect(await reasonOf(signer, "gRPC", { key: next })).toBe("REQUEST_SIGNATURE_INVALID");
  signer.replace({ auth: signedBy(old, next) });
  expect(await reasonOf(signer, "gRPC", { key: old })).toBe("answered");
  expect(await reasonOf(signer, "gRPC", { key: next })).toBe("answered");
  signer.replace({ auth: signedBy(next) });
  expect(await reasonOf(signer, "gRPC", { key: old })).toBe("REQUEST_SIGNATURE_INVALID");
  expect(await reasonOf(signer, "gRPC", { key: next })).toBe("answered");
});

test("health is answered without a signature", async () => {
  const signer = await startGatedSigner({ auth: signedBy(requestKey()) });
  const health = createClient(Health, signingTransport(signer.address, { key: null }));
  expect((await health.check({})).status).toBe(HealthCheckResponse_ServingStatus.SERVING);
});

test("reflection is asked for a signature like everything else", async () => {
  const signer = await startGatedSigner({ auth: signedBy(requestKey()) });
  const list = { messageRequest: { case: "listServices" as const, value: "" } };
  const services = async (key: SigningOptions["key"]) => {
    const transport = signingTransport(signer.address, key === undefined ? {} : { key });
    const answers = createClient(ServerReflection, transport).serverReflectionInfo(
      (async function* () {
        yield list;
      })(),
    );
    const seen = [];
    for await (const answer of answers) seen.push(answer.messageResponse.case);
    return seen;
  };
  expect(await services(undefined)).toEqual(["listServicesResponse"]);
  const refusal = await services(null).catch(errorFromConnect);
  expect(refusal).toMatchObject({ reason: ErrorReason.REQUEST_SIGNATURE_MISSING });
});

test("the relay signs its requests as the signer wants them, large ones and over a Unix socket too", async () => {
  const path = join(temporaryDirectory(), "s.sock");
  const key = requestKey();
  const signer = await startGatedSigner({ listen: { kind: "unix", path }, auth: signedBy(key) });
  const relay = signerClient(
    signerTransport({
      address: { kind: "unix", path },
      timeoutMs: 5000,
      signedRequests: { service: key.service, keyId: key.id, secret: key.secret, audience: AUDIENCE },
      now: () => new Date(),
      onBadFiles: (error) => expect.unreachable(error.message),
    }),
  );
  const transactions = Array.from({ length: 5 }, () => ({
    keyId: "a",
    transaction: new Uint8Array(190_000),
  }));
  expect((await relay.signTransactions({ network: "testnet", transactions })).results).toHaveLength(5);
  expect(signer.served).toEqual(["service relay"]);
});
