import { describe, expect, test } from "vitest";
import { delegate } from "../signer/threshold/support/payloads.ts";
import { outcomeOf } from "../signer/threshold/support/reason.ts";
import type {
  BegunRound,
  GivenRequest,
  ThresholdWallet,
} from "../signer/threshold/support/threshold-wallet.ts";
import { postgresUrl } from "../support/postgres.ts";
import { type AttackWorld, startAttackWorld } from "./support/attack-world.ts";
import { History, violations } from "./support/history.ts";
import { recordedSigner } from "./support/recorded-signer.ts";
import { walletWithKey } from "./support/signed-in-wallet.ts";
import { storedRuns } from "./support/stored-runs.ts";

const RACES = 100;

/** A wallet whose owner means harm: it knows the client's share, and calls two relays at once. */
async function racingWallet({ relays }: AttackWorld) {
  const history = new History();
  const { wallet, through } = await walletWithKey(relays[0]?.address ?? "");
  const { key } = wallet;
  if (key === undefined) expect.fail("no key");
  const wallets = relays.map(({ address }) => {
    const at = through(address);
    return at.at(recordedSigner(at.client, history, key));
  });
  const [first, second] = wallets;
  if (first === undefined || second === undefined) expect.fail("no two relays");
  const token = await first.mint({ purposes: [2], maxUses: RACES });
  const authorised = async (): Promise<GivenRequest> => {
    const [given] = await first.authorize(delegate(first).payload, token);
    return given ?? expect.fail("nothing was authorised");
  };
  return { history, wallets: [first, second] as const, authorised };
}

/**
 * The same call with each of these shares of the client's, in turn at both relays and all at once; the first `ahead` of them are
 * answered before the others are sent.
 */
async function finalizeAll(
  wallets: readonly ThresholdWallet[],
  round: BegunRound,
  shareOf: readonly ((right: Uint8Array) => Uint8Array)[],
  ahead = 0,
): Promise<string[]> {
  const [wallet] = wallets;
  if (wallet === undefined) throw new Error("no wallet");
  const { caller, request } = wallet.finalizeRequest(round);
  const finalize = (share: (right: Uint8Array) => Uint8Array, i: number) => {
    const clientSignatureShare = share(request.clientSignatureShare);
    const { client } = wallets[i % wallets.length] ?? wallet;
    return outcomeOf(client.signEd25519Finalize({ caller, request: { ...request, clientSignatureShare } }));
  };
  const first = await Promise.all(shareOf.slice(0, ahead).map(finalize));
  return [
    ...first,
    ...(await Promise.all(shareOf.slice(ahead).map((share, i) => finalize(share, ahead + i)))),
  ];
}

const right = (share: Uint8Array) => share;
const wrong = (share: Uint8Array) => share.map((byte, i) => (i === 0 ? byte ^ 1 : byte));

describe.skipIf(postgresUrl === undefined)("two replicas that a hundred races are run against", () => {
  test("release one share of the relayer's at most for each pair of nonces, and for each request", async () => {
    const world = await startAttackWorld({ pairs: 2 });
    const { history, wallets, authorised } = await racingWallet(world);
    const [one, two] = wallets;
    const seen = new Map<string, number>();
    for (let race = 0; race < RACES; race++) {
      const given = await authorised();
      const kind = ["shares", "inits", "init"][race % 3];
      let outcomes: string[];
      if (kind === "shares") {
        // Each goes first at times, in the first races before all others: which one comes first otherwise is left to chance.
        const shares = race % 2 === 0 ? [right, wrong, wrong, right] : [wrong, right, right, wrong];
        outcomes = await finalizeAll(wallets, await one.init(given), shares, race < 6 ? 1 : 0);
      } else if (kind === "inits") {
        // Both begin the same request, each with commitments of the client's own.
        const rounds = await Promise.all([one.init(given), two.init(given)]);
        const ended = await Promise.all(
          rounds.map((round, i) => finalizeAll(i === 0 ? [two, one] : [one, two], round, [right, right])),
        );
        outcomes = ended.flat();
      } else {
        // One begins it again, while the other ends it.
        const round = await one.init(given);
        const [ended, again] = await Promise.all([
          finalizeAll([two], round, [right]),
          two.init(given).catch(() => undefined),
        ]);
        outcomes = again === undefined ? ended : [...ended, ...(await finalizeAll([one], again, [right]))];
      }
      for (const outcome of outcomes)
        seen.set(`${kind}: ${outcome}`, (seen.get(`${kind}: ${outcome}`) ?? 0) + 1);
    }
    history.stored.push(...(await storedRuns(world.signerStore)));
    expect(violations(history)).toEqual([]);
    // The right one counts when it comes first, and not when it comes after a wrong one.
    expect([...seen.keys()]).toEqual(
      expect.arrayContaining([
        "shares: answered",
        "shares: SIGNING_SESSION_STALE",
        "inits: answered",
        "init: answered",
      ]),
    );
    const reasons = [...seen.keys()].map((name) => name.split(": ")[1]);
    expect(["answered", "SIGNATURE_SHARE_INVALID", "SIGNING_SESSION_STALE"]).toEqual(
      expect.arrayContaining(reasons),
    );
    expect(history.begun.length).toBeGreaterThan(RACES);
    expect(history.stored.length).toBe(history.begun.length);
  });
});
