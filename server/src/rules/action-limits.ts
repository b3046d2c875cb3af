import { isValidAccountId, type NonDelegateAction } from "@countersign/near";

/** Limits of nearcore's runtime (core/parameters, limit_config). Lengths in bytes. */
const MAX_METHOD_NAME = 256;
const MAX_METHOD_NAMES = 2_000;

/**
 * Why the chain would refuse the actions whatever its state, or undefined (nearcore, runtime/runtime/src/verifier.rs,
 * validate_actions). Such a delegate would cost nothing and could be sent for ever.
 */
export function actionDefect(actions: readonly NonDelegateAction[]): string | undefined {
  for (const [i, action] of actions.entries()) {
    const defect = defectOf(action, i === actions.length - 1);
    if (defect !== undefined) return `action ${i}: ${defect}`;
  }
  return undefined;
}

function defectOf(action: NonDelegateAction, isLast: boolean): string | undefined {
  switch (action.kind) {
    case "FunctionCall":
      if (action.gas === 0n) return "a FunctionCall attaches gas";
      return Buffer.byteLength(action.methodName) > MAX_METHOD_NAME
        ? `a method name has at most ${MAX_METHOD_NAME} bytes`
        : undefined;
    case "DeleteAccount":
      return isLast ? undefined : "DeleteAccount is the last action";
    case "AddKey":
      return action.permission.kind === "FullAccess" ? undefined : keyDefect(action.permission);
    default:
      return undefined;
  }
}

function keyDefect({ receiverId, methodNames }: { receiverId: string; methodNames: readonly string[] }) {
  if (!isValidAccountId(receiverId)) return "an access key's receiver is an account name";
  const lengths = methodNames.map((name) => Buffer.byteLength(name));
  if (lengths.some((length) => length > MAX_METHOD_NAME))
    return `a method name has at most ${MAX_METHOD_NAME} bytes`;
  // Each name is stored with one byte more.
  const total = lengths.reduce((sum, length) => sum + length + 1, 0);
  return total > MAX_METHOD_NAMES
    ? `an access key's method names have at most ${MAX_METHOD_NAMES} bytes`
    : undefined;
}
