import { type ContextValues, createContextKey } from "@connectrpc/connect";
import type { AdminRole } from "../config/admin-section.ts";

/** An operator, as the credentials prove it. */
export interface Admin {
  /** The name of the key or of the certificate. */
  readonly name: string;
  readonly role: AdminRole;
}

const adminKey = createContextKey<Admin | undefined>(undefined, { description: "the operator" });

/** Notes whom the gate let in. */
export function setAdmin(values: ContextValues, admin: Admin): void {
  values.set(adminKey, admin);
}

/** The operator as author and actor: "admin:NAME". Throws for a call that no gate let in: that is a fault of ours. */
export function authorOf(values: ContextValues): string {
  const admin = values.get(adminKey);
  if (admin === undefined) throw new Error("a call without an operator reached its handler");
  return `admin:${admin.name}`;
}
