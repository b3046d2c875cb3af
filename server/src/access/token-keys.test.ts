import { expect, test } from "vitest";
import { isKeySetUrl } from "./token-keys.ts";

test.each([
  ["https://id.example/jwks", true],
  ["http://localhost:8080/jwks", true],
  ["http://127.0.0.1:8080/jwks", true],
  ["http://[::1]:8080/jwks", true],
  ["http://id.example/jwks", false],
  ["http://127.0.0.1.id.example/jwks", false],
  ["http://localhost.id.example/jwks", false],
  ["https://user:secret@id.example/jwks", false],
  ["file:///etc/passwd", false],
  ["id.example/jwks", false],
  ["", false],
])("keys may be fetched from %s: %s", (url, may) => {
  expect(isKeySetUrl(url)).toBe(may);
});
