import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CompromisedRelay, type Outcome } from "./compromised-relay.ts";
import { OperatedSigner, RELAY_PEER } from "./operated-signer.ts";
import { SIGNER_HOMES } from "./signer-homes.ts";
import { Transactions } from "./transactions.ts";

/** Processes start one after the other, on a machine that may be busy. */
const SLOW_MS = 180_000;
const ED25519_BYTES = 64;

/** What the tests of a file share: one signer, and the relay that was taken over. */
export interface Attacked {
  readonly signer: OperatedSigner;
  readonly relay: CompromisedRelay;
  readonly transactions: Transactions;
}

/**
 * Runs the same attacks on every kind of signer. In the end the signer's own records must tell of all of them: every
 * refusal is in the audit, the journal holds what was signed and nothing else, and the backend signed as often.
 */
export function overSigners(name: string, attacks: (on: Attacked) => void): void {
  describe.each(SIGNER_HOMES)(`${name} ($name)`, ({ available, open }) => {
    describe.skipIf(!available)("", () => {
      const on = {} as { -readonly [K in keyof Attacked]: Attacked[K] };
      beforeAll(async () => {
        on.signer = await OperatedSigner.start(await open());
        on.relay = new CompromisedRelay(on.signer);
        on.transactions = new Transactions(on.signer);
      }, SLOW_MS);
      afterAll(async () => {
        on.relay?.close();
        await on.signer?.remove();
      });

      it("signs what the policy allows, and gives the same signature to the same payload", async () => {
        const item = await on.transactions.good();
        const [first, again] = [await on.relay.askOne(item), await on.relay.askOne(item)];
        expect(first).toEqual({ signed: expect.anything() });
        expect(again).toEqual(first);
      });

      attacks(on);

      it(
        "has all refusals in its audit, and in its journal what was signed and nothing else",
        async () => {
          on.relay.close();
          await on.signer.stop();
          const [audit, journal] = [await on.signer.exported("audit"), await on.signer.exported("journal")];
          expect(refusalsOf(audit)).toEqual(expectedRefusals(on.relay));
          const released = signaturesOf(on.relay);
          expect(Object.fromEntries(journal.map((e) => [e.payloadHash, e.signature]))).toEqual(released);
          expect(journal).toHaveLength(Object.keys(released).length);
          expect(await on.signer.backendSignatures()).toBe(journal.length);
        },
        SLOW_MS,
      );
    });
  });
}

/** Numbers of refusals by peer, key and reason. */
function refusalsOf(audit: readonly Record<string, unknown>[]): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const { kind, actor, keyId, detail } of audit) {
    if (kind !== "refused") continue;
    const { reason, count } = JSON.parse(String(detail));
    const name = `${actor}, ${keyId}: ${reason}`;
    numbers[name] = (numbers[name] ?? 0) + Number(count);
  }
  return numbers;
}

function expectedRefusals({ attempts }: CompromisedRelay): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const { peer = RELAY_PEER, keyId, outcome } of attempts) {
    if ("signed" in outcome) continue;
    const name = `${peer}, ${keyId}: ${outcome.reason}`;
    numbers[name] = (numbers[name] ?? 0) + 1;
  }
  return numbers;
}

/** The signatures that the relay was given, by payload hash, in hexadecimal digits. */
function signaturesOf({ attempts }: CompromisedRelay): Record<string, string> {
  const signed = attempts.flatMap(({ payloadHash, outcome }): [string, string][] => {
    if (!("signed" in outcome)) return [];
    return [[payloadHash, Buffer.from(outcome.signed.slice(-ED25519_BYTES)).toString("hex")]];
  });
  return Object.fromEntries(signed);
}

export const isSigned = (outcome: Outcome) => "signed" in outcome;
