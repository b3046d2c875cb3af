import { randomBytes } from "node:crypto";

/** A fresh secret of 32 bytes, as configurations take it from the environment: 64 hexadecimal digits. */
export function secret(): string {
  return randomBytes(32).toString("hex");
}
