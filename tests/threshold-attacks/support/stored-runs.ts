import { DatabaseSync } from "node:sqlite";
import { Seals } from "@countersign/signer-service/sealing/seals.ts";
import pg from "pg";
import { SECRETS_ENV } from "../../signer/threshold/support/threshold-signer.ts";

/** A signing session as the signer's store has it, opened with its sealing key. */
export interface StoredRun {
  readonly id: string;
  readonly requestId: string;
  readonly stage: "open" | "done" | "burnt";
  /** The state of a run that is open, the answer of one that is done; undefined for one that is burnt. */
  readonly opened: Uint8Array | undefined;
}

interface Row {
  readonly id: string;
  readonly request_id: string;
  readonly key_id: string;
  readonly stage: StoredRun["stage"];
  readonly sealed: string | null;
}

const ALL = "select id, request_id, key_id, stage, sealed from threshold_signings";

/** Every signing session in a signer's store: a SQLite file, or "postgres://…". */
export function storedRuns(store: string, sealingKey?: string): Promise<StoredRun[]> {
  return changesOfRuns(store, sealingKey)();
}

/** The same, to be called again and again: gives the sessions that are new or have changed since the last time. */
export function changesOfRuns(
  store: string,
  sealingKey: string = SECRETS_ENV.SEALING_KEY ?? "",
): () => Promise<StoredRun[]> {
  const seals = new Seals([Buffer.from(sealingKey, "hex")]);
  const known = new Map<string, string>();
  return async () => {
    const rows = (await rowsOf(store)).filter((row) => known.get(row.id) !== contentOf(row));
    for (const row of rows) known.set(row.id, contentOf(row));
    return rows.map(({ id, request_id: requestId, key_id: keyId, stage, sealed }) => ({
      id,
      requestId,
      stage,
      opened: sealed === null || stage === "burnt" ? undefined : opened(seals, { id, keyId, stage, sealed }),
    }));
  };
}

function contentOf({ request_id, key_id, stage, sealed }: Row): string {
  return [request_id, key_id, stage, sealed].join();
}

function opened(seals: Seals, of: { id: string; keyId: string; stage: "open" | "done"; sealed: string }) {
  const { id: sessionId, keyId, stage, sealed } = of;
  const purpose = stage === "open" ? "relayer-nonces" : "answer";
  const found = seals.open({ purpose, sessionId, stage, keyId }, Buffer.from(sealed, "hex"));
  if (found === undefined) throw new Error(`the state of ${sessionId} does not open`);
  return found;
}

async function rowsOf(store: string): Promise<Row[]> {
  if (store.startsWith("postgres")) {
    const client = new pg.Client({ connectionString: store });
    await client.connect();
    try {
      return (await client.query<Row>(ALL)).rows;
    } finally {
      await client.end();
    }
  }
  const db = new DatabaseSync(store, { readOnly: true });
  try {
    return db.prepare(ALL).all() as unknown as Row[];
  } finally {
    db.close();
  }
}
