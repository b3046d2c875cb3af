import { generateKeyPairSync } from "node:crypto";
import { publicKeyOf } from "@countersign/signer-service/backends/keystore/ed25519-seed.ts";
import type { AdminGrantTrust } from "@countersign/signer-service/grants/admin-grant-signature.ts";

const { privateKey } = generateKeyPairSync("ed25519");

/** The secret half of the one admin key that the stores' repairs trust, "admin-1". */
export const adminKey = privateKey;

export const trust: AdminGrantTrust = {
  adminKeys: new Map([["admin-1", publicKeyOf(privateKey).data]]),
  audience: "signer-1",
};
