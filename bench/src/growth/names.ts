/** What the measured submissions share with many that are finished. */
export const TENANT = "bench";
export const CALLER = "key:wallet";
export const ACCOUNT = "alice.test";
export const PUBLIC_KEY = "ed25519:alice";
export const WEBHOOK = "webhook-1";
/** Whose audit log is never pruned; a tenant's that is would be read near its beginning alone. */
export const ARCHIVE = "archive";
