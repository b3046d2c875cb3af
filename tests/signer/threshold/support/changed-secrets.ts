import { join } from "node:path";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { delegate } from "./payloads.ts";
import {
  NETWORK,
  startThresholdSigner,
  type ThresholdSigner,
  type ThresholdSignerOptions,
  thresholdSettings,
} from "./threshold-signer.ts";
import { type BegunRound, type GivenRequest, ThresholdWallet } from "./threshold-wallet.ts";

/** A signer that an operator has started again, on the same store, with other master secrets. */
export interface ChangedSigner {
  readonly signer: ThresholdSigner;
  /** Its key was made before. */
  readonly wallet: ThresholdWallet;
  /** What was authorised before, and the second one begun. */
  readonly given: GivenRequest;
  readonly begun: BegunRound;
  /** A wallet that had asked for the challenge of a new key before. */
  readonly other: ThresholdWallet;
  readonly challenge: Uint8Array;
}

/** By epoch, which secret is configured: "MASTER_1" was that of epoch 1. */
export type Secrets = Readonly<Record<number, "MASTER_1" | "MASTER_2">>;

export async function changedSigner(
  secrets: Secrets,
  options: ThresholdSignerOptions = {},
): Promise<ChangedSigner> {
  const settings = { store: { url: `sqlite:${join(temporaryDirectory(), "signer.db")}` } };
  const before = await startThresholdSigner({ ...options, settings });
  const wallet = await ThresholdWallet.withKey(before.client);
  const token = await wallet.mint();
  const [given] = await wallet.authorize(delegate(wallet).payload, token);
  const [second] = await wallet.authorize(delegate(wallet).payload, token);
  if (given === undefined || second === undefined) throw new Error("nothing was authorised");
  const begun = await wallet.init(second);
  const other = new ThresholdWallet(before.client);
  const challenge = await other.challenge();
  await before.drain();
  const master_secrets = Object.entries(secrets).map(([epoch, name]) => {
    return { network: NETWORK, epoch: Number(epoch), secret: `env:${name}` };
  });
  const threshold = thresholdSettings({ master_secrets });
  const signer = await startThresholdSigner({ ...options, settings, threshold });
  return {
    signer,
    wallet: wallet.at(signer.client),
    given,
    begun,
    other: other.at(signer.client),
    challenge,
  };
}
