import { KeyState, KeyStateSchema } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import type { KeyStatus } from "@countersign/gen/countersign/signer/v1/signer_admin_pb.ts";
import { formatColumns } from "./columns.ts";

const HEADING = ["KEY ID", "NETWORK", "ACCOUNT", "STATE", "BACKEND", "FLOOR", "HIGHEST", "POLICY", "REMARKS"];

/** Keys as their operators want to see them. */
export function keyStatusTable(keys: readonly KeyStatus[]): string {
  return formatColumns(HEADING, keys.map(row));
}

/** "active", and so on. */
function stateText(state: KeyState | undefined): string {
  return KeyStateSchema.value[state ?? KeyState.UNSPECIFIED]?.localName.toLowerCase() ?? String(state);
}

/** One key with its public half, which goes to the chain. */
export function keyStatusText(key: KeyStatus | undefined): string {
  if (key === undefined) return "";
  return `${keyStatusTable([key])}public key: ${key.key?.publicKey ?? ""}\n`;
}

function row({ key, backend, nonceFloor, highestNonce, hasPolicy, pauseReason }: KeyStatus): string[] {
  const remarks = [
    key?.paused === true ? `paused: ${pauseReason}` : "",
    key?.state === KeyState.ACTIVE && nonceFloor === undefined
      ? "locked: its nonce is to be read (signer floors)"
      : "",
  ];
  return [
    key?.keyId ?? "",
    key?.network ?? "",
    key?.accountId ?? "",
    stateText(key?.state),
    backend,
    nonceFloor?.toString() ?? "",
    highestNonce?.toString() ?? "",
    hasPolicy ? "yes" : "none",
    remarks.filter((remark) => remark !== "").join("; "),
  ];
}
