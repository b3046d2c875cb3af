import { Account, JsonRpcProvider, KeyPairSigner } from "near-api-js";
import { NETWORK, RELAYER } from "../../../support/test-relay.ts";
import { type Custody, KEY_ID } from "./custody.ts";
import type { Stack } from "./stack.ts";

export const NEXT_KEY_ID = "relayer-2";

/** Makes a second key in the running signer, adds it to the account, gives it a policy, and makes it active. */
export async function addNextKey(stack: Stack, { backend }: Custody): Promise<void> {
  const admin = adminOf(stack);
  const names = ["--key-id", NEXT_KEY_ID, "--network", NETWORK, "--account", RELAYER];
  const made = await stack.signerCommand(
    "key",
    "generate",
    ...admin,
    "--backend",
    backend,
    ...names,
    "--json",
  );
  const { public_key: publicKey } = (JSON.parse(made) as { key: { key: { public_key: string } } }).key.key;
  const provider = new JsonRpcProvider({ url: stack.rpcUrl });
  await new Account(RELAYER, provider, new KeyPairSigner(stack.owner)).addFullAccessKey(publicKey);
  stack.writeSignerConfig([KEY_ID, NEXT_KEY_ID]);
  await stack.signerCommand("reload", ...admin);
  await stack.signerCommand("key", "activate", ...admin, "--key-id", NEXT_KEY_ID, "--rpc", stack.rpcUrl);
}

/** Makes the first key sign nothing new. */
export async function drainFirstKey(stack: Stack): Promise<void> {
  await stack.signerCommand("key", "drain", ...adminOf(stack), "--key-id", KEY_ID);
}

/** Reads the first key's nonce from the chain, before which a new signer signs nothing. */
export async function openJournal(stack: Stack): Promise<void> {
  await stack.signerCommand("floors", ...adminOf(stack), "--rpc", stack.rpcUrl, "--yes");
}

function adminOf({ folder }: Stack): string[] {
  return ["--admin", `unix:${folder}/a`];
}
