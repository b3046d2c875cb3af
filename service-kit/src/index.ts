export { type BodyCheck, bodyCheckKey } from "./body-check.ts";
export { deadlineKey, type Peer, peerKey, requestIdKey, timeLeftMs } from "./call-context.ts";
export type { UnreadCall } from "./call-gate.ts";
export { addressBucket, clientAddress, inNetworks, parseNetworks } from "./client-address.ts";
export { ConfigError, type ConfigProblem } from "./config-problems.ts";
export {
  type CallFailure,
  DEFAULT_RETRY_AFTER_MS,
  errorFromConnect,
  toConnectError,
} from "./connect-errors.ts";
export { type ConnectionLimits, DEFAULT_CONNECTION_LIMITS } from "./connection-limits.ts";
export { DomainError, ERROR_DOMAIN, reasonFromName, reasonName } from "./domain-error.ts";
export { codeOfReason } from "./error-codes.ts";
export {
  createFetchListener,
  type FetchListener,
  type FetchListenerOptions,
} from "./fetch-listener.ts";
export type { Gate } from "./gate.ts";
export type { FilteredRequest, FilteredResponse, HttpFilter } from "./http-filter.ts";
export type { RunningCalls } from "./interceptors/running-calls.ts";
export { standardInterceptors, statelessInterceptors } from "./interceptors/standard.ts";
export { violationsOf } from "./interceptors/validation.ts";
export type { AdmitConnection, ListenOn, TlsIdentity } from "./listen-on.ts";
export { type ConfigSources, type LoadedConfig, loadConfig } from "./load-config.ts";
export { createLogger, LOG_LEVELS, type Logger, type LogLevel } from "./log.ts";
export { networksField } from "./networks-field.ts";
export {
  type OperationsServer,
  type ReadinessCheck,
  serveOperations,
} from "./operations-server.ts";
export { type PemFiles, type PemIdentity, readPemFiles, samePem } from "./pem-files.ts";
export { REQUEST_ID_HEADER } from "./request-id.ts";
export { retryAfterMs } from "./retry-after.ts";
export type { CallLimits } from "./rpc-router.ts";
export { type RpcServer, type RpcServerOptions, serveRpc } from "./rpc-server.ts";
export { Secret } from "./secret.ts";
export {
  ConfigSecret,
  type Environment,
  isSecretReference,
  readSecret,
  secretField,
} from "./secret-reference.ts";
export { type ServedService, serve, serveSome } from "./served-service.ts";
export {
  isSignedWith,
  type RequestKey,
  readSignedRequest,
  type SignedRequest,
  signatureHeaders,
} from "./signed-request.ts";
export { UnknownService } from "./unknown-method.ts";
