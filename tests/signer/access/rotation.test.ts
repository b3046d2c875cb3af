import { Http2SessionManager } from "@connectrpc/connect-node";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { RenewedSessions } from "@countersign/server/signer-client/renewed-sessions.ts";
import { expect, test } from "vitest";
import { Authority } from "../support/authority.ts";
import { requestKey, signedBy } from "../support/gated-signer.ts";
import { A_LOOK, clock, relayOf, signed, startTls } from "../support/rotating-signer.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Calls without a pause, several at a time, until it is stopped. */
class Load {
  calls = 0;
  readonly failures: unknown[] = [];
  #waiting: { calls: number; resolve: () => void }[] = [];
  #stopped = false;
  readonly #loops: Promise<void>[];

  constructor(call: () => Promise<unknown>, width = 8) {
    this.#loops = Array.from({ length: width }, () => this.#loop(call));
  }

  /** Resolves when this many more calls were answered. */
  more(calls: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ calls: this.calls + calls, resolve });
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async #loop(call: () => Promise<unknown>): Promise<void> {
    while (!this.#stopped) {
      await call().catch((error: unknown) => this.failures.push(error));
      this.calls += 1;
      for (const { calls, resolve } of this.#waiting) if (this.calls >= calls) resolve();
      this.#waiting = this.#waiting.filter(({ calls }) => this.calls < calls);
    }
  }
}

test("certificates of both sides are replaced under load, and no call is lost", async () => {
  const authority = new Authority();
  const { signer, files: signerFiles, renewal, renewed } = await startTls(authority);
  const { now, skip } = clock();
  const files = authority.issue({ name: "relay-0" });
  const relay = relayOf(signer.address, { files, now });
  const load = new Load(() => relay.listKeys({}));
  // New connections all the time, which meet the signer's certificates while they change.
  const newcomers = new Load(
    () => relayOf(signer.address, { files: authority.issue({ name: "relay-0" }) }).listKeys({}),
    2,
  );
  for (const generation of [1, 2, 3]) {
    await Promise.all([load.more(100), newcomers.more(4)]);
    const notAfter = new Date(Date.now() + generation * DAY_MS);
    authority.issue({ name: "signer", server: true, notAfter }, signerFiles);
    renewal.check()();
    authority.issue({ name: `relay-${generation}` }, files);
    skip(A_LOOK);
  }
  await Promise.all([load.more(100), newcomers.more(4)]);
  await Promise.all([load.stop(), newcomers.stop()]);
  expect([...load.failures, ...newcomers.failures]).toEqual([]);
  expect(renewed).toHaveLength(3);
  expect(signer.served).toHaveLength(load.calls + newcomers.calls);
  // Each certificate was used, and at the end the last one alone.
  const callers = signer.served.filter(
    (caller, i, all) => caller !== "CN=relay-0" || all.indexOf(caller) === i,
  );
  expect(new Set(callers)).toEqual(new Set(["CN=relay-0", "CN=relay-1", "CN=relay-2", "CN=relay-3"]));
  signer.served.length = 0;
  await relay.listKeys({});
  expect(signer.served).toEqual(["CN=relay-3"]);
});

test("the key of signed requests is replaced under load, and no call is lost", async () => {
  const authority = new Authority();
  const [old, next] = [requestKey("k1"), requestKey("k2")];
  const { signer } = await startTls(authority, { auth: signedBy(old) });
  const mtls = { identities: ["CN=relay-0"] };
  const replica = (key: typeof old) =>
    relayOf(signer.address, { files: authority.issue({ name: "relay-0" }), signedRequests: signed(key) });
  // Two relays, which are started again one after the other.
  const replicas = [replica(old), replica(old)];
  const loads = [0, 1].map((i) => new Load(async () => replicas[i]?.signTransactions(BATCH)));
  const more = () => Promise.all(loads.map((load) => load.more(50)));
  await more();
  signer.replace({ auth: { mtls, ...signedBy(old, next) } });
  await more();
  for (const i of [0, 1]) {
    replicas[i] = replica(next);
    await more();
  }
  signer.replace({ auth: { mtls, ...signedBy(next) } });
  await more();
  for (const load of loads) await load.stop();
  expect(loads.flatMap((load) => load.failures)).toEqual([]);
  expect(signer.refused).toEqual([]);
  expect(signer.served).toHaveLength(loads.reduce((sum, load) => sum + load.calls, 0));
  await expect(replica(old).listKeys({})).rejects.toThrow("signature is not valid");
});

const BATCH = { network: "testnet", transactions: [{ keyId: "a", transaction: new Uint8Array(200) }] };

test("a connection of an old certificate is closed when its last call has ended, not before", async () => {
  const authority = new Authority();
  const held = Promise.withResolvers<void>();
  const { signer } = await startTls(authority, { held: held.promise });
  const { now, skip } = clock();
  const files = authority.issue({ name: "relay-0" });
  const managers: Http2SessionManager[] = [];
  const sessions = new RenewedSessions({
    files,
    now,
    onBadFiles: (error) => expect.unreachable(error.message),
    connect: ({ ca, cert, key }) => {
      const manager = new Http2SessionManager(signer.address, {}, { ca, cert, key: key.reveal() });
      managers.push(manager);
      return manager;
    },
  });
  const request = async (method: string) => {
    const path = `/${RelayerSignerService.typeName}/${method}`;
    const stream = await sessions.request("POST", path, { "content-type": "application/json" }, {});
    const body =
      method === "ListKeys"
        ? {}
        : { network: "testnet", transactions: [{ keyId: "a", transaction: "AAAA" }] };
    stream.end(JSON.stringify(body));
    stream.resume();
    return { stream, closed: new Promise((resolve) => stream.once("close", resolve)) };
  };
  const long = await request("SignTransactions");
  await (await request("ListKeys")).closed;
  authority.issue({ name: "relay-1" }, files);
  skip(A_LOOK);
  await (await request("ListKeys")).closed;
  expect(managers.map((m) => m.state())).toEqual(["open", "idle"]);
  held.resolve();
  await long.closed;
  expect(long.stream.rstCode).toBe(0);
  expect(managers.map((m) => m.state())).toEqual(["closed", "idle"]);
  managers[1]?.abort();
  expect(signer.served).toEqual(["CN=relay-0", "CN=relay-0", "CN=relay-1"]);
});
