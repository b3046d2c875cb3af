import { expect, test } from "vitest";
import { outcomeOf } from "../signer/threshold/support/reason.ts";
import { EcdsaWallet } from "../signer/threshold-ecdsa/support/ecdsa-client.ts";
import { evmMessage } from "../signer/threshold-ecdsa/support/evm-payloads.ts";
import { postgresUrl } from "../support/postgres.ts";
import { startAttackWorld } from "../threshold-attacks/support/attack-world.ts";
import { signInWalletAs } from "../threshold-attacks/support/signed-in-wallet.ts";
import { snapshotOf } from "../threshold-attacks/support/signer-database.ts";
import { attackSettings } from "./support/attack-settings.ts";
import { EcdsaHistory, ecdsaViolations } from "./support/ecdsa-history.ts";
import { recordedEcdsaSigner } from "./support/recorded-ecdsa-signer.ts";
import { storedPresignatures } from "./support/stored-presignatures.ts";

test.each(["SQLite" as const, ...(postgresUrl === undefined ? [] : ["PostgreSQL" as const])])(
  "databases of relay and signer that were put back (%s) give no presignature a second share",
  async (store) => {
    // Nothing is over its time, however long it takes.
    const now = new Date();
    const world = await startAttackWorld({ store, threshold: attackSettings(), now: () => now });
    const [relay] = world.relays;
    const [signer] = world.signers;
    if (relay === undefined || signer === undefined) expect.fail("an empty world");
    const history = new EcdsaHistory();
    const made = await signInWalletAs((client, options) => new EcdsaWallet(client, options), relay.address);
    await made.wallet.createKey();
    const at = () => {
      const wallet = made.through(relay.address);
      return wallet.at(recordedEcdsaSigner(wallet.client, history));
    };
    const authorised = async (token: string) => {
      const [given] = await at().authorizeEcdsa(evmMessage().payload, token);
      return given ?? expect.fail("nothing was authorised");
    };
    const presigned = async (token: string) => {
      const presignature = await at().presign(token);
      history.halves.set(Buffer.from(presignature.id).toString("hex"), presignature);
      return presignature;
    };

    // A presignature in each of its states.
    const token = await at().mint();
    const [reserved, available] = [await presigned(token), await presigned(token)];
    const [given, unused] = [await authorised(token), await authorised(token)];
    const begun = await at().beginEcdsa(given, reserved);
    const presign = await at().beginPresign(token);
    await at().stepPresign(presign);
    const step = at().presignStepRequest(presign);
    const finalize = at().ecdsaFinalizeRequest(begun);

    await relay.stop();
    await signer.stop();
    const [putBackRelay, putBackSigner] = [
      await snapshotOf(world.relayStore),
      await snapshotOf(world.signerStore),
    ];
    await signer.start();
    await relay.start();
    // All of it is done.
    const { response: first } = await at().client.signEcdsaFinalize(finalize);
    at().combine(begun, first?.message?.data ?? new Uint8Array());
    await at().signEcdsa(unused, available);
    while (presign.presignature === undefined) await at().stepPresign(presign);
    history.stored.push(...(await storedPresignatures(world.signerStore)));

    // The relay's database has nothing to do with it.
    await relay.stop();
    await putBackRelay();
    await relay.start();
    expect((await at().client.signEcdsaFinalize(finalize)).response).toEqual(first);
    expect(await outcomeOf(at().beginEcdsa(await authorised(token), reserved))).toBe("PRESIGNATURE_INVALID");
    expect(await outcomeOf(at().client.presignStep(step))).toBe("STALE_SESSION_STATE");
    expect(await at().pool()).toEqual([presign.presignature.id]);

    await signer.stop();
    await putBackSigner();
    await signer.start();
    // None of it a second time, though the store says that nothing was.
    const other = { ...finalize, request: { ...finalize.request, clientEntropy: new Uint8Array(32) } };
    const refused: [() => Promise<unknown>, string][] = [
      [() => at().client.signEcdsaFinalize(finalize), "SIGNING_SESSION_STALE"],
      [() => at().client.signEcdsaFinalize(other), "SIGNING_SESSION_STALE"],
      [() => at().beginEcdsa(given, reserved), "SIGNING_REQUEST_INVALID"],
      [() => at().beginEcdsa(unused, available), "SIGNING_REQUEST_INVALID"],
      [() => at().client.presignStep(step), "PRESIGN_SESSION_INVALID"],
      [() => at().beginPresign(token), "THRESHOLD_SESSION_INVALID"],
      [() => authorised(token), "THRESHOLD_SESSION_INVALID"],
    ];
    for (const [call, reason] of refused) expect(await outcomeOf(call())).toBe(reason);
    expect(await at().pool()).toEqual([]);

    // A wallet mints a new session and goes on; what it had of presignatures is worth nothing.
    const fresh = await at().mint();
    const wanted = await authorised(fresh);
    for (const old of [reserved, available, presign.presignature]) {
      expect(await outcomeOf(at().beginEcdsa(wanted, old))).toBe("PRESIGNATURE_POOL_EMPTY");
    }
    await at().signEcdsa(wanted, await presigned(fresh));
    const violations = ecdsaViolations(history, (of, message) => at().combine(of, message));
    expect(violations).toEqual([]);
    expect(new Set(history.answered.map(({ sessionId }) => sessionId)).size).toBe(3);
  },
);
