import type { HeldKey } from "../lanes/lane-pool.ts";
import type { KeyOperation } from "../ledger/ledger.ts";
import { changeOnChain, isOnAccount } from "./change-on-chain.ts";
import type { StepContext } from "./step-context.ts";
import { StepProblem, type StepResult } from "./step-result.ts";

/**
 * Does what an operation's step is for, as far as that goes now. It may be done again, also by another replica at the same
 * time. Throws what the signer, the chain and the ledger throw, and StepProblem.
 */
export async function takeStep(
  operation: KeyOperation,
  context: StepContext,
  signal: AbortSignal,
): Promise<StepResult> {
  const { accountId, newPublicKey, oldPublicKey, step } = operation;
  switch (step) {
    case "GENERATING":
      return generate(operation, context, signal);
    case "ADDING":
      return changeOnChain(operation, { kind: "add", accountId, publicKey: newPublicKey }, context, signal);
    case "ACTIVATING":
      return activate(operation, context, signal);
    case "DRAINING":
      return drain(operation, context, signal);
    case "DELETING":
      return changeOnChain(
        operation,
        { kind: "delete", accountId, publicKey: oldPublicKey },
        context,
        signal,
      );
    case "RETIRING":
      return retire(operation, context, signal);
    case "DONE":
    case "CANCELLED":
      throw new Error(`operation ${operation.id} is at its end`);
  }
}

async function generate(
  operation: KeyOperation,
  { signer }: StepContext,
  signal: AbortSignal,
): Promise<StepResult> {
  const { network, accountId, newKeyId: keyId } = operation;
  const made = await signer.generate({ network, accountId, keyId }, signal);
  assertKey(made, operation, keyId);
  if (made.state === "RETIRED") throw new StepProblem(`the signer's key ${keyId} is retired: cancel this`);
  return { kind: "done", newPublicKey: made.publicKey };
}

async function activate(
  operation: KeyOperation,
  context: StepContext,
  signal: AbortSignal,
): Promise<StepResult> {
  const { newKeyId, newPublicKey } = operation;
  // Before the chain is asked: it must not be another key that is on it.
  await heldKey(operation, newKeyId, newPublicKey, context, signal);
  await activateAsOnChain(operation, newKeyId, newPublicKey, context, signal);
  // The lanes look again soon by themselves.
  await context.refreshLanes().catch(() => undefined);
  return { kind: "done" };
}

async function activateAsOnChain(
  operation: KeyOperation,
  keyId: string,
  publicKey: string,
  { signer, chain }: StepContext,
  signal: AbortSignal,
): Promise<HeldKey> {
  const { accountId } = operation;
  const { nonce, permission } = await chain.view({ accountId, publicKey }, signal);
  if (permission.kind !== "FullAccess") {
    throw new StepProblem(`key ${publicKey} is on the account without full access: somebody else added it`);
  }
  const active = await signer.activate(keyId, nonce, signal);
  assertKey(active, operation, keyId, publicKey);
  return active;
}

/**
 * A key that never came to the account has nothing to drain, nor has one that is drained already: then the signer is not
 * asked again. A pending one that is on the account is activated first, for the signer lets only drained keys be deleted.
 */
async function drain(
  operation: KeyOperation,
  context: StepContext,
  signal: AbortSignal,
): Promise<StepResult> {
  const { signer, ledger, refreshLanes } = context;
  const { network, accountId, oldKeyId, oldPublicKey } = operation;
  let held = await heldKey(operation, oldKeyId, oldPublicKey, context, signal);
  if (held.state === "PENDING") {
    const change = await ledger.openKeyChange(network, accountId);
    if (change !== undefined) return { kind: "waits", on: `submission ${change}, which may add the key` };
    const key = { accountId, publicKey: oldPublicKey };
    if (await isOnAccount(context.chain, key, signal)) {
      held = await activateAsOnChain(operation, oldKeyId, oldPublicKey, context, signal);
    }
  }
  if (held.state === "ACTIVE") {
    const drained = await signer.drain(oldKeyId, signal);
    assertKey(drained, operation, oldKeyId, oldPublicKey);
    if (drained.state !== "DRAINED")
      throw new StepProblem(`the signer's key ${oldKeyId} is ${drained.state}`);
    await refreshLanes().catch(() => undefined);
  }
  // What the signer signed before stands in the key's lane by now: it was put there before it was signed.
  const open = (await ledger.openByKey(network, accountId)).get(oldPublicKey) ?? 0;
  return open === 0
    ? { kind: "done" }
    : { kind: "waits", on: `the submissions that are in the hands of key ${oldKeyId}` };
}

async function retire(
  operation: KeyOperation,
  context: StepContext,
  signal: AbortSignal,
): Promise<StepResult> {
  const { signer, refreshLanes } = context;
  const { oldKeyId, oldPublicKey } = operation;
  await heldKey(operation, oldKeyId, oldPublicKey, context, signal);
  assertKey(await signer.retire(oldKeyId, signal), operation, oldKeyId, oldPublicKey);
  await refreshLanes().catch(() => undefined);
  return { kind: "done" };
}

/** The signer's key. Throws StepProblem where it holds none of that name, or another. */
async function heldKey(
  operation: KeyOperation,
  keyId: string,
  publicKey: string,
  { listKeys }: StepContext,
  signal: AbortSignal,
): Promise<HeldKey> {
  const held = (await listKeys(signal)).find((key) => key.keyId === keyId);
  if (held === undefined) throw new StepProblem(`the signer holds no key ${keyId}`);
  assertKey(held, operation, keyId, publicKey);
  return held;
}

/** Throws StepProblem when the signer's key is not the operation's: what is done to the one must not be meant for another. */
function assertKey(
  key: HeldKey,
  { network, accountId }: KeyOperation,
  keyId: string,
  publicKey?: string,
): void {
  const isSame =
    key.keyId === keyId &&
    key.network === network &&
    key.accountId === accountId &&
    (publicKey === undefined || key.publicKey === publicKey);
  if (!isSame) throw new StepProblem(`the signer's key ${keyId} is not the one that this operation is about`);
}
