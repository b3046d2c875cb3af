import { createClient } from "@connectrpc/connect";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { errorFromConnect, reasonName } from "@countersign/service-kit";
import { actions } from "near-api-js";
import { describe, expect, it } from "vitest";
import type { Item } from "./compromised-relay.ts";
import { type Attacked, isSigned } from "./over-signers.ts";
import { PROTOCOLS, type Protocol, type Sent } from "./relay-connections.ts";
import { BURST } from "./relayer-keys.ts";
import { MALLORY } from "./transactions.ts";

const PATH = "/countersign.signer.v1.RelayerSignerService/SignTransactions";
const JSON_TYPE = { "content-type": "application/json", "connect-protocol-version": "1" };
const GRPC_TYPE = { "content-type": "application/grpc", te: "trailers" };

/** The reason's name that stands in an answer of any protocol, in clear or in base64. */
function reasonIn(answer: { headers: Record<string, unknown>; body: Buffer }): string {
  const status = String(answer.headers["grpc-status-details-bin"] ?? "");
  const details = `${answer.body.toString("latin1")}${Buffer.from(status, "base64").toString("latin1")}`;
  return /\b(REQUEST_[A-Z_]+|FIELD_INVALID|METHOD_UNKNOWN|PEER_NOT_ALLOWED)\b/.exec(details)?.[0] ?? "none";
}

