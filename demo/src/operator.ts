import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./processes.ts";
import { COMMAND_LINE, type StepResult } from "./step.ts";

/** Where an operator finds the relay, and what proves that it is one. */
export interface AdminAccess {
  /** "unix:/path" of the relay's admin socket. */
  readonly url: string;
  readonly key: string;
  /** The audit log's public key: an operator has it from whoever set the relay up, not from an export. */
  readonly auditPublicKey: string;
}

/** Who decides what a tenant may do, with the command line `countersign` in a process of its own for each command. */
export class Operator {
  readonly #access: AdminAccess;
  readonly #folder: string;

  constructor(access: AdminAccess, folder: string) {
    this.#access = access;
    this.#folder = folder;
  }

  /** Runs a command with `--json` and gives what it printed. */
  async command(...args: readonly string[]): Promise<unknown> {
    return JSON.parse(await this.#run([...args, "--json"]));
  }

  /** Replaces a tenant's policy or limits; gives the version that it has now. */
  async setDocument(kind: "policy" | "limits", tenant: string, document: unknown): Promise<string> {
    const file = this.#file(`${kind}.json`);
    await writeFile(file, JSON.stringify(document, undefined, 2));
    const answer = (await this.command(kind, "set", tenant, file)) as Record<string, { version: string }>;
    return `version ${answer[kind]?.version}`;
  }

  /** Exports a tenant's audit log into a file. */
  async exportAudit(tenant: string): Promise<void> {
    await this.#run(["audit", "export", tenant, "--out", this.#file("audit.jsonl")]);
  }

  /** Checks the export, without the relay. */
  async verifyAudit(): Promise<AuditVerdict> {
    const pin = ["--public-key", this.#access.auditPublicKey];
    return (await this.command("audit", "verify", this.#file("audit.jsonl"), ...pin)) as AuditVerdict;
  }

  #run(args: readonly string[]): Promise<string> {
    const { url, key } = this.#access;
    return run("server/src/cli.ts", args, { COUNTERSIGN_ADMIN_URL: url, COUNTERSIGN_ADMIN_KEY: key });
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }
}

/** What `countersign audit verify` says of an export. */
export interface AuditVerdict {
  readonly ok: boolean;
  readonly entries: string;
  readonly publicKey: string;
}

/** An operator's command as a step. What it throws is how the step came out. */
export async function operate(
  step: string,
  expected: string,
  command: () => Promise<string>,
): Promise<StepResult> {
  const began = Date.now();
  const got = await command().catch((error: unknown) =>
    error instanceof Error ? error.message : String(error),
  );
  const timesMs = { answered: Date.now() - began };
  return {
    step,
    protocol: COMMAND_LINE,
    expected,
    got,
    ok: got === expected,
    submission: undefined,
    timesMs,
  };
}
