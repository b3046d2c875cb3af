import { type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";

/** Prints an answer: as JSON with the contract's names, or as whoever reads it likes it better. */
export function printAnswer<D extends DescMessage>(
  schema: D,
  message: MessageShape<D>,
  options: { json?: true },
  text: (message: MessageShape<D>) => string,
): void {
  const json = () => toJson(schema, message, { useProtoFieldName: true, alwaysEmitImplicit: true });
  process.stdout.write(options.json === true ? `${JSON.stringify(json(), null, 2)}\n` : text(message));
}
