import { type DestinationStream, type Logger, pino } from "pino";
import { plainError } from "./plain-error.ts";

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
    formatters: { level: levelName },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    browser: {
      asObject: true,
      formatters: { level: levelName, log: withPlainErrors },
      write: writeLine(service),
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

function levelName(label: string): object {
  return { level: label };
}

/**
 * How pino writes where there is no Node: its build for such platforms has no base, and of errors it would leave nothing.
 * The platform's log takes lines from the console.
 */
function writeLine(service: string): (entry: object) => void {
  return ({ ...entry }) => {
    const line = { ...entry, time: new Date().toISOString(), service };
    // biome-ignore lint/suspicious/noConsole: there is no other way out
    console.log(JSON.stringify(line, (_, value) => (typeof value === "bigint" ? value.toString() : value)));
  };
}

function withPlainErrors(entry: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entry).map(([name, value]) => [name, plainError(value)]));
}
