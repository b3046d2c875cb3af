import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { ArmedFault } from "../../signer/crash/support/plan.ts";
import type { RelayPlan, Serves, SignerPlan } from "./attack-plan.ts";

/** A relay or a signer in a process of its own. */
export class Child {
  readonly #child: ChildProcess;
  /** How it ended: the signal or the exit code. */
  readonly ended: Promise<string | number | null>;

  constructor(program: URL, plan: RelayPlan | SignerPlan, env: NodeJS.ProcessEnv) {
    const stdio = ["ignore", "ignore", "inherit", "ipc"] as const;
    this.#child = fork(program, [JSON.stringify(plan)], { env, execArgv: [], stdio: [...stdio] });
    this.ended = once(this.#child, "exit").then(([code, signal]) => signal ?? code);
  }

  /** Of the process. */
  get id(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves with its address when it takes calls. Throws when it ends before. */
  async serves(): Promise<string> {
    return ((await this.#says()) as Serves).serves;
  }

  async arm(fault: ArmedFault<string>): Promise<void> {
    const armed = this.#says();
    this.#child.send(fault);
    if ((await armed) !== "armed") throw new Error("a child that was to be armed said something else");
  }

  /** kill -9. */
  kill(): Promise<string | number | null> {
    this.#child.kill("SIGKILL");
    return this.ended;
  }

  async #says(): Promise<unknown> {
    const said = once(this.#child, "message").then(([message]) => message);
    const end = this.ended.then((how) => {
      throw new Error(`a child ended (${how}) and was to say something`);
    });
    return Promise.race([said, end]);
  }
}
