import {
  type GetStatusResponse,
  GetStatusResponseSchema,
} from "@countersign/gen/countersign/signer/v1/signer_admin_pb.ts";
import { Command } from "commander";
import { type AdminOptions, adminClient, withAdminOptions } from "./admin-connection.ts";
import { printAnswer } from "./admin-output.ts";
import { formatColumns } from "./columns.ts";
import { keyStatusTable } from "./key-status-table.ts";

/** `signer status` */
export function statusCommand(): Command {
  const command = new Command("status");
  return withAdminOptions(command).action(async (options: AdminOptions) => {
    printAnswer(GetStatusResponseSchema, await adminClient(options).getStatus({}), options, statusText);
  });
}

function statusText({ audience, keys, backends, journal }: GetStatusResponse): string {
  const head = Buffer.from(journal?.headHash ?? []).toString("hex");
  const places = formatColumns(
    ["BACKEND", "WHERE", "HEALTH"],
    backends.map(({ name, description, healthy, problem }) => [name, description, healthy ? "ok" : problem]),
  );
  const lock = journal?.lockReason === "" ? "open" : `locked: ${journal?.lockReason}`;
  const lines = [
    `audience ${audience}`,
    `journal  ${lock}, ${journal?.entries ?? 0n} entries, head ${head === "" ? "none" : head}`,
    `store    incarnation ${journal?.incarnation}`,
  ];
  return `${lines.join("\n")}\n\n${keyStatusTable(keys)}\n${places}`;
}
