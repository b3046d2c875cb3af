import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LimitsSchema } from "@countersign/gen/countersign/admin/v1/limits_pb.ts";
import { PolicySchema } from "@countersign/gen/countersign/admin/v1/policy_pb.ts";
import { TokenIssuersSchema } from "@countersign/gen/countersign/admin/v1/tenant_pb.ts";
import { expect, onTestFinished, test } from "vitest";
import { documentText, readDocument } from "./document-file.ts";

const GUIDE = readFileSync(new URL("../../../docs/operators.md", import.meta.url), "utf8");

function fileOf(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "document-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "document");
  writeFileSync(file, text);
  return file;
}

test.each([
  ["policy.yaml", PolicySchema],
  ["limits.yaml", LimitsSchema],
  ["issuers.yaml", TokenIssuersSchema],
])("%s of the operators' guide is one", async (name, schema) => {
  const text = new RegExp(`\`\`\`yaml\n# ${name}[^\n]*\n(.*?)\`\`\``, "s").exec(GUIDE)?.[1];
  expect(text).toBeDefined();
  expect(Object.keys(await readDocument(schema, fileOf(text ?? "")))).not.toHaveLength(0);
});

test("what is printed reads as the same, large numbers included", async () => {
  const policy = await readDocument(
    PolicySchema,
    fileOf('{"delegates": {"maxGas": "18446744073709551615"}}'),
  );
  const again = await readDocument(PolicySchema, fileOf(documentText(PolicySchema, policy)));
  expect(again).toEqual(policy);
  expect(again.delegates?.maxGas).toBe(2n ** 64n - 1n);
});

test.each([
  ["an unknown field", "allowed_orgins: []"],
  ["a broken text", "{"],
  ["a text that is cut off", 'delegates: {max_gas: 1, max_deposit: "1'],
  ["a key that stands twice", "allowed_origins: []\nallowed_origins: []"],
  ["an alias", "a: &a [b]\nallowed_origins: *a"],
  ["a list", "- a"],
  ["nothing", ""],
])("%s is an error that names the file", async (_, text) => {
  const file = fileOf(text);
  await expect(readDocument(PolicySchema, file)).rejects.toThrow(file);
});
