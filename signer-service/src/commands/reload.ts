import { ReloadResponseSchema } from "@countersign/gen/countersign/signer/v1/signer_admin_pb.ts";
import { Command } from "commander";
import { type AdminOptions, adminClient, withAdminOptions } from "./admin-connection.ts";
import { printAnswer } from "./admin-output.ts";

/** `signer reload` */
export function reloadCommand(): Command {
  const command = new Command("reload");
  return withAdminOptions(command).action(async (options: AdminOptions) => {
    const answer = await adminClient(options).reload({});
    const named = (ids: readonly string[]) => (ids.length === 0 ? "none" : ids.join(", "));
    printAnswer(
      ReloadResponseSchema,
      answer,
      options,
      ({ added, removed }) => `reloaded; keys added: ${named(added)}; keys removed: ${named(removed)}\n`,
    );
  });
}
