import { describe, expect, test } from "vitest";
import { attackSettings } from "../ecdsa-attacks/support/attack-settings.ts";
import { outcomeOf } from "../signer/threshold/support/reason.ts";
import type { ThresholdClient } from "../signer/threshold/support/threshold-signer.ts";
import { EcdsaWallet } from "../signer/threshold-ecdsa/support/ecdsa-client.ts";
import { evmMessage } from "../signer/threshold-ecdsa/support/evm-payloads.ts";
import { postgresUrl } from "../support/postgres.ts";
import { type AttackWorld, startAttackWorld } from "../threshold-attacks/support/attack-world.ts";
import { signInWalletAs } from "../threshold-attacks/support/signed-in-wallet.ts";

/** Two relays and two signers; `at` is the wallet whose next calls go through a relay to a signer. */
async function startTurns() {
  const { relays, signers } = await startAttackWorld({ pairs: 2, threshold: attackSettings() });
  const { wallet, through } = await signInWalletAs(
    (client, options) => new EcdsaWallet(client, options),
    relays[0]?.address ?? "",
  );
  await wallet.createKey();
  const at = async (relay: number, signer: number): Promise<EcdsaWallet> => {
    const place = relays[relay] ?? expect.fail("no such relay");
    await place.useSigner(signer);
    return through(place.address);
  };
  return { signers, wallet, at };
}

/** Which calls of presigning and signing each signer has answered. */
function servedBy(signers: AttackWorld["signers"]): string[][] {
  return signers.map(({ signer }) =>
    [...signer.logged().matchAll(/"rpc_method":"(\w+)".*"threshold call answered"/g)]
      .map(([, name = ""]) => name)
      .filter((name) => /^Presign|^SignEcdsa/.test(name)),
  );
}

describe.skipIf(postgresUrl === undefined)("two relays and two signers over their databases", () => {
  test("serve the steps of one presignature and the rounds of one signature in turn", async () => {
    const { signers, wallet, at } = await startTurns();
    const token = await wallet.mint();
    const [one, two] = [await at(0, 0), await at(1, 1)];
    const presign = await one.beginPresign(token);
    let last = wallet.presignStepRequest(presign);
    for (let i = 0; presign.presignature === undefined; i++) {
      last = wallet.presignStepRequest(presign);
      await (i % 2 === 0 ? two : one).stepPresign(presign);
    }
    const { id } = presign.presignature;
    expect(await one.pool()).toEqual([id]);
    expect(await two.pool()).toEqual([id]);
    // The last step's answer was lost, and the wallet asks at the other relay.
    expect((await two.client.presignStep(last)).response?.presignatureId).toEqual(id);

    const [given] = await one.authorizeEcdsa(evmMessage().payload, token);
    if (given === undefined) expect.fail("nothing was authorised");
    const begun = await two.beginEcdsa(given, presign.presignature);
    const call = wallet.ecdsaFinalizeRequest(begun);
    const { response } = await one.client.signEcdsaFinalize(call);
    expect(wallet.combine(begun, response?.message?.data ?? new Uint8Array()).s).toHaveLength(32);
    expect((await two.client.signEcdsaFinalize(call)).response).toEqual(response);
    expect(servedBy(signers)).toEqual([
      ["PresignInit", "PresignStep", "PresignStep", "SignEcdsaFinalize"],
      ["PresignStep", "PresignStep", "PresignStep", "SignEcdsaInit", "SignEcdsaFinalize"],
    ]);
  });

  test("serve each step whichever relay brings it to whichever signer, and a version that is behind is stale", async () => {
    const { wallet, at } = await startTurns();
    const token = await wallet.mint();
    const presign = await (await at(0, 1)).beginPresign(token);
    const ways = [
      [1, 0],
      [0, 0],
      [1, 1],
      [0, 1],
    ] as const;
    const calls: ReturnType<typeof wallet.presignStepRequest>[] = [];
    for (const [relay, signer] of ways) {
      const call = wallet.presignStepRequest(presign);
      calls.push(call);
      const other = await at(1 - relay, 1 - signer);
      for (const version of [call.request.version + 1, call.request.version - 2]) {
        const moved = { ...call, request: { ...call.request, version } };
        expect(await outcomeOf(other.client.presignStep(moved))).toBe("STALE_SESSION_STATE");
      }
      await (await at(relay, signer)).stepPresign(presign);
      // Two steps ago, at the one that did not serve it.
      for (const old of calls.slice(-2, -1)) {
        expect(await outcomeOf(other.client.presignStep(old))).toBe("STALE_SESSION_STATE");
      }
    }
    expect(await wallet.pool()).toEqual([presign.presignature?.id]);
  });

  test("give one of two identical steps that come to both at once, and both the same answer later", async () => {
    const { wallet, at } = await startTurns();
    const presign = await wallet.beginPresign(await wallet.mint());
    const clients = [(await at(0, 0)).client, (await at(1, 1)).client] as const;
    while (presign.presignature === undefined) {
      const call = wallet.presignStepRequest(presign);
      const answers: unknown[] = [];
      const step = (client: ThresholdClient) =>
        client.presignStep(call).then(({ response }) => answers.push(response));
      const outcomes = await Promise.all(clients.map((client) => outcomeOf(step(client))));
      expect(outcomes).toContain("answered");
      expect(["answered", "STALE_SESSION_STATE"]).toEqual(expect.arrayContaining(outcomes));
      for (const client of clients) await step(client);
      const { response } = await clients[0].presignStep(call);
      for (const answer of answers) expect(answer).toEqual(response);
      await presign.take(response ?? expect.fail("no answer"));
    }
    expect(await wallet.pool()).toEqual([presign.presignature.id]);
  });
});
