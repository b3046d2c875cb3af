import { Purpose } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { actions } from "near-api-js";
import { describe, expect, it } from "vitest";
import { ACCOUNT_ATTACKS } from "./account-attacks.ts";
import type { Attack } from "./attack.ts";
import { BYTE_ATTACKS } from "./byte-attacks.ts";
import type { Item } from "./compromised-relay.ts";
import { DELEGATE_ATTACKS } from "./delegate-attacks.ts";
import { MONEY_ATTACKS } from "./money-attacks.ts";
import { type Attacked, isSigned } from "./over-signers.ts";
import { PROTOCOLS } from "./relay-connections.ts";
import { COLD, REGISTRAR, RELAYER, TREASURY_PER_DAY } from "./relayer-keys.ts";
import { MALLORY, malloryKey } from "./transactions.ts";

const ALL = [...MONEY_ATTACKS, ...DELEGATE_ATTACKS, ...ACCOUNT_ATTACKS, ...BYTE_ATTACKS];

async function itemOf(on: Attacked, { keyId = "relayer", purpose, make }: Attack): Promise<Item> {
  const transaction = await make(on.transactions);
  return { keyId, transaction, ...(purpose === undefined ? {} : { purpose }) };
}

/** Transactions of the attacker's, and the few that the policy allows. */
export function refusedTransactions(on: Attacked): void {
  describe.each([
    ["money", MONEY_ATTACKS],
    ["delegates", DELEGATE_ATTACKS],
    ["accounts", ACCOUNT_ATTACKS],
    ["bytes", BYTE_ATTACKS],
  ])("%s", (_, attacks) => {
    it.each(attacks)("$name is refused with $reason", async (attack) => {
      for (const protocol of PROTOCOLS) {
        expect(await on.relay.askOne(await itemOf(on, attack), { protocol })).toEqual({
          reason: attack.reason,
        });
      }
    });
  });

  it("are refused wherever a transaction is cut off", async () => {
    const { transaction } = await on.transactions.good();
    const cut = Array.from({ length: transaction.length - 1 }, (_, i) => transaction.subarray(0, i + 1));
    for (let from = 0; from < cut.length; from += 64) {
      const items = cut.slice(from, from + 64).map((bytes) => ({ keyId: "relayer", transaction: bytes }));
      const outcomes = await on.relay.ask(items);
      expect(new Set(outcomes.map((o) => ("reason" in o ? o.reason : "signed")))).toEqual(
        new Set(["SIGNER_TRANSACTION_MALFORMED"]),
      );
    }
  });

  it("are refused in one call with a good one, which alone is signed", async () => {
    const attacks = await Promise.all(ALL.map((attack) => itemOf(on, attack)));
    for (let from = 0; from < attacks.length; from += 63) {
      const bad = attacks.slice(from, from + 63);
      const at = from % (bad.length + 1);
      const items = bad.toSpliced(at, 0, await on.transactions.good());
      const outcomes = await on.relay.ask(items);
      expect(outcomes.flatMap((outcome, i) => (isSigned(outcome) ? [i] : []))).toEqual([at]);
      const reasons = outcomes.flatMap((outcome) => ("reason" in outcome ? [outcome.reason] : []));
      expect(reasons).toEqual(ALL.slice(from, from + 63).map(({ reason }) => reason));
    }
  });

  it("that create accounts within the policy are signed", async () => {
    const { transactions } = on;
    const add = actions.addFullAccessKey(malloryKey);
    const args = { new_account_id: `bob.${REGISTRAR}`, new_public_key: malloryKey.toString() };
    const registered = actions.functionCall("create_account", args, 30_000_000_000_000n, 10n);
    const made = [actions.createAccount(), actions.transfer(10n), add];
    const outcomes = await on.relay.ask(
      [
        transactions.bytes("relayer", `bob.${RELAYER}`, made),
        transactions.bytes("relayer", REGISTRAR, [registered]),
      ].map((transaction) => ({ keyId: "relayer", transaction, purpose: Purpose.ACCOUNT_CREATION })),
    );
    expect(outcomes.map(isSigned)).toEqual([true, true]);
  });

  it("move as much in a day as the key may, however small the steps are, and not 1 yocto more", async () => {
    const step = (amount: bigint): Item => {
      const transaction = on.transactions.bytes("treasury", COLD, [actions.transfer(amount)]);
      return { keyId: "treasury", transaction, purpose: Purpose.TRANSFER };
    };
    const ask = (...amounts: bigint[]) => on.relay.ask(amounts.map(step));
    const first = await ask(10n);
    const calls = await Promise.all(Array.from({ length: 8 }, () => ask(1n, 1n, 1n, 1n, 1n)));
    const rest = [...(await ask(10n)), ...(await ask(1n))];
    const all = [...first, ...calls.flat(), ...rest];
    expect(all.filter(isSigned)).toHaveLength(1 + Number(TREASURY_PER_DAY - 10n));
    const refused = all.flatMap((outcome) => ("reason" in outcome ? [outcome.reason] : []));
    expect(new Set(refused)).toEqual(new Set(["SIGNER_DAILY_DEPOSIT_EXHAUSTED"]));
    const [transfer] = [on.transactions.bytes("treasury", MALLORY, [actions.transfer(0n)])];
    const item = { keyId: "treasury", transaction: transfer, purpose: Purpose.TRANSFER };
    expect(await on.relay.askOne(item)).toEqual({ reason: "SIGNER_POLICY_DENIED" });
  });
}
