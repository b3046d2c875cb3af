import { parseError } from "./rpc-error.ts";

export type Params = Readonly<Record<string, unknown>>;

/** The call's parameters as an object; `names` are those of the positional form. Throws RpcError. */
export function namedParams(params: unknown, names: readonly string[]): Params {
  if (Array.isArray(params)) return Object.fromEntries(names.map((name, i) => [name, params[i]]));
  if (typeof params === "object" && params !== null) return params as Params;
  throw parseError("Failed parsing args: expected an object or an array");
}

/** A string parameter. Throws RpcError. */
export function text(params: Params, name: string): string {
  const value = params[name];
  if (typeof value !== "string") throw parseError(`Failed parsing args: missing field \`${name}\``);
  return value;
}

/** Bytes in base64. Throws RpcError. */
export function base64(params: Params, name: string): Uint8Array {
  const value = text(params, name);
  const bytes = Buffer.from(value, "base64");
  if (bytes.toString("base64").replace(/=+$/, "") !== value.replace(/=+$/, "")) {
    throw parseError("Failed parsing args: Invalid symbol in base64");
  }
  return bytes;
}
