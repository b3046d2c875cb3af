import { readFileSync } from "node:fs";
import { type DescMessage, fromJson, type JsonValue, type MessageShape, toJson } from "@bufbuild/protobuf";
import { parse, stringify } from "yaml";

const MAX_CHARS = 1_048_576;

/**
 * Reads a message from a file of YAML or JSON, "-" for the standard input; fields may be named either way. Throws an
 * Error that names the file.
 */
export function readDocument<D extends DescMessage>(schema: D, file: string): MessageShape<D> {
  const text = readFileSync(file === "-" ? 0 : file, "utf8");
  if (text.length > MAX_CHARS) throw new Error(`${file} is larger than 1 MiB`);
  try {
    const value: JsonValue = parse(text, { maxAliasCount: 0, logLevel: "error" });
    return fromJson(schema, value);
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : error}`);
  }
}

/** A message as YAML that readDocument reads. */
export function documentText<D extends DescMessage>(schema: D, message: MessageShape<D>): string {
  return stringify(toJson(schema, message, { useProtoFieldName: true }));
}
