import { readFileSync } from "node:fs";
import { type DescMessage, fromJson, type JsonValue, type MessageShape, toJson } from "@bufbuild/protobuf";
import { parse, stringify } from "yaml";

const MAX_CHARS = 1_048_576;
const STANDARD_INPUT = "-";

/**
 * Reads a message from a file of YAML or JSON, "-" for the standard input; fields may be named either way. Throws an
 * Error that names the file.
 */
export async function readDocument<D extends DescMessage>(schema: D, file: string): Promise<MessageShape<D>> {
  const text = file === STANDARD_INPUT ? await readStandardInput() : readFileSync(file, "utf8");
  if (text.length > MAX_CHARS) throw new Error(`${file} is larger than 1 MiB`);
  let value: JsonValue;
  try {
    value = parse(text, { maxAliasCount: 0, logLevel: "error" });
    if (value !== null) return fromJson(schema, value);
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : error}`);
  }
  throw new Error(`${file} is empty`);
}

/** To its end, or a little more than may be there. A pipe is waited for, as it cannot be by its number. */
async function readStandardInput(): Promise<string> {
  let text = "";
  for await (const part of process.stdin.setEncoding("utf8")) {
    text += part;
    if (text.length > MAX_CHARS) break;
  }
  return text;
}

/** A message as YAML that readDocument reads. */
export function documentText<D extends DescMessage>(schema: D, message: MessageShape<D>): string {
  return stringify(toJson(schema, message, { useProtoFieldName: true }));
}
