import { Seals } from "@countersign/signer-service/sealing/seals.ts";
import { SECRETS_ENV } from "../../signer/threshold/support/threshold-signer.ts";
import { signerRows } from "./signer-rows.ts";

/** A presignature as the signer's store has it, opened with its sealing key. */
export interface StoredPresignature {
  /** In hexadecimal digits, as all bytes here. */
  readonly id: string;
  readonly state: "available" | "reserved" | "used" | "destroyed";
  readonly signingId: string | null;
  readonly requestId: string | null;
  readonly digest: string | null;
  readonly clientEntropyHash: string | null;
  readonly relayerEntropy: string | null;
  /** Of one that is used. */
  readonly answer: string | undefined;
}

interface Row {
  readonly id: string;
  readonly key_id: string;
  readonly state: StoredPresignature["state"];
  readonly signing_id: string | null;
  readonly request_id: string | null;
  readonly digest: string | null;
  readonly client_entropy_hash: string | null;
  readonly relayer_entropy: string | null;
  readonly sealed: string | null;
}

/** Every presignature in a signer's store: a SQLite file, or "postgres://…". */
export async function storedPresignatures(store: string): Promise<StoredPresignature[]> {
  const seals = new Seals([Buffer.from(SECRETS_ENV.SEALING_KEY ?? "", "hex")]);
  const rows = await signerRows<Row>(store, "select * from threshold_presignatures");
  return rows.map((row) => ({
    id: row.id,
    state: row.state,
    signingId: row.signing_id,
    requestId: row.request_id,
    digest: row.digest,
    clientEntropyHash: row.client_entropy_hash,
    relayerEntropy: row.relayer_entropy,
    answer: row.state === "used" ? answerOf(seals, row) : undefined,
  }));
}

function answerOf(seals: Seals, { id, key_id: keyId, signing_id, sealed }: Row): string {
  const place = { purpose: "answer", sessionId: signing_id ?? "", stage: "done", keyId } as const;
  const opened = seals.open(place, Buffer.from(sealed ?? "", "hex"));
  if (opened === undefined) throw new Error(`the answer of ${id} does not open`);
  return Buffer.from(opened).toString("hex");
}
