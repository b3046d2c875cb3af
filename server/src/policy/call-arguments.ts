/** Most bytes of a call's arguments that are read. */
const MAX_BYTES = 4_096;
const MAX_DEPTH = 16;

const STRING = /"(?:[^"\\]|\\.)*"/g;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A call's arguments as a condition sees them: a JSON object, as a Map like those within. Undefined for what the
 * contract may read otherwise, or reads and the relay does not: no JSON object, more than 4 KiB or 16 levels, a field of
 * one object twice (the contract may take the other one of the two), an integer beyond ±(2^53 - 1), which would be
 * rounded.
 */
export function callArguments(args: Uint8Array): ReadonlyMap<string, unknown> | undefined {
  if (args.length > MAX_BYTES) return undefined;
  try {
    const text = utf8.decode(args);
    let fields = 0;
    const convert = (value: unknown, depth: number): unknown => {
      // Beyond it, a double has no fractions, and no integer is sure to be the one that was written.
      if (typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER) {
        throw new RangeError("a number is too large");
      }
      if (typeof value !== "object" || value === null) return value;
      if (depth > MAX_DEPTH) throw new RangeError("nested too deep");
      if (Array.isArray(value)) return value.map((item) => convert(item, depth + 1));
      const entries = Object.entries(value);
      fields += entries.length;
      return new Map(entries.map(([name, item]) => [name, convert(item, depth + 1)]));
    };
    const converted = convert(JSON.parse(text), 1);
    const written = text.replace(STRING, "").split(":").length - 1;
    return converted instanceof Map && fields === written ? converted : undefined;
  } catch {
    return undefined;
  }
}
