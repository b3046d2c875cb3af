import { readFile } from "node:fs/promises";
import { fromJsonString } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  InstallAdminGrantResponseSchema,
  type InstalledAdminGrant,
  type KeyPoolGrant,
  ListAdminGrantsResponseSchema,
  RevokeAdminGrantResponseSchema,
  SignedAdminGrantSchema,
} from "@countersign/gen/countersign/signer/v1/signer_admin_pb.ts";
import { Command } from "commander";
import { type AdminOptions, adminClient, withAdminOptions } from "./admin-connection.ts";
import { printAnswer } from "./admin-output.ts";
import { formatColumns } from "./columns.ts";

/** `signer admin-grant …`: the admin grants that a running signer keeps. They are signed with `signer grant`. */
export function adminGrantCommand(): Command {
  const command = new Command("admin-grant");
  withAdminOptions(command.command("install"))
    .description("hands the signer an admin grant")
    .argument("<file>", "the signed grant (JSON)")
    .action(async (file: string, options: AdminOptions) => {
      const answer = await adminClient(options).installAdminGrant({ grant: await readGrant(file) });
      printAnswer(InstallAdminGrantResponseSchema, answer, options, ({ grant }) => table([grant]));
    });
  withAdminOptions(command.command("list"))
    .description("shows all admin grants, also those that hold no more")
    .action(async (options: AdminOptions) => {
      const answer = await adminClient(options).listAdminGrants({});
      printAnswer(ListAdminGrantsResponseSchema, answer, options, ({ grants }) => table(grants));
    });
  withAdminOptions(command.command("revoke"))
    .description("revokes an admin grant for good")
    .argument("<id>", "the grant")
    .action(async (id: string, options: AdminOptions) => {
      const answer = await adminClient(options).revokeAdminGrant({ id });
      printAnswer(RevokeAdminGrantResponseSchema, answer, options, ({ grant }) => table([grant]));
    });
  return command;
}

async function readGrant(file: string) {
  const text = await readFile(file, "utf8");
  try {
    return fromJsonString(SignedAdminGrantSchema, text);
  } catch {
    throw new Error(`${file} holds no signed admin grant`);
  }
}

function table(grants: readonly (InstalledAdminGrant | undefined)[]): string {
  const rows = grants.filter((grant) => grant !== undefined).map(row);
  return formatColumns(["ID", "ALLOWS", "NETWORK", "ACCOUNT", "UNTIL", "SIGNED BY", "STANDING"], rows);
}

function row({ grant, adminKeyId, revoked, used }: InstalledAdminGrant): string[] {
  const allows = grant?.grant;
  const standing = revoked ? "revoked" : used ? "used" : "";
  return [
    grant?.id ?? "",
    allowsText(allows),
    allows?.value?.network ?? "",
    allows?.value?.accountId ?? "",
    grant?.expiresAt === undefined ? "" : timestampDate(grant.expiresAt).toISOString(),
    adminKeyId,
    standing,
  ];
}

function allowsText(allows: NonNullable<InstalledAdminGrant["grant"]>["grant"] | undefined): string {
  if (allows?.case === "journalRepair") return `repair of nonce ${allows.value.nonce}`;
  if (allows?.case !== "keyManagement") return "";
  const { mayAdd, mayDelete, pool } = allows.value;
  const parts = [mayAdd ? "add keys" : "", mayDelete ? "delete keys" : "", poolText(pool)];
  return parts.filter((t) => t !== "").join(", ");
}

function poolText(pool: KeyPoolGrant | undefined): string {
  if (pool === undefined) return "";
  const { keyIdPrefix, backend, maxKeys, minActive } = pool;
  return `pool ${keyIdPrefix}* in ${backend} (${minActive} to ${maxKeys} keys)`;
}
