import {
  advancePresign,
  beginPresign,
  type PresignParty,
  type PresignRun,
  type WireMessage,
  wipePresign,
} from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import type { Presignature } from "@countersign/crypto/ot-ecdsa/presignature.ts";
import { wipePresignature } from "@countersign/crypto/ot-ecdsa/presignature.ts";
import { ProtocolAbort } from "@countersign/crypto/ot-ecdsa/protocol-abort.ts";
import type { RunTools } from "@countersign/crypto/ot-ecdsa/run-tools.ts";
import type { EcdsaKey } from "./ecdsa-share.ts";
import { spent, VaultError } from "./vault-error.ts";

/** What a step gives: a flight to send, or a presignature when there is none to send. */
type Advanced = Awaited<ReturnType<typeof advancePresign>>;

/** The most messages that a flight of the relayer's has: two triples have 256 of base OT, and a few more. */
const MAX_MESSAGES = 320;
/** The largest message, c of a multiplication, has 40 kB. */
const MAX_MESSAGE = 65_536;

/**
 * The client's side of one presignature. A run is taken away before it is advanced, so that no two flights meet one state;
 * whatever goes wrong ends it, because two answers from one run's secrets give the share away.
 */
export class PresignJob {
  readonly key: EcdsaKey;
  readonly #tools: RunTools;
  #run: PresignRun | undefined;
  #isOver = false;

  constructor(key: EcdsaKey, tools: RunTools) {
    this.key = key;
    this.#tools = tools;
  }

  /** The first flight. Throws LOCKED. */
  async begin(): Promise<readonly WireMessage[]> {
    const { run, flight } = await beginPresign(this.#tools, this.#party());
    this.#keep(run);
    return flight;
  }

  /** Throws ROUND_SPENT, LOCKED, PRESIGN_ABORTED. */
  async advance(flight: readonly WireMessage[]): Promise<Omit<Advanced, "run">> {
    const run = this.#run;
    this.#run = undefined;
    if (run === undefined) throw spent();
    const { flight: next, presignature } = await this.#advanced(run, flight);
    return presignature === undefined ? { flight: next } : { flight: next, presignature };
  }

  /** Erases what is left. Of a step that is being made, its end does. */
  abandon(): void {
    this.#isOver = true;
    if (this.#run !== undefined) wipePresign(this.#run);
    this.#run = undefined;
  }

  async #advanced(run: PresignRun, flight: readonly WireMessage[]): Promise<Advanced> {
    let advanced: Advanced;
    try {
      assertBounded(flight);
      advanced = await advancePresign(this.#tools, this.#party(), run, flight);
    } catch (error) {
      wipePresign(run);
      this.key.share.assertThere();
      if (!(error instanceof ProtocolAbort)) throw error;
      throw new VaultError("PRESIGN_ABORTED", error.message);
    }
    this.#keep(advanced.run, advanced.presignature);
    return advanced;
  }

  /** Erases it instead when the job was ended meanwhile. */
  #keep(run: PresignRun, presignature?: Presignature): void {
    if (!this.#isOver) {
      this.#run = run;
      return;
    }
    wipePresign(run);
    if (presignature !== undefined) wipePresignature(presignature);
    this.key.share.assertThere();
    throw spent();
  }

  #party(): PresignParty {
    return { participant: 1, share: this.key.share.secret, publicKey: this.key.publicKey };
  }
}

function assertBounded(flight: readonly WireMessage[]): void {
  if (flight.length <= MAX_MESSAGES && flight.every(({ data }) => data.length <= MAX_MESSAGE)) return;
  throw new ProtocolAbort("a flight is too large");
}
