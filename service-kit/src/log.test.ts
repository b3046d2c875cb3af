import { expect, test } from "vitest";
import { createLogger, type LogLevel } from "./log.ts";
import { Secret } from "./secret.ts";

function capture(level: LogLevel) {
  const lines: string[] = [];
  return { log: createLogger("relay", level, { write: (line) => void lines.push(line) }), lines };
}

test("a line is JSON with level, time, service and the fields", () => {
  const { log, lines } = capture("info");
  log.info({ submission_id: "sub_1" }, "accepted");
  expect(JSON.parse(lines[0] ?? "")).toEqual({
    level: "info",
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    service: "relay",
    submission_id: "sub_1",
    msg: "accepted",
  });
});

test("what is below the level is not written", () => {
  const { log, lines } = capture("warn");
  log.info("accepted");
  expect(lines).toEqual([]);
});

test("secrets do not reach the log, by type or by name", () => {
  const { log, lines } = capture("info");
  const headers = { authorization: "hunter2", "x-api-key": "hunter2" };
  log.info({ value: new Secret("hunter2"), request: { headers }, headers, passphrase: "hunter2" });
  log.info({ key: { private_key: "hunter2" } });
  expect(lines.join("")).not.toContain("hunter2");
  expect(lines.join("")).toContain("[redacted]");
});
