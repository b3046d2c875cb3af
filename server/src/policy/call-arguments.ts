/** Most bytes of a call's arguments that are read. */
const MAX_BYTES = 4_096;
const MAX_DEPTH = 16;

const STRING = /"(?:[^"\\]|\\.)*"/g;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A call's arguments as a condition sees them: JSON with its objects as Maps. Null for what is not JSON, has more than
 * 4 KiB or 16 levels, or names a field of one object twice: a contract may take the other one of the two.
 */
export function callArguments(args: Uint8Array): unknown {
  if (args.length > MAX_BYTES) return null;
  try {
    const text = utf8.decode(args);
    let fields = 0;
    const convert = (value: unknown, depth: number): unknown => {
      if (typeof value !== "object" || value === null) return value;
      if (depth > MAX_DEPTH) throw new RangeError("nested too deep");
      if (Array.isArray(value)) return value.map((item) => convert(item, depth + 1));
      const entries = Object.entries(value);
      fields += entries.length;
      return new Map(entries.map(([name, item]) => [name, convert(item, depth + 1)]));
    };
    const converted = convert(JSON.parse(text), 1);
    const written = text.replace(STRING, "").split(":").length - 1;
    return fields === written ? converted : null;
  } catch {
    return null;
  }
}
