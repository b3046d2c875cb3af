import { type DestinationStream, type Logger, pino } from "pino";

export type { Logger } from "pino";

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const SENSITIVE = [
  "authorization",
  "cookie",
  "x-api-key",
  "passphrase",
  "password",
  "secret",
  "token",
  "private_key",
  "privateKey",
];

/**
 * JSON lines with level, ISO time and the service's name, to stdout or to `destination`. Fields with a sensitive
 * name are redacted at the top, one level down, and among headers; that is the net under the rule that secrets
 * are not logged in the first place.
 */
export function createLogger(service: string, level: LogLevel, destination?: DestinationStream): Logger {
  const names = SENSITIVE.map((name) => `["${name}"]`);
  const paths = names.flatMap((name) => [name, `*${name}`, `*.headers${name}`]);
  const options = {
    level,
    base: { service },
    redact: { paths, censor: "[redacted]" },
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
