import { expect, test } from "vitest";
import { urisOf } from "./peer.ts";

test.each<[string, string[]]>([
  ["", []],
  ["DNS:relay", []],
  ["URI:spiffe://a/b", ["spiffe://a/b"]],
  ["DNS:x, URI:spiffe://a/b, IP Address:127.0.0.1, URI:https://c", ["spiffe://a/b", "https://c"]],
  // As Node writes names with a comma or a quote.
  ['URI:"spiffe://a/b, URI:spiffe://c/d"', []],
  ['DNS:"x, URI:spiffe://a/b"', []],
  ['URI:spiffe://a/b, DNS:"x\\"y"', []],
])("of the names %j the URIs are %j", (names, uris) => {
  expect(urisOf(names)).toEqual(uris);
});
