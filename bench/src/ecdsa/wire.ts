import { EcdsaWallet } from "./ecdsa-wallet.ts";
import type { ServedStack } from "./served-stack.ts";
import { type Bytes, WireCount } from "./wire-count.ts";

/** What one presignature sends, each way. */
export interface Wire {
  readonly client: Bytes;
  readonly relayer: Bytes;
}

/** Counts the bytes of `count` presignatures of a wallet of its own; what one has. */
export async function measureWire({ stack }: ServedStack, count: number): Promise<Wire> {
  const wire = new WireCount({ withBytes: true });
  const wallet = await EcdsaWallet.open(stack.relayUrl, "counted.test", wire);
  try {
    await wallet.mint();
    const before = { client: { ...wire.client }, relayer: { ...wire.relayer } };
    await wallet.presign(count);
    return {
      client: each(before.client, wire.client, count),
      relayer: each(before.relayer, wire.relayer, count),
    };
  } finally {
    wallet.close();
  }
}

function each(before: Bytes, after: Bytes, count: number): Bytes {
  return {
    protocol: (after.protocol - before.protocol) / count,
    whole: (after.whole - before.whole) / count,
  };
}
