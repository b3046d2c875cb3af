import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign, verify } from "node:crypto";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { DatabaseSync } from "node:sqlite";
import type { PublicKey } from "@countersign/near";
import { SESSIONS, type Token } from "./token.ts";

/** What nothing that signs and verifies, or that commits, can be faster than: a loop in one thread. */
export interface Loop {
  readonly name: string;
  readonly includes: string;
  /** Of one round. */
  readonly turns: number;
  /** Turns per second; throws if a signature does not verify. */
  run(turns: number): Promise<number>;
}

export const TOKEN_LOOP = "pkcs11js C_Sign + verify";

/** The loops that the signer is compared with; `folder` is where its store lies. */
export function referenceLoops(folder: string, token: Token | undefined): Loop[] {
  return [cryptoLoop(), commitLoop(folder), ...(token === undefined ? [] : tokenLoops(token))];
}

function cryptoLoop(): Loop {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return {
    name: "node:crypto sign + verify",
    includes: "32 bytes each, one after another",
    turns: 5_000,
    run: inTurn((hash) => check(publicKey, hash, sign(null, hash, privateKey))),
  };
}

/** Of the two that a new signature needs at least, before and after it is made. */
function commitLoop(folder: string): Loop {
  const db = new DatabaseSync(join(folder, "commits.db"));
  db.exec("pragma journal_mode = wal; pragma synchronous = full; create table entries (hash blob)");
  const insert = db.prepare("insert into entries values (?)");
  return {
    name: "SQLite commit",
    includes: "one row, synchronous=FULL, one after another",
    turns: 1_000,
    run: inTurn((hash) => {
      insert.run(hash);
    }),
  };
}

function tokenLoops(token: Token): Loop[] {
  const publicKey = keyObject(token.publicKey);
  return [
    {
      name: TOKEN_LOOP,
      includes: "verify by node:crypto, one after another",
      turns: 5_000,
      run: inTurn((hash) => check(publicKey, hash, token.sign(hash))),
    },
    {
      name: "pkcs11js C_SignAsync + verify",
      includes: `verify by node:crypto, over ${SESSIONS} sessions`,
      turns: 5_000,
      async run(turns) {
        let left = turns;
        return rateOf(turns, () =>
          Promise.all(
            Array.from({ length: SESSIONS }, async (_, session) => {
              while (left-- > 0) {
                const hash = randomBytes(32);
                check(publicKey, hash, await token.signAsync(session, hash));
              }
            }),
          ),
        );
      },
    },
  ];
}

function inTurn(turn: (hash: Buffer) => void): Loop["run"] {
  return (turns) =>
    rateOf(turns, async () => {
      for (let i = 0; i < turns; i++) turn(randomBytes(32));
    });
}

async function rateOf(turns: number, action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return (turns / (performance.now() - start)) * 1000;
}

function check(publicKey: KeyObject, hash: Buffer, signature: Buffer): void {
  if (!verify(null, hash, publicKey, signature)) throw new Error("a signature of a loop does not verify");
}

function keyObject({ data }: PublicKey): KeyObject {
  const x = Buffer.from(data).toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
}
