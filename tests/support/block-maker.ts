import type { Devnet } from "@countersign/devnet";

const BLOCK_MS = 20;

/** Lets a chain that makes blocks only when asked go on; the answer holds it again. */
export function makeBlocks({ chain }: Devnet): () => void {
  const timer = setInterval(() => chain.produceBlock(), BLOCK_MS);
  return () => clearInterval(timer);
}
