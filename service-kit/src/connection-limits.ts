/** Bounds of what peers may hold open. Times in milliseconds, sizes in bytes. */
export interface ConnectionLimits {
  /** Connections beyond this many are closed as they come. */
  readonly maxConnections: number;
  /** Calls that one HTTP/2 connection may have open. */
  readonly maxConcurrentStreams: number;
  readonly maxHeaderBytes: number;
  /** From the connection, or from a request's first byte, until its headers are there. */
  readonly headersTimeoutMs: number;
  /** From the headers until the body is there (not for calls that stream requests). */
  readonly bodyTimeoutMs: number;
  /** A connection on which nothing happens is closed. */
  readonly idleTimeoutMs: number;
}

export const DEFAULT_CONNECTION_LIMITS: ConnectionLimits = {
  maxConnections: 4096,
  maxConcurrentStreams: 128,
  maxHeaderBytes: 16_384,
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 10_000,
  idleTimeoutMs: 120_000,
};
