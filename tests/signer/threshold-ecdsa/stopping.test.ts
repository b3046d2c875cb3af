import { once } from "node:events";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { expect, test } from "vitest";
import { signerRows } from "../../ecdsa-attacks/support/signer-rows.ts";
import { keystoreFile, PASSPHRASE_ENV, relayerSettings } from "../support/one-relayer.ts";
import { configFile } from "../support/running-signer.ts";
import { startSigner } from "../support/signer-cli.ts";
import { unixTransport } from "../support/signer-client.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { outcomeOf } from "../threshold/support/reason.ts";
import { SECRETS_ENV } from "../threshold/support/threshold-signer.ts";
import { EcdsaWallet } from "./support/ecdsa-client.ts";
import { ecdsaSettings } from "./support/ecdsa-signer.ts";

/** A signer process that is told to stop when two calls are paid for, which is right before their computing. */
async function stopWhilePresigning(drainMs: number) {
  const folder = temporaryDirectory();
  const settings = relayerSettings(folder, await keystoreFile());
  const file = configFile({ ...settings, threshold: ecdsaSettings(), limits: { drain_ms: drainMs } });
  const { child, address, output } = await startSigner(file, { ...PASSPHRASE_ENV, ...SECRETS_ENV });
  const wallet = await EcdsaWallet.withKey(createClient(ThresholdSignerService, unixTransport(address)));
  const token = await wallet.mint();
  // The threads are there by now, and warm.
  await wallet.beginPresign(token);
  const calls = [await wallet.newPresign(), await wallet.newPresign()].map((presign) =>
    wallet.presignInitRequest(presign, token),
  );
  const outcomes = calls.map((call) => outcomeOf(wallet.client.presignInit(call)));
  const paid = () => signerRows(join(folder, "signer.db"), "select id from threshold_presigns");
  await expect.poll(async () => (await paid()).length, { interval: 1 }).toBe(3);
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  return { exited, outcomes, output };
}

test("a signer that is told to stop while it presigns answers first, and ends with 0", async () => {
  const { exited, outcomes, output } = await stopWhilePresigning(10_000);
  expect(await Promise.all(outcomes)).toEqual(["answered", "answered"]);
  expect(await exited, output()).toEqual([0, null]);
});

test("one that cuts these calls off lets its thread end the step, and ends with 0 too", async () => {
  const { exited, output } = await stopWhilePresigning(0);
  expect(await exited, output()).toEqual([0, null]);
  expect(output()).toContain("calls cut off");
  expect(output()).toContain('"msg":"stopped"');
});
