import { describe, expect, it } from "vitest";
import { adminKeysSection, findSharedKey, grantsSection } from "./grants-section.ts";

const A = "ed25519:6E8sCci9badyRkXb3JoRpBj5p8C6Tw41ELDZoiihKEtp";
const B = "ed25519:DcA2MzgpJbrUATQLLceocVckhhAqrkingax4oJ9kZ847";

describe("the configuration of grants", () => {
  it("asks for grants, and for a key to verify them, unless it says otherwise", () => {
    expect(grantsSection.safeParse(undefined).success).toBe(false);
    expect(grantsSection.parse({ keys: [{ id: "relay", public_key: A }] }).required).toBe(true);
    expect(grantsSection.parse({ required: false })).toEqual({ required: false, keys: [] });
  });

  it.each([
    [
      "an id twice",
      [
        { id: "a", public_key: A },
        { id: "a", public_key: B },
      ],
    ],
    [
      "a key twice",
      [
        { id: "a", public_key: A },
        { id: "b", public_key: A },
      ],
    ],
    ["a key of another curve", [{ id: "a", public_key: A.replace("ed25519", "secp256k1") }]],
    ["text that is no key", [{ id: "a", public_key: "ed25519:x" }]],
    ["a field that is not known", [{ id: "a", public_key: A, secret: "x" }]],
  ])("does not take %s", (_, keys) => {
    expect(grantsSection.safeParse({ keys }).success).toBe(false);
    expect(adminKeysSection.safeParse(keys).success).toBe(false);
  });

  it("finds an admin key that a relay holds", () => {
    const grants = grantsSection.parse({ keys: [{ id: "relay", public_key: A }] });
    expect(findSharedKey(grants, adminKeysSection.parse([{ id: "alice", public_key: A }]))).toBe("alice");
    expect(findSharedKey(grants, adminKeysSection.parse([{ id: "alice", public_key: B }]))).toBeNull();
  });
});
