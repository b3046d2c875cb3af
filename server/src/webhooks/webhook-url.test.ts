import { expect, test } from "vitest";
import { webhookUrlProblem } from "./webhook-url.ts";

const strict = (url: string) => webhookUrlProblem(url, { insecure: false });

test.each([
  "https://hooks.example/countersign?for=acme",
  "https://hooks.example:443/",
  "https://hooks.example:8443/",
  "https://1.1.1.1/",
  "https://[2606:4700:4700::1111]:1024/",
])("%s may be posted to", (url) => expect(strict(url)).toBeUndefined());

test.each([
  ["hooks.example", "is no URL"],
  ["http://hooks.example/", "must be https://"],
  ["file:///etc/passwd", "must be https://"],
  ["ftp://hooks.example/", "must be https://"],
  ["https://user@hooks.example/", "must not carry a user or a password"],
  ["https://:password@hooks.example/", "must not carry a user or a password"],
  ["https://hooks.example/#a", "must not carry a fragment"],
  ["https://hooks.example:22/", "must be on port 443, or on one from 1024"],
  ["https://hooks.example:80/", "must be on port 443, or on one from 1024"],
  ["https://127.0.0.1/", "must be at a public address"],
  ["https://127.1/", "must be at a public address"],
  ["https://2130706433/", "must be at a public address"],
  ["https://0x7f000001/", "must be at a public address"],
  ["https://0177.0.0.1/", "must be at a public address"],
  ["https://169.254.169.254/latest/meta-data/", "must be at a public address"],
  ["https://[::1]/", "must be at a public address"],
  ["https://[::ffff:10.0.0.1]/", "must be at a public address"],
  ["https://[fd00::1]/", "must be at a public address"],
  ["https://１２７.０.０.１/", "must be at a public address"],
])("%s may not: %s", (url, problem) => expect(strict(url)).toBe(problem));

test("development may post to itself", () => {
  expect(webhookUrlProblem("http://127.0.0.1:8080/", { insecure: true })).toBeUndefined();
  expect(webhookUrlProblem("http://user@localhost:8080/", { insecure: true })).toBeDefined();
});
