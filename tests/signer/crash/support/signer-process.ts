import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import type { ArmedFault, Plan } from "./plan.ts";

export type SignerClient = Client<typeof RelayerSignerService>;

/** A signer in a process of its own. */
export class SignerProcess {
  readonly #child: ChildProcess;
  readonly client: SignerClient;
  /** How it ended: the signal or the exit code. */
  readonly ended: Promise<string | number | null>;

  /** `folder` has its sockets. */
  constructor(program: URL, plan: Plan, folder: string, env: NodeJS.ProcessEnv) {
    this.#child = fork(program, [JSON.stringify(plan)], {
      env,
      execArgv: [],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.ended = once(this.#child, "exit").then(([code, signal]) => signal ?? code);
    const nodeOptions = { createConnection: () => connect(join(folder, "s")) };
    this.client = createClient(
      RelayerSignerService,
      createGrpcTransport({ baseUrl: "http://signer", nodeOptions, defaultTimeoutMs: 30_000 }),
    );
  }

  /** Resolves when it takes calls. Throws when it ends before. */
  serves(): Promise<void> {
    return this.#says("serves");
  }

  async arm(fault: ArmedFault): Promise<void> {
    const armed = this.#says("armed");
    this.#child.send(fault);
    await armed;
  }

  /** kill -9. */
  kill(): Promise<string | number | null> {
    this.#child.kill("SIGKILL");
    return this.ended;
  }

  async #says(word: string): Promise<void> {
    const said = once(this.#child, "message").then(([message]) => {
      if (message !== word) throw new Error(`the signer said ${message} in place of ${word}`);
    });
    const end = this.ended.then((how) => {
      throw new Error(`the signer ended (${how}): it never said that it ${word}`);
    });
    await Promise.race([said, end]);
  }
}
