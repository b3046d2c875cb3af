import { createHash } from "node:crypto";
import type { Random } from "../schemes/scheme-module.ts";

const TOKEN = /^cst_[A-Za-z0-9_-]{43}$/;
const TOKEN_BYTES = 32;

/** A fresh token: "cst_" and 32 random bytes in base64url. */
export function newToken(random: Random): string {
  return `cst_${Buffer.from(random(TOKEN_BYTES)).toString("base64url")}`;
}

/** SHA-256 of a token in hex, as it is stored; undefined for what is no threshold session's token. */
export function tokenHashOf(token: string): string | undefined {
  return TOKEN.test(token) ? createHash("sha256").update(token).digest("hex") : undefined;
}
