import { childTag, HEADER_SIZE, ROOT_PRIVATE, ROOT_SHARED } from "@countersign/crypto/ot-ecdsa/framing.ts";
import type { WireMessage } from "@countersign/crypto/ot-ecdsa/presign-run.ts";

/** What a message is, by its phase and header. */
const KINDS: ReadonlyMap<string, string> = kinds();

/** The kind of a message of the triples or the presignature: "openings", "base answer", … */
export function kindOf({ phase, data }: WireMessage): string {
  const header = Buffer.from(data.subarray(0, HEADER_SIZE)).toString("hex");
  return KINDS.get(`${phase} ${header}`) ?? "unknown";
}

function kinds(): Map<string, string> {
  const found = new Map<string, string>();
  const name = (phase: string, tag: Uint8Array, waitpoint: number, kind: string) => {
    const number = Buffer.alloc(8);
    number.writeBigUInt64LE(BigInt(waitpoint));
    found.set(`${phase} ${Buffer.concat([tag, number]).toString("hex")}`, kind);
  };
  const shared = [
    "commitments",
    "confirmations",
    "openings",
    "values",
    "products",
    "constants",
    "values of l",
  ];
  for (const [waitpoint, kind] of shared.entries()) name("triples", ROOT_SHARED, waitpoint, kind);
  for (const index of [0, 1]) {
    const tree = childTag(ROOT_PRIVATE, index);
    const base = childTag(tree, 0);
    const extension = childTag(tree, 1);
    name("triples", base, 0, "base point");
    for (let j = 0; j < 128; j++) name("triples", childTag(base, j), 0, "base answer");
    name("triples", extension, 0, "check's seed");
    name("triples", extension, 1, "check");
    name("triples", childTag(extension, 0), 0, "corrections");
    for (const product of [2, 3]) {
      name("triples", childTag(tree, product), 0, "offers");
      name("triples", childTag(tree, product), 1, "reply");
    }
  }
  name("presign", ROOT_SHARED, 0, "e");
  name("presign", ROOT_SHARED, 1, "alpha and beta");
  return found;
}
