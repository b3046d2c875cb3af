import { connectVault, type Vault } from "../vault/vault-client.ts";

/**
 * Starts the worker. Whether it takes part in a server lock is in its name, which nobody changes afterwards: see
 * `vault.worker.ts`. Bundlers find workers by these very expressions, whose options have to be literals.
 */
export function startVault({ hasLock }: { readonly hasLock: boolean }): Vault {
  const worker = hasLock
    ? new Worker(new URL("./vault.worker.ts", import.meta.url), { type: "module", name: "with-lock" })
    : new Worker(new URL("./vault.worker.ts", import.meta.url), { type: "module" });
  return connectVault({
    send: (call, transfer) => worker.postMessage(call, [...transfer]),
    receive: (listener) => worker.addEventListener("message", ({ data }) => listener(data)),
    failed: (listener) => {
      worker.addEventListener("error", listener);
      worker.addEventListener("messageerror", listener);
    },
    close: () => worker.terminate(),
  });
}
