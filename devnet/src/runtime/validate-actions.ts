import { isValidAccountId } from "../chain/account-id.ts";
import { LIMITS, PROTOCOL_VERSION } from "../chain/config.ts";
import { type ErrorVariant, u64 } from "../chain/errors.ts";
import type { Action, Permission } from "../codec/action.ts";
import { totalPrepaidGas } from "./fees.ts";

/**
 * The first ActionsValidationError of a list of actions, or undefined: everything that can be told without state
 * (nearcore runtime/runtime/src/action_validation.rs, validate_actions).
 */
export function actionsValidationError(actions: readonly Action[]): ErrorVariant | undefined {
  if (actions.length > LIMITS.maxActionsPerReceipt) {
    return {
      TotalNumberOfActionsExceeded: {
        total_number_of_actions: actions.length,
        limit: LIMITS.maxActionsPerReceipt,
      },
    };
  }
  let delegates = 0;
  for (const [index, action] of actions.entries()) {
    if (action.kind === "DeleteAccount" && index < actions.length - 1) return "DeleteActionMustBeFinal";
    if (action.kind === "Delegate" && ++delegates > 1) return "DelegateActionMustBeOnlyOne";
    const error = actionValidationError(action);
    if (error !== undefined) return error;
  }
  const prepaid = totalPrepaidGas(actions);
  if (prepaid >= 1n << 64n) return "IntegerOverflow";
  if (prepaid > LIMITS.maxTotalPrepaidGas) {
    return {
      TotalPrepaidGasExceeded: { total_prepaid_gas: u64(prepaid), limit: u64(LIMITS.maxTotalPrepaidGas) },
    };
  }
  return undefined;
}

function actionValidationError(action: Action): ErrorVariant | undefined {
  switch (action.kind) {
    case "DeployContract":
      return tooLong("ContractSizeExceeded", "size", action.code.length, LIMITS.maxContractSize);
    case "FunctionCall":
      if (action.gas === 0n) return "FunctionCallZeroAttachedGas";
      return (
        tooLong(
          "FunctionCallMethodNameLengthExceeded",
          "length",
          Buffer.byteLength(action.methodName),
          LIMITS.maxMethodNameLength,
        ) ??
        tooLong(
          "FunctionCallArgumentsLengthExceeded",
          "length",
          action.args.length,
          LIMITS.maxArgumentsLength,
        )
      );
    case "AddKey":
      return permissionValidationError(action.accessKey.permission);
    case "Delegate":
      return actionsValidationError(action.delegate.actions);
    case "DeployGlobalContract":
    case "UseGlobalContract":
      // The devnet has no global contracts; on a chain that has them this is what an older protocol answers.
      return {
        UnsupportedProtocolFeature: { protocol_feature: "GlobalContracts", version: PROTOCOL_VERSION },
      };
    default:
      return undefined;
  }
}

function permissionValidationError(permission: Permission): ErrorVariant | undefined {
  if (permission.kind === "FullAccess") return undefined;
  if (!isValidAccountId(permission.receiverId)) {
    return { InvalidAccountId: { account_id: permission.receiverId.slice(0, 128) } };
  }
  let total = 0;
  for (const name of permission.methodNames) {
    const length = Buffer.byteLength(name);
    const error = tooLong("AddKeyMethodNameLengthExceeded", "length", length, LIMITS.maxMethodNameLength);
    if (error !== undefined) return error;
    total += length + 1;
  }
  return tooLong(
    "AddKeyMethodNamesNumberOfBytesExceeded",
    "total_number_of_bytes",
    total,
    LIMITS.maxMethodNamesBytes,
  );
}

function tooLong(variant: string, field: string, value: number, limit: number): ErrorVariant | undefined {
  return value > limit ? { [variant]: { [field]: value, limit } } : undefined;
}
