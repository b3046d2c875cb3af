import { hash } from "node:crypto";
import type { Bucket } from "./rate-limiter.ts";

/**
 * What a bucket is stored under: 22 characters of a SHA-256 (132 bits), however long its key is. A key may come
 * from a stranger or tell of a person.
 */
export function bucketId({ name, key }: Bucket): string {
  return hash("sha256", `${name}\0${key}`, "base64url").slice(0, 22);
}
