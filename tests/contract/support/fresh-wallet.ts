import { randomBytes } from "node:crypto";
import { NEAR, type TestRelay } from "../../support/test-relay.ts";
import { TestWallet } from "../../support/test-wallet.ts";

/** What a key may do that has not full access. */
export interface FunctionCallAccess {
  readonly receiverId: string;
  readonly methodNames?: readonly string[];
  /** yoctoNEAR as a decimal string. */
  readonly allowance?: string;
}

/** A wallet with 10 NEAR that nobody has used before; with `access`, its one key is restricted to that. */
export function freshWallet({ devnet }: TestRelay, access?: FunctionCallAccess): TestWallet {
  const wallet = new TestWallet(`w${randomBytes(5).toString("hex")}.test`);
  wallet.maxBlockHeight = devnet.chain.head.height + 1_000n;
  devnet.chain.addAccount({
    id: wallet.accountId,
    balance: (10n * NEAR).toString(),
    keys: [
      access === undefined ? wallet.publicKey : { publicKey: wallet.publicKey, functionCall: { ...access } },
    ],
  });
  // The block's state has the wallet, and what the chain has to do from now on is not this.
  devnet.chain.produceBlock();
  return wallet;
}
