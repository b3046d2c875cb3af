import { generateKeyPairSync } from "node:crypto";
import type { AdminGrantTrust } from "@countersign/signer-service/grants/admin-grant-signature.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");

/** The secret half of the one admin key that the stores' repairs trust, "admin-1". */
export const adminKey = privateKey;

export const trust: AdminGrantTrust = {
  adminKeys: new Map([["admin-1", publicKey]]),
  audience: "signer-1",
};
