import { availableParallelism } from "node:os";
import { quantile } from "../shared/quantiles.ts";
import { spent, usageOf } from "../shared/usage.ts";
import { type BenchWallet, USES_OF_A_SESSION } from "./bench-wallet.ts";
import type { Row } from "./rows.ts";
import type { ServedStack } from "./served-stack.ts";

/** One round of a row. Times in milliseconds. */
export interface Round {
  /** Signatures that were made; each verifies. */
  readonly signed: number;
  readonly perSecond: number;
  /** From the wallet's call to the signature that it has verified. */
  readonly signMs: { readonly p50: number; readonly p99: number };
  /** CPU time of a signature. The client is this process. */
  readonly cpuMs: { readonly client: number; readonly relay: number; readonly signer: number };
  /** Share of the machine, 0 to 1, that went to anything else: PostgreSQL's server, for one. */
  readonly othersShare: number;
}

/** Has the row's wallets sign once. Throws an Error if a call fails or a signature does not verify. */
export async function measureRound({ stack, wallets }: ServedStack, row: Row): Promise<Round> {
  const { inFlight, signatures } = row;
  const signers = wallets.slice(0, inFlight);
  const each = Math.ceil(signatures / inFlight);
  if (each > USES_OF_A_SESSION) throw new Error("a round is too large for a threshold session");
  for (const wallet of signers) await wallet.mint();

  const before = await usageOf(stack);
  const began = performance.now();
  const made = await Promise.all(signers.map((wallet) => signInTurn(wallet, each)));
  const tookMs = performance.now() - began;
  const { load, relay, signer, devnet, machine } = spent(before, await usageOf(stack));

  const signMs = made.flatMap(({ tookMs }) => tookMs);
  const signed = signMs.length;
  for (const { verifications } of made) {
    if (!verifications.every((verify) => verify())) throw new Error("a signature does not verify");
  }
  const others = Math.max(0, machine - load - relay - signer - devnet);
  return {
    signed,
    perSecond: (signed / tookMs) * 1000,
    signMs: { p50: quantile(signMs, 0.5), p99: quantile(signMs, 0.99) },
    cpuMs: { client: load / signed, relay: relay / signed, signer: signer / signed },
    othersShare: others / (tookMs * availableParallelism()),
  };
}

async function signInTurn(wallet: BenchWallet, count: number) {
  const tookMs: number[] = [];
  const verifications: (() => boolean)[] = [];
  for (let i = 0; i < count; i++) {
    const called = performance.now();
    verifications.push(await wallet.sign());
    tookMs.push(performance.now() - called);
  }
  return { tookMs, verifications };
}
