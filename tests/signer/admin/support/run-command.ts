import type { keyCommand } from "@countersign/signer-service/commands/key.ts";
import { vi } from "vitest";

/** What a command printed and, if it failed, its message. */
export interface CommandResult {
  stdout: string;
  stderr: string;
  error: string | null;
}

/** Runs a command of the command line in this process. */
export async function runCommand(
  command: ReturnType<typeof keyCommand>,
  ...args: string[]
): Promise<CommandResult> {
  const result: CommandResult = { stdout: "", stderr: "", error: null };
  const capture = (name: "stdout" | "stderr") =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      result[name] += String(text);
      return true;
    });
  const spies = [capture("stdout"), capture("stderr")];
  const all = [command, ...command.commands];
  for (const one of all) one.exitOverride();
  try {
    await command.parseAsync(args, { from: "user" });
  } catch (error) {
    result.error = (error as Error).message;
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return result;
}
