import { fromBinary, isMessage, toBinary } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

const DESCRIPTOR = /fileDesc\("([^"]+)"/;
const RULES_IMPORT = /^import \{ file_buf_validate_validate \} from "[^"]+";\n/m;
const RULES_DEPENDENCY = /file_buf_validate_validate(, )?/;

/**
 * A generated module as a page should load it; what goes over the wire stays the same. Other modules are left as they are.
 *
 * - Without the rules that services hold requests against (protovalidate) and the reasons that methods declare. A client
 *   reads neither, and the descriptor of the rules weighs more than all contracts.
 * - With its descriptor as text in place of base64, in which gzip finds few of the names that come again and again.
 */
export function slimContract(text: string): string {
  const [, encoded] = DESCRIPTOR.exec(text) ?? [];
  if (encoded === undefined) return text;
  const file = fromBinary(FileDescriptorProtoSchema, base64Decode(encoded));
  forgetExtensions(file);
  const bytes = Buffer.from(toBinary(FileDescriptorProtoSchema, file)).toString("latin1");
  return text
    .replace(RULES_IMPORT, "")
    .replace(DESCRIPTOR, () => `fileDesc(/*@__PURE__*/ btoa(${literal(bytes)})`)
    .replace(RULES_DEPENDENCY, "");
}

/** Options of others than Google are extensions: fields that the messages of options do not know. */
function forgetExtensions(value: unknown): void {
  if (Array.isArray(value)) value.forEach(forgetExtensions);
  if (!isMessage(value)) return;
  delete value.$unknown;
  for (const [name, field] of Object.entries(value)) {
    forgetExtensions(field);
    // A message of options that says nothing any more.
    const isEmptied = name === "options" && isMessage(field) && !Object.keys(field).some(isOwnField);
    if (isEmptied) Reflect.deleteProperty(value, name);
  }
}

function isOwnField(name: string): boolean {
  return !name.startsWith("$") && name !== "uninterpretedOption";
}

/** A string of JavaScript, in ASCII. */
function literal(latin1: string): string {
  const escaped = latin1.replace(/[^\x20-\x7e]|["\\]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `"${escaped}"`;
}
