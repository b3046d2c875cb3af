import { timingSafeEqual } from "node:crypto";
import type { Environment, Secret } from "@countersign/service-kit";
import { z } from "zod";
import { Seals } from "./seals.ts";
import { secretBytesOf } from "./secret-bytes.ts";
import { secretBytesField } from "./secret-bytes-field.ts";

/** The keys that a section of the configuration seals with: the first seals, a second opens what it has sealed before. */
export const sealingKeysField = (env: Environment) =>
  z
    .array(secretBytesField(env))
    .min(1)
    .max(2)
    .refine((keys) => !areSame(keys.map(bytesOf)), "the two are the same key");

/** Seals with keys of a `sealingKeysField`. */
export function sealsWith(keys: readonly Secret<string>[]): Seals {
  return new Seals(keys.map(bytesOf));
}

function areSame([one, other]: readonly Uint8Array[]): boolean {
  return one !== undefined && one.length === other?.length && timingSafeEqual(one, other);
}

/** No bytes for what the field refuses. */
function bytesOf(key: Secret<string>): Uint8Array {
  return secretBytesOf(key.reveal()) ?? new Uint8Array();
}
