import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { formatPublicKey } from "@countersign/near";
import { publicKeyOf } from "@countersign/signer-service/backends/keystore/ed25519-seed.ts";
import { adminGrantCommand } from "@countersign/signer-service/commands/admin-grant.ts";
import { auditCommand } from "@countersign/signer-service/commands/audit.ts";
import { floorsCommand } from "@countersign/signer-service/commands/floors.ts";
import { grantCommand } from "@countersign/signer-service/commands/grant.ts";
import { journalCommand } from "@countersign/signer-service/commands/journal.ts";
import { keyCommand } from "@countersign/signer-service/commands/key.ts";
import { reloadCommand } from "@countersign/signer-service/commands/reload.ts";
import { statusCommand } from "@countersign/signer-service/commands/status.ts";
import { onTestFinished } from "vitest";
import { COMPILE_CACHE } from "../../../support/compile-cache.ts";
import { inOneFile } from "../../../support/one-file.ts";
import { type SignerSettings, signerSettings } from "../../../support/signer-settings.ts";
import { adminOf } from "../../../support/test-signer.ts";
import { runCommand } from "../../admin/support/run-command.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const CLI = new URL("../../../../signer-service/src/cli.ts", import.meta.url);
export const AUDIENCE = "test-signer";

/** The command line, but for `signer run`. */
const COMMANDS: Readonly<Record<string, typeof keyCommand>> = {
  status: statusCommand,
  reload: reloadCommand,
  key: keyCommand,
  floors: floorsCommand,
  grant: grantCommand,
  "admin-grant": adminGrantCommand,
  journal: journalCommand,
  audit: auditCommand,
};

/** A line of the signer's log. */
type LogLine = Readonly<Record<string, unknown>>;

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<number | string | null>;
}

/** Who runs a signer in a process of its own, with its configuration file and the command line. */
export class SignerOperator {
  /** Holds everything of this signer; it writes to "run", where its sockets are, and to "state" alone. */
  readonly folder = temporaryDirectory();
  /** The relay's. */
  readonly grantKey: KeyObject = generateKeyPairSync("ed25519").privateKey;
  readonly #environment: Record<string, string>;
  #settings: SignerSettings = {};
  #running: Running | undefined;
  #lines: LogLine[] = [];
  #waiting = new Set<() => void>();
  #complaints = "";
  #exports = 0;

  constructor(environment: Record<string, string> = {}) {
    this.#environment = { ...COMPILE_CACHE, PATH: process.env.PATH ?? "", ...environment };
    for (const name of ["run", "state"]) mkdirSync(this.file(name), { mode: 0o700 });
    this.configure({
      ...signerSettings(this.file("run")),
      store: { url: `sqlite:${this.storePath}` },
      grants: {
        required: true,
        keys: [{ id: "relay", public_key: formatPublicKey(publicKeyOf(this.grantKey)) }],
      },
      log: { level: "info" },
    });
    onTestFinished(() => this.kill());
  }

  get config(): string {
    return join(this.folder, "signer.yaml");
  }

  get socketPath(): string {
    return join(this.folder, "run/s");
  }

  get adminSocketPath(): string {
    return join(this.folder, "run/a");
  }

  get storePath(): string {
    return join(this.folder, "state/signer.db");
  }

  get pid(): number {
    return this.#now.child.pid ?? 0;
  }

