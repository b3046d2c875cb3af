import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import {
  ListLockKeysResponseSchema,
  LockKeyState,
  type LockKeyStatus,
  RetireLockKeyResponseSchema,
  RotateLockKeyResponseSchema,
} from "@countersign/gen/countersign/signer/v1/signer_admin_pb.ts";
import { Command, Option } from "commander";
import { type AdminOptions, adminClient, withAdminOptions } from "./admin-connection.ts";
import { printAnswer } from "./admin-output.ts";
import { formatColumns } from "./columns.ts";

const STATES: Readonly<Record<LockKeyState, string>> = {
  [LockKeyState.UNSPECIFIED]: "",
  [LockKeyState.CURRENT]: "current",
  [LockKeyState.GRACE]: "grace",
  [LockKeyState.RETIRED]: "retired",
};

/** The suites by their names here. */
const SUITES = {
  ristretto255: LockSuite.RISTRETTO255_V1,
  ffdhe3072: LockSuite.FFDHE3072_V1,
} as const;

type SuiteName = keyof typeof SUITES;

/** `signer lock …`: the lock keys of a running signer. */
export function lockCommand(): Command {
  const command = new Command("lock");
  withAdminOptions(command.command("list"))
    .description("shows all lock keys, also those that are retired")
    .action(async (options: AdminOptions) => {
      const answer = await adminClient(options).listLockKeys({});
      printAnswer(ListLockKeysResponseSchema, answer, options, ({ keys }) => table(keys));
    });
  withAdminOptions(command.command("rotate"))
    .description("makes a new lock key; the one before only takes off its locks from now on")
    .addOption(new Option("--suite <name>", "its group").choices(Object.keys(SUITES)).default("ristretto255"))
    .requiredOption("--replaces <id>", 'the current key of the suite, or "none" for the first')
    .action(async (options: AdminOptions & { suite: SuiteName; replaces: string }) => {
      const replacedKeyId = options.replaces === "none" ? "" : options.replaces;
      const suite = SUITES[options.suite];
      const answer = await adminClient(options).rotateLockKey({ suite, replacedKeyId });
      printAnswer(RotateLockKeyResponseSchema, answer, options, ({ key }) => table([key]));
    });
  withAdminOptions(command.command("retire"))
    .description("destroys a lock key that is not current any more: what it has locked stays locked")
    .requiredOption("--key-id <id>", "the key")
    .action(async (options: AdminOptions & { keyId: string }) => {
      const answer = await adminClient(options).retireLockKey({ keyId: options.keyId });
      printAnswer(RetireLockKeyResponseSchema, answer, options, ({ key }) => table([key]));
    });
  return command;
}

function table(keys: readonly (LockKeyStatus | undefined)[]): string {
  const rows = keys.filter((key) => key !== undefined).map(row);
  return formatColumns(["KEY ID", "SUITE", "STATE", "MADE", "REPLACED", "RETIRED"], rows);
}

function row({ key, state, createTime, graceTime, retireTime }: LockKeyStatus): string[] {
  const suite = Object.entries(SUITES).find(([, number]) => number === key?.suite)?.[0];
  return [
    key?.keyId ?? "",
    suite ?? "",
    STATES[state] ?? "",
    ...[createTime, graceTime, retireTime].map(timeText),
  ];
}

function timeText(time: Timestamp | undefined): string {
  return time === undefined ? "" : timestampDate(time).toISOString();
}
