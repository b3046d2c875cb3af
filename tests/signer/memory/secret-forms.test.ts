import { createPrivateKey, randomBytes } from "node:crypto";
import { baseEncode, KeyPair } from "near-api-js";
import { expect, test } from "vitest";
import { Needles } from "./support/needles.ts";
import { seedForms, textForms } from "./support/secret-forms.ts";

const SEED = randomBytes(32);
const DER = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), SEED]);
const KEY = createPrivateKey({ key: DER, format: "der", type: "pkcs8" });
const PASSPHRASE = "four score and seven years ago";

const forms = new Needles([...seedForms("seed", SEED), ...textForms("passphrase", PASSPHRASE)]);

test.each([
  ["PKCS#8 in DER", DER],
  ["PKCS#8 in PEM", Buffer.from(KEY.export({ format: "pem", type: "pkcs8" }))],
  ["a JSON Web Key", Buffer.from(JSON.stringify(KEY.export({ format: "jwk" })))],
  ["near-api-js' text", Buffer.from(KeyPair.fromString(`ed25519:${baseEncode(SEED)}`).toString())],
  ["NEAR's text of the seed alone", Buffer.from(`ed25519:${baseEncode(SEED)}`)],
  ["a string of two bytes a character", Buffer.from(`é${SEED.toString("hex")}`, "utf16le")],
  ["a Buffer in JSON", Buffer.from(JSON.stringify(SEED))],
  ["upper-case hex", Buffer.from(SEED.toString("hex").toUpperCase())],
  ["base64 behind one byte", Buffer.from(Buffer.concat([Buffer.of(1), SEED]).toString("base64"))],
  ["base64 behind two bytes", Buffer.from(Buffer.concat([Buffer.of(1, 2), SEED]).toString("base64url"))],
  ["the passphrase", Buffer.from(`?${PASSPHRASE}!`)],
  ["the passphrase in base64 behind a name", Buffer.from(Buffer.from(`a:${PASSPHRASE}`).toString("base64"))],
  ["the passphrase in UTF-16", Buffer.from(PASSPHRASE, "utf16le")],
])("%s is found", (_, haystack) => {
  expect(forms.foundIn(Buffer.concat([randomBytes(1001), haystack, randomBytes(999)])).size).toBeGreaterThan(
    0,
  );
});

test("another key, and a form whose last byte differs, are not found", () => {
  const others = seedForms("other", randomBytes(32)).map(({ bytes }) => bytes);
  const altered = seedForms("seed", SEED).map(({ bytes }) => {
    const last = bytes.at(-1) ?? 0;
    return Buffer.concat([bytes.subarray(0, -1), Buffer.of(last ^ 1)]);
  });
  for (const bytes of [...others, ...altered]) expect([...forms.foundIn(bytes)]).toEqual([]);
});

test("a needle at either end of what is searched is found", () => {
  for (const needle of seedForms("seed", SEED)) {
    expect(forms.foundIn(needle.bytes)).toContain(needle.name);
    expect(forms.foundIn(Buffer.concat([needle.bytes, randomBytes(100)]))).toContain(needle.name);
    expect(forms.foundIn(Buffer.concat([randomBytes(100), needle.bytes]))).toContain(needle.name);
  }
});
