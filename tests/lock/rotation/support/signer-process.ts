import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { configFile } from "../../../signer/support/running-signer.ts";
import { type SignerProcess, startSigner } from "../../../signer/support/signer-cli.ts";
import { temporaryDirectory } from "../../../signer/support/temporary-directory.ts";
import { signerSettings } from "../../../support/signer-settings.ts";
import { adminOf } from "../../../support/test-signer.ts";
import { lockSettings } from "../../signer/lock-signer.ts";

/** The same for all signers of a test run, as for those of one database. */
const SEALING_KEY = randomBytes(32).toString("hex");

/** A signer with lock keys, which can be killed and started again on what it has stored. */
export interface KillableSigner {
  /** "unix:/…". */
  readonly address: string;
  readonly admin: ReturnType<typeof adminOf>;
  start(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
}

/** Starts `signer run` in a process of its own. With a `storeUrl`, its store is there. */
export async function startKillableSigner(storeUrl?: string): Promise<KillableSigner> {
  const folder = temporaryDirectory();
  const store = storeUrl === undefined ? {} : { store: { url: "env:STORE_URL" } };
  const settings = { ...lockSettings(), ...store, log: { level: "info" } };
  const file = configFile(signerSettings(folder, settings));
  const env = { LOCK_SEALING_KEY: SEALING_KEY, ...(storeUrl === undefined ? {} : { STORE_URL: storeUrl }) };
  let running: SignerProcess | undefined;
  const signer: KillableSigner = {
    address: `unix:${folder}/s`,
    admin: adminOf(`${folder}/a`),
    async start() {
      running = await startSigner(file, env);
    },
    async kill() {
      const ended = running && once(running.child, "exit");
      running?.child.kill("SIGKILL");
      await ended;
    },
  };
  await signer.start();
  return signer;
}
