import {
  type Action,
  actions,
  buildDelegateAction,
  createTransaction,
  encodeTransaction,
  KeyPair,
  KeyPairSigner,
  type PublicKey,
} from "near-api-js";

export const RELAYER = "relay.testnet";

/** The borsh bytes of an unsigned transaction, made by near-api-js. */
export function transactionBytes(
  publicKey: PublicKey,
  overrides: { signerId?: string; receiverId?: string; nonce?: bigint; actions?: Action[] } = {},
): Uint8Array {
  return encodeTransaction(
    createTransaction(
      overrides.signerId ?? RELAYER,
      publicKey,
      overrides.receiverId ?? "alice.testnet",
      overrides.nonce ?? 42n,
      overrides.actions ?? [actions.transfer(1n)],
      new Uint8Array(32).fill(7),
    ),
  );
}

/** A Delegate action that alice.testnet's key signed. Without a valid signature its nonce was altered after signing. */
export async function delegateAction(
  options: { curve?: "ed25519" | "secp256k1"; validSignature?: boolean } = {},
): Promise<Action> {
  const pair = KeyPair.fromRandom(options.curve ?? "ed25519");
  const delegate = buildDelegateAction({
    senderId: "alice.testnet",
    receiverId: "app.testnet",
    actions: [actions.functionCall("vote", { yes: true }, 30_000_000_000_000n, 0n)],
    nonce: 8n,
    maxBlockHeight: 1_000n,
    publicKey: pair.getPublicKey(),
  });
  const { signedDelegate } = await new KeyPairSigner(pair).signDelegateAction(delegate);
  if (options.validSignature === false) delegate.nonce += 1n;
  return actions.signedDelegate(signedDelegate);
}
