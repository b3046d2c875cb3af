// The Web Worker: nothing but the vault and its channel to the page that made it.
import { serveVault } from "../vault/serve-vault.ts";
import { ShareVault } from "../vault/share-vault.ts";
import { indexedPresignatures } from "./indexed-presignatures.ts";

const vault = new ShareVault((bytes) => crypto.getRandomValues(new Uint8Array(bytes)), {
  presignatures: indexedPresignatures(),
});
// `self` is a Window to the compiler, whose types of pages and of workers cannot be loaded together.
const scope = self as unknown as Pick<Worker, "addEventListener" | "postMessage">;

serveVault(vault, {
  send: (message, transfer) => scope.postMessage(message, [...transfer]),
  receive: (listener) => scope.addEventListener("message", ({ data }) => listener(data)),
});
