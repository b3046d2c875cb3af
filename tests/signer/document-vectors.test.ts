import { createHash, createHmac, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Secret, signatureHeaders } from "@countersign/service-kit";
import { hashEntry } from "@countersign/signer-service/journal/entry-hash.ts";
import { journalLines } from "@countersign/signer-service/journal/export-lines.ts";
import { expect, it } from "vitest";

/** What an auditor, or the maker of another relay, writes code after. */
const DOCUMENT = readFileSync(join(import.meta.dirname, "../../docs/signer.md"), "utf8");
const SECRET = "0123456789abcdef0123456789abcdef";
/** Ed25519 of the seed that is 32 bytes 0x55. */
const GRANT_KEY = createPublicKey({
  key: { kty: "OKP", crv: "Ed25519", x: "xoImN8fTEOxXYnvgC6JZ0lN0n0qvZERwz_vlOjX3MkI" },
  format: "jwk",
});

function first(pattern: RegExp): string {
  const [, found] = pattern.exec(DOCUMENT) ?? [];
  if (found === undefined) throw new Error(`docs/signer.md has no ${pattern}`);
  return found;
}

it("the signed request of the document is what the relay sends", () => {
  const signed = first(/```text\n(countersign request v1\n(?:\S+\n){6}\S+)\n/);
  const given = first(/\nx-countersign-signature: (\S+)\n/);
  expect(createHmac("sha256", SECRET).update(signed).digest("base64url")).toBe(given);
  const headers = signatureHeaders(
    { id: "requests-1", service: "relay", secret: new Secret(SECRET) },
    {
      url: "https://signer.internal:7443/countersign.signer.v1.RelayerSignerService/ListKeys",
      audience: "signer.internal",
      body: new Uint8Array(5),
      timestampMs: 1_767_323_045_000,
      nonce: new Uint8Array(16).fill(0x11),
    },
  );
  expect(headers["x-countersign-signature"]).toBe(given);
});

it("the grants of the document are signed by the key that it names", () => {
  const grants = Buffer.from(first(/\ngrants {5}([0-9a-f]+\n +[0-9a-f]+)\n/).replace(/\s/g, ""), "hex");
  const signature = Buffer.from(first(/\nsignature {2}([0-9a-f]+)\n/), "hex");
  const signed = Buffer.concat([Buffer.from("countersign signing grants v1\0"), grants]);
  expect(verify(null, signed, GRANT_KEY, signature)).toBe(true);
});

it("the journal's entry has the bytes, the hash and the signature that the document shows", () => {
  const line = journalLines.parse(`${first(/```jsonl\n(.*)\n```/)}\n`);
  if (line?.type !== "entry") throw new Error("the document's line is no entry");
  const bytes = Buffer.from(
    first(/```hex\n([^`]*)```/)
      .replace(/#.*$/gm, "")
      .replace(/\s/g, ""),
    "hex",
  );
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(line.hash);
  expect(Buffer.from(hashEntry(new Uint8Array(32), line)).toString("hex")).toBe(line.hash);
  const [payload, signature] = [line.payloadHash, line.signature ?? ""].map((hex) => Buffer.from(hex, "hex"));
  expect(verify(null, payload ?? Buffer.alloc(0), GRANT_KEY, signature ?? Buffer.alloc(0))).toBe(true);
});
