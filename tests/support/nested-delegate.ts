import { actions } from "near-api-js";
import type { TestWallet } from "./test-wallet.ts";

/** Bytes of a Transfer with its tag. */
const TRANSFER_LENGTH = 17;
/** Borsh's tag of a Delegate action. */
const DELEGATE_TAG = 8;

/**
 * A delegate whose one action is a delegate, which NEP-366 forbids and no library makes: a Transfer is replaced in the
 * bytes. Its own signature does not hold; it is refused before anybody looks.
 */
export async function nestedDelegate(wallet: TestWallet, receiverId: string): Promise<Uint8Array> {
  const inner = await wallet.delegate({ receiverId });
  const outer = await wallet.delegate({ receiverId, actions: [actions.transfer(0n)] });
  // After two names and a count.
  const at = 4 + wallet.accountId.length + 4 + receiverId.length + 4;
  return Uint8Array.from([
    ...outer.subarray(0, at),
    DELEGATE_TAG,
    ...inner,
    ...outer.subarray(at + TRANSFER_LENGTH),
  ]);
}