/** Requests that are recorded, altered, too large, too many, or not for the relay to make. */
export function refusedRequests(on: Attacked): void {
  /** Posts a request as it is, and keeps in mind that it has to be refused before it is a call. */
  async function posted(sent: Sent): Promise<string> {
    const reason = reasonIn(await on.relay.connections.post(on.signer.address, sent));
    on.relay.noteRefused(reason);
    return reason;
  }

  async function recorded(protocol: Protocol): Promise<Sent> {
    expect(isSigned(await on.relay.askOne(await on.transactions.good(), { protocol }))).toBe(true);
    if (on.relay.connections.lastSent === undefined) throw new Error("no request was recorded");
    return on.relay.connections.lastSent;
  }

  describe.each(PROTOCOLS)("that were recorded (%s)", (protocol) => {
    it("are refused, byte for byte as they were and after a restart too", async () => {
      const sent = await recorded(protocol);
      expect(await posted(sent)).toBe("REQUEST_REPLAYED");
      on.relay.close();
      await on.signer.stop();
      await on.signer.resume();
      expect(await posted(sent)).toBe("REQUEST_REPLAYED");
    });

    it("are refused with another body, for another method, and with a part of the signature changed", async () => {
      const sent = await recorded(protocol);
      const resigned = { ...sent.headers, ...on.relay.connections.signedHeaders(sent.path, sent.body) };
      const body = sent.body.map((byte, i) => (i === sent.body.length - 1 ? byte ^ 1 : byte));
      const path = sent.path.replace("SignTransactions", "ListKeys");
      const renamed = { ...resigned, "x-countersign-service": "relay-2" };
      for (const altered of [
        { ...sent, headers: resigned, path },
        { ...sent, headers: renamed },
        { ...sent, headers: { ...resigned, "x-countersign-timestamp": String(Date.now() + 1) } },
        { ...sent, headers: resigned, body: Buffer.from(body) },
      ]) {
        expect(await posted(altered)).toBe("REQUEST_SIGNATURE_INVALID");
      }
    });

    it("are refused without a signature", async () => {
      const { path, headers, body } = await recorded(protocol);
      const others = Object.entries(headers).filter(([name]) => !name.startsWith("x-countersign-"));
      const answer = await posted({ path, headers: Object.fromEntries(others), body });
      expect(answer).toBe("REQUEST_SIGNATURE_MISSING");
    });
  });

  describe("that hold more than the contract lets them", () => {
    it("are refused: a transaction of 196,609 bytes", async () => {
      const item: Item = { keyId: "relayer", transaction: new Uint8Array(196_609) };
      expect(await on.relay.askOne(item)).toEqual({ reason: "FIELD_INVALID" });
    });

    it("are refused: 65 transactions, and none", async () => {
      const items = await Promise.all(Array.from({ length: 65 }, () => on.transactions.good()));
      expect(new Set((await on.relay.ask(items)).map((o) => ("reason" in o ? o.reason : "signed")))).toEqual(
        new Set(["FIELD_INVALID"]),
      );
      await on.relay.ask([]);
      expect(on.relay.attempts.at(-1)).toMatchObject({ outcome: { reason: "FIELD_INVALID" } });
    });

    it("are refused: 65,537 bytes of grants", async () => {
      const item = await on.transactions.good();
      const call = (c: { grants?: Uint8Array }) =>
        Object.assign(c, on.relay.signGrants(new Uint8Array(65_537)));
      expect(await on.relay.askOne(item, { call })).toEqual({ reason: "FIELD_INVALID" });
    });

    it("are refused: 14 MiB", async () => {
      const transaction = new Uint8Array(14 * 1024 * 1024);
      expect(await on.relay.askOne({ keyId: "relayer", transaction })).toEqual({
        reason: "REQUEST_TOO_LARGE",
      });
    });
  });

  it.each<[string, Record<string, string>, Buffer]>([
    ["JSON", JSON_TYPE, Buffer.from('{"network":')],
    ["JSON of another shape", JSON_TYPE, Buffer.from('{"transactions":7}')],
    ["protobuf", GRPC_TYPE, Buffer.concat([Buffer.from([0, 0, 0, 0, 4]), Buffer.alloc(4, 0xff)])],
  ])("that are no message are refused, though the relay has signed them: %s", async (_, type, body) => {
    const headers = { ...type, ...on.relay.connections.signedHeaders(PATH, body) };
    const reason = reasonIn(
      await on.relay.connections.post(on.signer.address, { path: PATH, headers, body }),
    );
    expect(reason).toBe("FIELD_INVALID");
    on.relay.note("", new Uint8Array(), { reason });
  });

  it("are signed no more often than the key's rate lets them, whatever is asked for at once", async () => {
    const items = await Promise.all(Array.from({ length: 40 }, () => on.transactions.good("paced")));
    const calls = Array.from({ length: 8 }, (_, i) => on.relay.ask(items.slice(5 * i, 5 * i + 5)));
    const outcomes = (await Promise.all(calls)).flat();
    expect(outcomes.filter(isSigned)).toHaveLength(BURST);
    const refused = outcomes.filter((outcome) => !isSigned(outcome));
    expect(refused).toEqual(Array(40 - BURST).fill({ reason: "RATE_LIMITED" }));
  });

  it.each(PROTOCOLS)(
    "to operate the signer reach nobody: neither where relays call nor, under its certificate, where operators do (%s)",
    async (protocol) => {
      const { address, adminAddress } = on.signer;
      for (const [at, expected] of [
        [address, "METHOD_UNKNOWN"],
        [adminAddress, "PEER_NOT_ALLOWED"],
      ] as const) {
        const client = createClient(SignerAdminService, on.relay.connections.connect(at, protocol));
        const calls = [
          client.getStatus({}),
          client.resumeKey({ keyId: "paused" }),
          client.activateKey({ keyId: "pending", nonceFloor: 0n }),
          client.setNonceFloors({ floors: [{ keyId: "locked", nonce: 0n }] }),
          client.reload({}),
        ];
        for (const call of await Promise.allSettled(calls)) {
          const error: unknown = call.status === "rejected" ? call.reason : undefined;
          expect(reasonName(errorFromConnect(error).reason ?? 0)).toBe(expected);
          if (at === adminAddress) on.relay.noteRefused(expected);
          else on.relay.note("", new Uint8Array(), { reason: expected });
        }
      }
      expect(await on.relay.askOne(await on.transactions.good("paused"))).toEqual({
        reason: "SIGNER_KEY_PAUSED",
      });
      const listed = await createClient(
        RelayerSignerService,
        on.relay.connections.connect(address, "gRPC"),
      ).listKeys({});
      expect(listed.keys.map(({ keyId }) => keyId)).toContain("pending");
    },
  );

  it("to paths that nobody serves are refused as calls are: known by their signature, and not at all without one", async () => {
    const body = Buffer.from("{}");
    for (const path of ["/", `${PATH}s`, "/countersign.signer.v1.SignerAdminService/Unlock?a=b"]) {
      for (const type of [JSON_TYPE, GRPC_TYPE, { "content-type": "text/html" }]) {
        const signed = {
          path,
          headers: { ...type, ...on.relay.connections.signedHeaders(path, body) },
          body,
        };
        const reason = reasonIn(await on.relay.connections.post(on.signer.address, signed));
        expect(reason).toBe("METHOD_UNKNOWN");
        on.relay.note("", new Uint8Array(), { reason });
        expect(await posted(signed)).toBe("REQUEST_REPLAYED");
        expect(await posted({ path, headers: type, body })).toBe("REQUEST_SIGNATURE_MISSING");
      }
    }
  });

  it("cannot be hidden from the audit behind many others", async () => {
    const { transactions, relay } = on;
    const unknown = Array.from({ length: 128 }, (_, i): Item => {
      return { keyId: `nobody-${i}`, transaction: new Uint8Array([i]) };
    });
    const theft = transactions.bytes("treasury", MALLORY, [actions.transfer(1n)]);
    await relay.ask(unknown.slice(0, 64));
    await relay.ask(unknown.slice(64));
    expect(isSigned(await relay.askOne({ keyId: "treasury", transaction: theft }))).toBe(false);
  });
}
