// The headers of a wallet's origin and of the applications that embed it, for whatever serves them. Pure; runs in Node, too.
export { FRAME_FEATURES, frameAllow } from "./frame-permissions.ts";
export { type HeadersFor, type RequestLike, type ResponseLike, sendHeaders } from "./send-headers.ts";
export {
  type HeaderRule,
  headersFile,
  nextHeaders,
  nginxHeaders,
  type SourceRule,
  vercelHeaders,
} from "./static-headers.ts";
export { type HeadersPlugin, viteHeaders } from "./vite-headers.ts";
export {
  type ApplicationHeadersOptions,
  applicationHeaders,
  type HeaderMap,
  type WalletHeadersOptions,
  walletHeaders,
} from "./wallet-headers.ts";
export { type WellKnownWebauthn, wellKnownWebauthn } from "./well-known-webauthn.ts";
