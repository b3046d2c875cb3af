import {
  ListPausesResponseSchema,
  type Pause,
  PauseLevel,
  PauseLevelSchema,
  PauseMode,
  PauseModeSchema,
  PauseResponseSchema,
  ResumeResponseSchema,
} from "@countersign/gen/countersign/admin/v1/pause_pb.ts";
import { PauseService } from "@countersign/gen/countersign/admin/v1/pause_service_pb.ts";
import { Argument, Command } from "commander";
import { type AdminOptions, adminClient, withAdminOptions } from "./admin-connection.ts";
import { enumText, formatTable, printAnswer } from "./print.ts";
import { timeText } from "./time-text.ts";

const LEVELS = {
  relay: PauseLevel.RELAY,
  tenant: PauseLevel.TENANT,
  method: PauseLevel.METHOD,
  "action-kind": PauseLevel.ACTION_KIND,
  "relayer-key": PauseLevel.RELAYER_KEY,
};
type Level = keyof typeof LEVELS;

interface PauseOptions extends AdminOptions {
  reason: string;
  hold?: true;
}

/** `countersign pause` */
export function pauseCommand(): Command {
  return onLevel(new Command("pause"))
    .requiredOption("--reason <text>", "why, for the audit log and for whoever is paged next")
    .option("--hold", "also hold back what was accepted before and is not signed (relay and tenant only)")
    .action(async (level: Level, target: string, options: PauseOptions) => {
      const answer = await adminClient(PauseService, options).pause({
        level: LEVELS[level],
        target,
        mode: options.hold ? PauseMode.HOLD : PauseMode.DRAIN,
        reason: options.reason,
      });
      printAnswer(PauseResponseSchema, answer, options, one);
    });
}

/** `countersign resume` */
export function resumeCommand(): Command {
  return onLevel(new Command("resume"))
    .option("--reason <text>", "why, for the audit log", "")
    .action(async (level: Level, target: string, options: AdminOptions & { reason: string }) => {
      const { reason } = options;
      const answer = await adminClient(PauseService, options).resume({
        level: LEVELS[level],
        target,
        reason,
      });
      printAnswer(ResumeResponseSchema, answer, options, (a) => `ended:\n${one(a)}`);
    });
}

/** `countersign pauses` */
export function pausesCommand(): Command {
  return withAdminOptions(new Command("pauses")).action(async (options: AdminOptions) => {
    const answer = await adminClient(PauseService, options).listPauses({});
    printAnswer(
      ListPausesResponseSchema,
      answer,
      options,
      ({ pauses, openSubmissions }) => `${table(pauses)}\nopen submissions: ${openSubmissions}\n`,
    );
  });
}

function onLevel(command: Command): Command {
  const level = new Argument("<level>", "what kind of thing").choices(Object.keys(LEVELS));
  return withAdminOptions(command).addArgument(level).argument("[target]", "which one; none for relay", "");
}

function one({ pause }: { pause?: Pause | undefined }): string {
  return table(pause === undefined ? [] : [pause]);
}

function table(pauses: readonly Pause[]): string {
  return formatTable({
    columns: ["LEVEL", "TARGET", "MODE", "SINCE", "BY", "REASON"],
    rows: pauses.map((p) => [
      enumText(PauseLevelSchema, p.level).toLowerCase().replace("_", "-"),
      p.target,
      enumText(PauseModeSchema, p.mode).toLowerCase(),
      timeText(p.createTime),
      p.author,
      p.reason,
    ]),
  });
}
