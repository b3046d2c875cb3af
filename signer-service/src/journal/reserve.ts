import type { Engine } from "@countersign/sql";
import type { Transaction } from "kysely";
import { appendAudit } from "../audit/append-audit.ts";
import { boundedText } from "../audit/bounded-text.ts";
import { toHex } from "../chain/hash-text.ts";
import { type ChainHead, lockHead, writeHead } from "../store/chain-head.ts";
import type { SignerSchema } from "../store/schema.ts";
import { utcDay } from "./daily-totals.ts";
import { hashEntry, type JournalEntry } from "./entry-hash.ts";
import type { JournalAnswer, JournalRequest } from "./journal.ts";
import { insertEntries, liveEntries, supersede } from "./journal-rows.ts";
import { lockKeys, moveKeys } from "./key-standings.ts";
import { type GrantsThatHold, markUsed, openRepairs } from "./repair-grants.ts";
import {
  decide,
  entryKey,
  type JournalView,
  type KeyStanding,
  type NewReservation,
} from "./reservation-rules.ts";
import { claimGrants } from "./used-grants.ts";

export interface Reserved {
  readonly answers: JournalAnswer[];
  /** The journal's new end; null when nothing was added. */
  readonly head: ChainHead | null;
}

/** Answers the requests of one call by the rules (see `decide`), and writes what they let in. */
export async function reserve(
  engine: Engine<SignerSchema>,
  trx: Transaction<SignerSchema>,
  requests: readonly JournalRequest[],
  grantsThatHold: GrantsThatHold,
  at: Date,
): Promise<Reserved> {
  const freshGrants = await claimGrants(trx, requests);
  const keys = await lockKeys(engine, trx, requests, utcDay(at));
  const known = requests.filter(({ publicKey, nonce }) => mayHold(keys.get(publicKey), nonce));
  const entries = await liveEntries(trx, known);
  const conflicts = known.some((request) => {
    const entry = entries.get(entryKey(request.publicKey, request.nonce));
    return entry !== undefined && entry.payloadHash !== toHex(request.payloadHash);
  });
  const takeRepair = conflicts ? await openRepairs(engine, trx, grantsThatHold, at) : () => undefined;

  const view: JournalView = { freshGrants, keys, entries, takeRepair };
  const added: NewReservation[] = [];
  const answers = requests.map((request) => decide(view, request, added));
  if (added.length === 0) return { answers, head: null };

  await moveKeys(trx, added, keys);
  return { answers, head: await append(trx, added, at) };
}

/** A nonce above the journal's highest has no entry: the usual case needs no look. */
function mayHold(key: KeyStanding | undefined, nonce: bigint): boolean {
  return key !== undefined && key.highest !== null && nonce <= key.highest;
}

async function append(
  trx: Transaction<SignerSchema>,
  added: readonly NewReservation[],
  at: Date,
): Promise<ChainHead> {
  let head = await lockHead(trx, "journal");
  const entries = added.map((reservation) => {
    const entry = toEntry(reservation, head.sequence + 1n, at);
    head = { sequence: entry.sequence, hash: hashEntry(head.hash, entry) };
    return { ...entry, hash: toHex(head.hash) };
  });
  const repairs = added.flatMap(({ request, repairs }, i) => {
    const entry = entries[i];
    return repairs === null || entry === undefined ? [] : [{ request, entry, ...repairs }];
  });
  for (const { sequence, entry, grantId } of repairs) {
    await supersede(trx, sequence, entry.sequence);
    await markUsed(trx, grantId);
  }
  await insertEntries(trx, entries);
  await writeHead(trx, "journal", head);
  await appendAudit(
    trx,
    repairs.map(({ request, entry, sequence, grantId }) => ({
      at,
      kind: "journal repaired",
      actor: request.peer,
      keyId: request.keyId,
      detail: {
        admin_grant: grantId,
        nonce: request.nonce.toString(),
        payload_hash: entry.payloadHash,
        entry: entry.sequence.toString(),
        superseded_entry: sequence.toString(),
      },
    })),
  );
  return head;
}

function toEntry({ request, repairs }: NewReservation, sequence: bigint, at: Date): JournalEntry {
  const { network, accountId, publicKey, nonce, purpose, grant, deposit, gas } = request;
  return {
    sequence,
    at,
    network,
    accountId,
    publicKey,
    nonce,
    payloadHash: toHex(request.payloadHash),
    purpose,
    grantId: grant === null ? "" : toHex(grant.id),
    tenant: boundedText(grant?.tenant ?? ""),
    submissionId: boundedText(grant?.submissionId ?? ""),
    deposit,
    gas,
    requestId: boundedText(request.requestId),
    peer: boundedText(request.peer),
    supersedes: repairs?.sequence ?? 0n,
  };
}
