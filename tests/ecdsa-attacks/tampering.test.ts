import { HEADER_SIZE } from "@countersign/crypto/ot-ecdsa/framing.ts";
import { ProtocolPhase } from "@countersign/gen/countersign/threshold/v1/ecdsa_pb.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { outcomeOf } from "../signer/threshold/support/reason.ts";
import type { ClientPresign } from "../signer/threshold-ecdsa/support/client-presign.ts";
import { EcdsaWallet } from "../signer/threshold-ecdsa/support/ecdsa-client.ts";
import { evmMessage } from "../signer/threshold-ecdsa/support/evm-payloads.ts";
import { postgresUrl } from "../support/postgres.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { NETWORK } from "../support/test-relay.ts";
import type { AttackStore } from "../threshold-attacks/support/attack-site.ts";
import {
  type FlightCall,
  reordered,
  type SentMessage,
  withByteChanged,
  withMessages,
} from "./support/flights.ts";
import { type SignerProcesses, startSignerProcesses } from "./support/signer-processes.ts";
import { storedPresignatures } from "./support/stored-presignatures.ts";

const SEED = 20_261_121;
/** Steps after PresignInit. */
const STEPS = [0, 1, 2, 3] as const;
/** What the worst flights of a test may add to a signer's memory, in bytes: far less than all of them have together. */
const MEMORY = 192 * 1_024 * 1_024;

const STORES: readonly AttackStore[] = [
  "SQLite",
  ...(postgresUrl === undefined ? [] : ["PostgreSQL, two relays and signers" as const]),
];

