import { connectVault, type Vault } from "../vault/vault-client.ts";

/** Starts the worker. Bundlers find it by this very expression. */
export function startVault(): Vault {
  const worker = new Worker(new URL("./vault.worker.ts", import.meta.url), { type: "module" });
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
