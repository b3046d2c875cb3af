// The Web Worker: nothing but the vault and its channel to the page that made it.
import { serveVault } from "../vault/serve-vault.ts";
import { ShareVault } from "../vault/share-vault.ts";
import { formerEnvelopes, indexedEnvelopes } from "./indexed-envelopes.ts";
import { indexedPresignatures } from "./indexed-presignatures.ts";

// `self` is a Window to the compiler, whose types of pages and of workers cannot be loaded together.
const scope = self as unknown as Pick<Worker, "addEventListener" | "postMessage"> & { readonly name: string };
const vault = new ShareVault((bytes) => crypto.getRandomValues(new Uint8Array(bytes)), {
  presignatures: indexedPresignatures(),
  // Whoever made the worker named it so: a wallet without a lock has a worker that keeps no seed, whatever it is asked later.
  ...(scope.name === "with-lock"
    ? { envelopes: indexedEnvelopes() }
    : { formerEnvelopes: formerEnvelopes() }),
});

serveVault(vault, {
  send: (message, transfer) => scope.postMessage(message, [...transfer]),
  receive: (listener) => scope.addEventListener("message", ({ data }) => listener(data)),
});
