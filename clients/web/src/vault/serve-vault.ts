import { VAULT_METHODS, type VaultApi } from "./vault-api.ts";
import { VaultError } from "./vault-error.ts";
import { VAULT_PROTOCOL, type VaultCall, type VaultMessage, type WorkerPort } from "./vault-port.ts";

/** Answers the page's calls, and says `ready` once it listens: what is posted to a worker earlier may be lost. */
export function serveVault(vault: VaultApi, port: WorkerPort): void {
  port.receive(async (call) => port.send(await answerTo(vault, call), []));
  port.send({ type: "ready", protocol: VAULT_PROTOCOL }, []);
}

async function answerTo(vault: VaultApi, { id, method, of }: VaultCall): Promise<VaultMessage> {
  try {
    if (!VAULT_METHODS.includes(method)) throw new VaultError("MALFORMED", "there is no such method");
    // TypeScript does not see that `method` and `of` belong together.
    const call = vault[method].bind(vault) as (of: unknown) => ReturnType<VaultApi[typeof method]>;
    return { type: "answer", id, answer: await call(of) };
  } catch (error) {
    if (!(error instanceof VaultError)) return { type: "broken", id };
    return { type: "refusal", id, refusal: error.refusal, message: error.message };
  }
}
