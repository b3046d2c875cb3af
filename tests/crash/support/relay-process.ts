import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import { COMPILE_CACHE } from "../../support/compile-cache.ts";
import { inOneFile } from "../../support/one-file.ts";
import type { RelayClient } from "../../support/submitting.ts";
import { relayClient } from "../../support/test-relay.ts";
import type { Message, Plan } from "./plan.ts";

const ENTRY = new URL("relay-that-dies.ts", import.meta.url);

/** A relay in a process of its own. */
export class RelayProcess {
  readonly #child: ChildProcess;
  readonly #messages: Message[] = [];
  /** How it ended: the signal or the exit code. */
  readonly ended: Promise<string | number | null>;
  #address = "";
  #client: RelayClient | undefined;

  private constructor(program: URL, plan: Plan) {
    this.#child = fork(program, [JSON.stringify(plan)], {
      env: { ...process.env, ...COMPILE_CACHE },
      execArgv: [],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#child.on("message", (message: Message) => this.#messages.push(message));
    this.ended = once(this.#child, "exit").then(([code, signal]) => signal ?? code);
    onTestFinished(() => this.kill().then(() => undefined));
  }

  /** Starts one that may not live until it serves. */
  static async spawn(plan: Plan): Promise<RelayProcess> {
    return new RelayProcess(await inOneFile(ENTRY), plan);
  }

  /** Starts one and waits until it serves. */
  static async start(plan: Plan): Promise<RelayProcess> {
    const relay = await RelayProcess.spawn(plan);
    await relay.serves();
    return relay;
  }

  async serves(): Promise<void> {
    const { address = "" } = await this.seen("serves");
    this.#address = address;
    this.#client = relayClient(address);
  }

  /** Base URL of its public port; empty before it serves. */
  get address(): string {
    return this.#address;
  }

  get client(): RelayClient {
    if (this.#client === undefined) throw new Error("the relay does not serve yet");
    return this.#client;
  }

  has(event: string, to?: string): boolean {
    return this.#messages.some((message) => message.event === event && message.to === to);
  }

  /** Resolves at an event, also at one that has been. Throws when the process ends before. */
  async seen(event: string, to?: string, times = 1): Promise<Message> {
    for (;;) {
      const found = this.#messages.filter((m) => m.event === event && m.to === to)[times - 1];
      if (found !== undefined) return found;
      const next = once(this.#child, "message");
      const end = this.ended.then((how) => {
        throw new Error(`the relay ended (${how}) before ${event}`);
      });
      await Promise.race([next, end]);
    }
  }

  signal(signal: "SIGKILL" | "SIGCONT" | "SIGSTOP"): void {
    this.#child.kill(signal);
  }

  /** Stops it as an operator does: it ends what it does and gives its lanes back. */
  stop(): Promise<string | number | null> {
    this.#child.kill("SIGTERM");
    return this.ended;
  }

  /** kill -9. */
  kill(): Promise<string | number | null> {
    this.#child.kill("SIGKILL");
    return this.ended;
  }
}
