import { Scope as ScopeMessage } from "@countersign/gen/countersign/admin/v1/api_key_pb.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { Scope } from "../../ledger/protection-types.ts";

const MESSAGES: Readonly<Record<Scope, ScopeMessage>> = {
  read: ScopeMessage.READ,
  list: ScopeMessage.LIST,
  submit: ScopeMessage.SUBMIT,
  accounts: ScopeMessage.ACCOUNTS,
  threshold: ScopeMessage.THRESHOLD,
  "end-users": ScopeMessage.END_USERS,
};

const NAMES = new Map(Object.entries(MESSAGES).map(([name, message]) => [message, name as Scope]));

/** Each once, in the order given. Throws FIELD_INVALID for one that there is not. */
export function scopesFrom(messages: readonly ScopeMessage[]): Scope[] {
  return [...new Set(messages)].map((message) => {
    const scope = NAMES.get(message);
    if (scope === undefined)
      throw new DomainError(ErrorReason.FIELD_INVALID, "scopes holds an unknown scope");
    return scope;
  });
}

export function scopeMessages(scopes: readonly Scope[]): ScopeMessage[] {
  return scopes.map((scope) => MESSAGES[scope]);
}
