import { availableParallelism } from "node:os";
import { quantile } from "../shared/quantiles.ts";
import { spent, type Usage, usageOf } from "../shared/usage.ts";
import { type LoopDelay, loopDelay } from "./loop-delay.ts";
import type { ServedStack } from "./served-stack.ts";

/** Presignatures, or signatures, of one round. Times in milliseconds. */
export interface Round {
  readonly made: number;
  readonly perSecond: number;
  /** Of one that is made. The client is this process. */
  readonly cpuMs: { readonly client: number; readonly relay: number; readonly signer: number };
  /** Calls to the relay for one. */
  readonly calls: number;
  /** Of the signer's main loop meanwhile. */
  readonly loop: LoopDelay;
  /** Share of the machine, 0 to 1, that went to anything else. */
  readonly othersShare: number;
}

/** A round of signatures. */
export interface SigningRound extends Round {
  /** Of one wallet's signatures, the mean: both round trips. */
  readonly signMs: { readonly p50: number; readonly max: number };
}

/** All wallets fill their pools at the same time, `each` presignatures, one after another. */
export async function measurePresigning(served: ServedStack, each: number): Promise<Round> {
  const { wallets, wire } = served;
  for (const wallet of wallets) await wallet.mint();
  const calls = () => wire.count("PresignInit", "PresignStep");
  return measured(served, wallets.length * each, calls, async () => {
    await Promise.all(wallets.map((wallet) => wallet.presign(each)));
  });
}

/**
 * All wallets sign at the same time, `each` signatures, one after another, with the presignatures that they have: what was
 * authorised before the clock starts. Throws an Error if a signature is not the wallet's.
 */
export async function measureSigning(served: ServedStack, each: number): Promise<SigningRound> {
  const { wallets, wire } = served;
  const authorized = await Promise.all(wallets.map((wallet) => wallet.authorize(each)));
  const signMs: number[] = [];
  const checks: (() => Promise<boolean>)[] = [];
  const calls = () => wire.count(...wire.calls.keys());
  const round = await measured(served, wallets.length * each, calls, async () => {
    const signed = authorized.map(async ({ sign }) => {
      const began = performance.now();
      checks.push(await sign());
      signMs.push((performance.now() - began) / each);
    });
    await Promise.all(signed);
  });
  for (const isRight of checks) {
    if (!(await isRight())) throw new Error("a signature is not the wallet's");
  }
  return { ...round, signMs: { p50: quantile(signMs, 0.5), max: Math.max(...signMs) } };
}

async function measured(
  { stack, loopSocket }: ServedStack,
  made: number,
  calls: () => number,
  work: () => Promise<void>,
): Promise<Round> {
  const callsBefore = calls();
  // From here on it is counted anew.
  await loopDelay(loopSocket);
  const before = await usageOf(stack);
  const began = performance.now();
  await work();
  const tookMs = performance.now() - began;
  const usage = spent(before, await usageOf(stack));
  return {
    made,
    perSecond: (made / tookMs) * 1000,
    cpuMs: { client: usage.load / made, relay: usage.relay / made, signer: usage.signer / made },
    calls: (calls() - callsBefore) / made,
    loop: await loopDelay(loopSocket),
    othersShare: othersOf(usage) / (tookMs * availableParallelism()),
  };
}

function othersOf({ machine, load, relay, signer, devnet }: Usage): number {
  return Math.max(0, machine - load - relay - signer - devnet);
}
