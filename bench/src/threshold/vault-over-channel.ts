import { randomBytes } from "node:crypto";
import { MessageChannel } from "node:worker_threads";
import { serveVault } from "../../../clients/web/src/vault/serve-vault.ts";
import { ShareVault, type VaultPlatform } from "../../../clients/web/src/vault/share-vault.ts";
import { connectVault, type Vault } from "../../../clients/web/src/vault/vault-client.ts";

/** The vault over a channel that copies what it carries, as between a page and its worker, but in this thread. */
export function vaultOverChannel(platform: VaultPlatform = {}): Vault {
  const { port1, port2 } = new MessageChannel();
  const vault = connectVault({
    send: (call, transfer) => port1.postMessage(call, [...transfer]),
    receive: (listener) => void port1.on("message", listener),
    failed: () => undefined,
    close: () => port1.close(),
  });
  serveVault(new ShareVault((bytes) => new Uint8Array(randomBytes(bytes)), platform), {
    send: (message, transfer) => port2.postMessage(message, [...transfer]),
    receive: (listener) => void port2.on("message", listener),
  });
  return vault;
}