  /** Where metrics and readiness are served. */
  get operations(): string {
    return String(this.#lines.find(({ msg }) => msg === "listening")?.operations);
  }

  /** What it logged since its last start. */
  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  /** Changes sections of the configuration file. */
  configure(sections: SignerSettings): void {
    this.#settings = { ...this.#settings, ...sections };
    this.writeConfig(JSON.stringify(this.#settings));
  }

  /** Puts any text in place of the configuration file, whole at once. */
  writeConfig(text: string): void {
    writeFileSync(`${this.config}.new`, text, { mode: 0o600 });
    renameSync(`${this.config}.new`, this.config);
  }

  /** Starts the signer, behind another program if one is given, and waits until it listens. */
  async start(environment: Record<string, string> = {}, before: readonly string[] = []): Promise<void> {
    const cli = fileURLToPath(await inOneFile(CLI));
    const [program = "", ...args] = [...before, process.execPath, cli, "run", "--config", this.config];
    const child = spawn(program, args, { env: { ...this.#environment, ...environment } });
    this.#lines = [];
    this.#complaints = "";
    child.stderr.on("data", (chunk) => {
      this.#complaints += chunk;
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.#lines.push(JSON.parse(line));
      for (const look of [...this.#waiting]) look();
    });
    const ended = once(child, "close").then(([code, signal]) => signal ?? code);
    this.#running = { child, ended };
    await this.logged(({ msg }) => msg === "listening");
  }

  /** Resolves with the first such line since the last start, also with one that has been. Throws when it ends before. */
  async logged(isIt: (line: LogLine) => boolean): Promise<LogLine> {
    const { ended } = this.#now;
    let look = () => {};
    const line = new Promise<LogLine>((resolve) => {
      look = () => {
        const found = this.#lines.find(isIt);
        if (found !== undefined) resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
    const end = ended.then((how) => {
      throw new Error(`the signer ended (${how}): ${this.#complaints}${JSON.stringify(this.#lines.at(-1))}`);
    });
    return Promise.race([line, end]).finally(() => this.#waiting.delete(look));
  }

  signal(name: NodeJS.Signals): void {
    this.#now.child.kill(name);
  }

  /** How it ended: the signal, or the exit code. */
  get ended(): Promise<number | string | null> {
    return this.#now.ended;
  }

  /** SIGTERM; gives how it ended. */
  async stop(): Promise<number | string | null> {
    this.signal("SIGTERM");
    return this.#end();
  }

  /** kill -9. */
  async kill(): Promise<void> {
    if (this.#running === undefined) return;
    this.signal("SIGKILL");
    await this.#end();
  }

  /**
   * Runs a command and gives what it printed; throws an Error with what it complained of. It runs in this process:
   * starting one for each would take most of the time.
   */
  async run(...args: string[]): Promise<string> {
    const { stdout, error } = await this.#command(args);
    if (error !== null) throw new Error(`signer ${args.join(" ")}: ${error}`);
    return stdout;
  }

  /** What a command complains of; throws when it does not. */
  async refused(...args: string[]): Promise<string> {
    const { error } = await this.#command(args);
    if (error === null) throw new Error(`signer ${args.join(" ")} succeeded`);
    return error;
  }

  /** A command that calls the running signer. */
  admin(...args: string[]): Promise<string> {
    return this.run(...args, ...this.at);
  }

  /** How such a command is told where the signer is. */
  get at(): string[] {
    return ["--admin", `unix:${this.adminSocketPath}`];
  }

  /** The keys by id, as `signer status` shows them. */
  async keys(): Promise<Record<string, { public_key: string; state: string }>> {
    const { keys } = JSON.parse(await this.admin("status", "--json"));
    return Object.fromEntries(keys.map(({ key }: { key: { key_id: string } }) => [key.key_id, key]));
  }

  /** Tells the signer an access key's nonce on the chain, where there is no chain. */
  async openKey(keyId: string, nonce: bigint): Promise<void> {
    await adminOf(this.adminSocketPath).setNonceFloors({ floors: [{ keyId, nonce }] });
  }

  /** The entries of an export that verifies, of the audit or the journal. */
  async exported(what: "audit" | "journal"): Promise<Record<string, unknown>[]> {
    const file = this.file(`${what}-${this.#exports++}.jsonl`);
    await this.run(what, "export", "--config", this.config, "--out", file);
    await this.run(what, "verify", file);
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    return lines.map((line) => JSON.parse(line)).filter(({ type }) => type === "entry");
  }

  /** Makes an admin key, which the configuration names "ops" from then on. */
  async makeAdminKey(): Promise<void> {
    const publicKey = await this.run("grant", "keygen", "--out", this.file("ops.key"));
    this.configure({ admin_keys: [{ id: "ops", public_key: publicKey.trim() }] });
  }

  /** Signs an admin grant with that key and installs it. */
  async installGrant(id: string, ...args: string[]): Promise<void> {
    const [kind = "", ...rest] = args;
    const admin = ["--admin-key", `file:${this.file("ops.key")}`, "--admin-key-id", "ops"];
    const names = ["--audience", AUDIENCE, "--id", id, "--expires", "10m", "--out", this.file(`${id}.json`)];
    await this.run("grant", kind, ...admin, ...names, ...rest);
    await this.admin("admin-grant", "install", this.file(`${id}.json`));
  }

  #command([name = "", ...args]: readonly string[]) {
    const make = COMMANDS[name];
    if (make === undefined) throw new Error(`there is no signer ${name}`);
    return runCommand(make(), ...args);
  }

  async #end(): Promise<number | string | null> {
    const how = await this.#now.ended;
    this.#running = undefined;
    return how;
  }

  get #now(): Running {
    if (this.#running === undefined) throw new Error("the signer does not run");
    return this.#running;
  }
}