describe.each(STORES)("signers on %s", (store) => {
  let signers: SignerProcesses;
  let wallet: EcdsaWallet;
  let token: string;
  /** Another user's. */
  let mallory: EcdsaWallet;
  /** How many messages the flight of each step has. */
  const sizes: number[] = [];
  let calls = 0;
  /** What is the same for every store is tried on one. */
  const testOnce = (what: string, body: () => Promise<void>) => {
    if (store === "SQLite") test(what, body);
  };

  beforeAll(async () => {
    signers = await startSignerProcesses(store);
    const account = { network: NETWORK, accountId: "alice.test" };
    wallet = await EcdsaWallet.withKey(nextClient(), account);
    token = await wallet.mint();
    mallory = await EcdsaWallet.withKey(nextClient(), { ...account, user: "mallory" });
    const presign = await mallory.beginPresign(await mallory.mint());
    while (presign.presignature === undefined) {
      sizes.push(presign.flight.length);
      await mallory.stepPresign(presign, nextClient());
    }
    expect(sizes).toHaveLength(STEPS.length);
  });
  afterAll(() => signers?.stop());

  /** Each in its turn. */
  function nextClient() {
    calls += 1;
    return signers.clients[calls % signers.clients.length] ?? expect.fail("no signer");
  }

  /** A presignature that is about to make this step, and the call that makes it. */
  async function before(step: number, of = wallet, session = token) {
    const presign = await of.beginPresign(session, nextClient());
    for (let i = 0; i < step; i++) await of.stepPresign(presign, nextClient());
    return { presign, call: of.presignStepRequest(presign) };
  }

  const send = (call: FlightCall) => outcomeOf(nextClient().presignStep(call));

  /** It is refused, and so is whatever comes after it; nothing of it is in the pool. */
  async function expectBurnt(bad: FlightCall, right: FlightCall, what: string): Promise<void> {
    expect(await send(bad), what).toBe("PRESIGN_ABORTED");
    expect(await send(right), `${what}, then right`).toBe("PRESIGN_SESSION_INVALID");
    expect(await send(bad), `${what}, again`).toBe("PRESIGN_SESSION_INVALID");
  }

  /** Goes on until a side refuses: true; or until both have a presignature. */
  async function isRefused(presign: ClientPresign, first: FlightCall): Promise<boolean> {
    const { response } = await nextClient()
      .presignStep(first)
      .catch(() => ({ response: undefined }));
    if (response === undefined) return true;
    try {
      await presign.take(response);
    } catch {
      return true;
    }
    return presign.presignature === undefined && isRefused(presign, wallet.presignStepRequest(presign));
  }

  testOnce("burn a session for any message of a flight with a byte changed", async () => {
    const random = seededRandom(SEED);
    for (const step of STEPS) {
      const count = sizes[step] ?? 0;
      for (let nth = 0; nth < count; nth++) {
        const { presign, call } = await before(step);
        const { messages } = call.request;
        const message = messages[nth] ?? expect.fail("no message");
        const room = message.data.length - HEADER_SIZE;
        const at = HEADER_SIZE + Math.floor(random() * room);
        const changed = withMessages(
          call,
          messages.map((one, i) => (i === nth ? withByteChanged(one, at) : one)),
        );
        const what = `step ${step}, message ${nth} of ${count}, byte ${at}`;
        const outcome = await send(changed);
        if (outcome === "answered") {
          // Not noticed by the signer yet: repeating it rightly burns it, and nobody can go back.
          expect(await send(call), what).toBe("PRESIGN_ABORTED");
          expect(await send(changed), what).toBe("PRESIGN_SESSION_INVALID");
        } else {
          expect(outcome, what).toBe("PRESIGN_ABORTED");
          expect(await send(call), what).toBe("PRESIGN_SESSION_INVALID");
        }
        expect(presign.presignature).toBeUndefined();
      }
    }
    expect(await wallet.pool()).toEqual([]);
  });

  testOnce("and a wallet that goes on with it has no presignature that signs wrongly", async () => {
    const random = seededRandom(SEED + 1);
    for (const step of STEPS) {
      const { presign, call } = await before(step);
      const { messages } = call.request;
      const nth = Math.floor(random() * messages.length);
      const changed = withMessages(
        call,
        messages.map((one, i) => (i === nth ? withByteChanged(one, -1 - Math.floor(random() * 8)) : one)),
      );
      if (await isRefused(presign, changed)) continue;
      // The byte did not matter: what is corrected counts in one of two cases.
      const made = presign.presignature ?? expect.fail("no presignature");
      const [given] = await wallet.authorizeEcdsa(evmMessage().payload, token);
      await wallet.signEcdsa(given ?? expect.fail("nothing was authorised"), made);
    }
    expect(await wallet.pool()).toEqual([]);
  });

  testOnce(
    "burn a session for messages that are dropped, doubled, exchanged, of another phase or cut off",
    async () => {
      for (const step of STEPS) {
        const last = (sizes[step] ?? 0) - 1;
        const cut = ({ phase, data }: SentMessage) => ({ phase, data: data.slice(0, HEADER_SIZE) });
        const longer = ({ phase, data }: SentMessage) => ({ phase, data: new Uint8Array([...data, 0]) });
        const signs = ({ data }: SentMessage) => ({ phase: ProtocolPhase.SIGN, data });
        const exchanged = (of: readonly SentMessage[]) => {
          const [a, b] = [of[0], of[last]];
          if (a === undefined || b === undefined) return [];
          const head = ({ data }: SentMessage) => data.subarray(0, HEADER_SIZE);
          const body = ({ data }: SentMessage) => data.subarray(HEADER_SIZE);
          const joined = (h: SentMessage, d: SentMessage) => {
            return { phase: h.phase, data: new Uint8Array([...head(h), ...body(d)]) };
          };
          return [joined(a, b), ...of.slice(1, last), joined(b, a)];
        };
        const changes: [string, (of: readonly SentMessage[]) => readonly SentMessage[]][] = [
          ["doubled", (of) => [...of, ...of.slice(0, 1)]],
          ["of phase sign", (of) => of.map((one, i) => (i === last ? signs(one) : one))],
          ["cut off", (of) => of.map((one, i) => (i === 0 ? cut(one) : one))],
          ["longer", (of) => of.map((one, i) => (i === last ? longer(one) : one))],
          ...(last === 0
            ? []
            : ([
                ["bodies exchanged", exchanged],
                ["first dropped", (of) => of.slice(1)],
                ["last dropped", (of) => of.slice(0, last)],
              ] satisfies typeof changes)),
        ];
        for (const [what, change] of changes) {
          const { call } = await before(step);
          const bad = withMessages(call, change(call.request.messages));
          const outcome = await send(bad);
          // A flight that lacks what only a later step needs may be answered; then the right one comes too late.
          const after = outcome === "answered" ? "PRESIGN_ABORTED" : "PRESIGN_SESSION_INVALID";
          expect(["answered", "PRESIGN_ABORTED"], `step ${step}, ${what}`).toContain(outcome);
          if (!what.endsWith("dropped")) expect(outcome, `step ${step}, ${what}`).toBe("PRESIGN_ABORTED");
          expect(await send(call), `step ${step}, ${what}`).toBe(after);
          expect(await send(call), `step ${step}, ${what}`).toBe("PRESIGN_SESSION_INVALID");
        }
        const { call: none } = await before(step);
        expect(await send(withMessages(none, []))).toBe("FIELD_INVALID");
      }
      expect(await wallet.pool()).toEqual([]);
    },
  );

  test("burn both sessions whose flights are exchanged, also between users, and one that is given an old flight", async () => {
    const hers = await mallory.mint();
    for (const step of [0, 2]) {
      const [one, two] = [await before(step), await before(step)];
      await expectBurnt(withMessages(one.call, two.call.request.messages), one.call, `step ${step}`);
      await expectBurnt(withMessages(two.call, one.call.request.messages), two.call, `step ${step}`);
      const [mine, foreign] = [await before(step), await before(step, mallory, hers)];
      await expectBurnt(withMessages(mine.call, foreign.call.request.messages), mine.call, `step ${step}`);
      const stolen = { ...foreign.call, caller: wallet.caller };
      expect(await send(stolen)).toBe("PRESIGN_SESSION_SCOPE_MISMATCH");
      // It is still hers.
      expect(await send(foreign.call)).toBe("answered");
    }
    const presign = await wallet.beginPresign(token, nextClient());
    const old = wallet.presignStepRequest(presign);
    await wallet.stepPresign(presign, nextClient());
    const now = wallet.presignStepRequest(presign);
    await expectBurnt(withMessages(now, old.request.messages), now, "an old flight");
    // A first flight of another session, and of one that it began itself.
    const { presign: first } = await before(0);
    const init = wallet.presignInitRequest(await wallet.newPresign(), token);
    await expectBurnt(
      withMessages(wallet.presignStepRequest(first), init.request.messages),
      wallet.presignStepRequest(first),
      "a first flight",
    );
    expect(await wallet.pool()).toEqual([]);
  });

  test("take messages of a flight in any order, and repeat an answer to the identical flight alone", async () => {
    const presign = await wallet.beginPresign(token, nextClient());
    while (presign.presignature === undefined) {
      const call = reordered(wallet.presignStepRequest(presign));
      const { response } = await nextClient().presignStep(call);
      expect((await nextClient().presignStep(call)).response).toEqual(response);
      await presign.take(response ?? expect.fail("no answer"));
    }
    expect(await wallet.pool()).toEqual([presign.presignature.id]);
    const [given] = await wallet.authorizeEcdsa(evmMessage().payload, token);
    await wallet.signEcdsa(given ?? expect.fail("nothing was authorised"), presign.presignature);
  });

  test("stay up, and their memory small, however large and wrong the flights are", async () => {
    const peaks = signers.peaks();
    const { call } = await before(0);
    const junk = { phase: ProtocolPhase.TRIPLES, data: new Uint8Array(65_536).fill(0xdd) };
    const most = withMessages(
      call,
      Array.from({ length: 32 }, () => junk),
    );
    expect(await send(most)).toBe("PRESIGN_ABORTED");
    const reasons = await Promise.all(Array.from({ length: 4 }, () => send(most)));
    expect(new Set(reasons)).toEqual(new Set(["PRESIGN_SESSION_INVALID"]));
    const first = wallet.presignInitRequest(await wallet.newPresign(), token);
    for (let i = 0; i < 20; i++) {
      const request = { ...first.request, messages: most.request.messages.slice(0, 16) };
      const outcome = await outcomeOf(nextClient().presignInit({ ...first, request }));
      expect(outcome).toBe("PRESIGN_ABORTED");
    }
    expect(
      await send(
        withMessages(
          call,
          Array.from({ length: 33 }, () => junk),
        ),
      ),
    ).toBe("FIELD_INVALID");
    const long = { ...junk, data: new Uint8Array(65_537) };
    expect(await send(withMessages(call, [long]))).toBe("FIELD_INVALID");
    for (const [i, peak] of (signers.peaks() ?? []).entries()) {
      expect(peak - (peaks?.[i] ?? 0)).toBeLessThan(MEMORY);
    }
    // Honest calls go on.
    const made = await wallet.presign(token);
    expect(await wallet.pool()).toEqual([made.id]);
    expect(signers.ended).toEqual([]);
    // Nothing but what was signed with was ever used.
    const states = (await storedPresignatures(signers.signerStore)).map(({ state }) => state);
    expect(states.filter((state) => state === "destroyed")).toEqual([]);
  });
});
