import {
  advancePresign,
  beginPresign,
  type Phase,
  type Presignature,
  type PresignParty,
  type PresignRun,
  type WireMessage,
} from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import {
  PresignStage,
  type PresignStepResponse,
  ProtocolPhase,
} from "@countersign/gen/countersign/threshold/v1/ecdsa_pb.ts";
import { clientTools } from "./client-tools.ts";

const PHASES: readonly (readonly [Phase, ProtocolPhase])[] = [
  ["triples", ProtocolPhase.TRIPLES],
  ["presign", ProtocolPhase.PRESIGN],
  ["sign", ProtocolPhase.SIGN],
];

/** Messages as the contract has them. */
export function onTheWire(flight: readonly WireMessage[]) {
  return flight.map(({ phase, data }) => {
    return { phase: PHASES.find(([name]) => name === phase)?.[1] ?? ProtocolPhase.UNSPECIFIED, data };
  });
}

function fromTheWire(messages: PresignStepResponse["messages"]): WireMessage[] {
  return messages.map(({ phase: sent, data }) => {
    const phase = PHASES.find(([, value]) => value === sent)?.[0];
    if (phase === undefined) throw new Error("a message of no phase");
    return { phase, data };
  });
}

/** What of an answer the client goes on with. */
export type PresignAnswer = Pick<PresignStepResponse, "version" | "stage" | "messages"> &
  Partial<Pick<PresignStepResponse, "presignatureId">>;

/** The client's half of one presignature, in the middle of it. */
export class ClientPresign {
  readonly #party: PresignParty;
  #run: PresignRun;
  /** What is to be sent next. */
  flight: readonly WireMessage[];
  /** Of the answer to the first call. */
  sessionId = "";
  version = 0;
  /** Answers that were taken. */
  calls = 0;
  /** Once it is finished. */
  presignature: Presignature | undefined;

  private constructor(party: PresignParty, run: PresignRun, flight: readonly WireMessage[]) {
    this.#party = party;
    this.#run = run;
    this.flight = flight;
  }

  /** With the first flight. */
  static async begin(share: Uint8Array, publicKey: Uint8Array): Promise<ClientPresign> {
    const party: PresignParty = { participant: 1, share: Uint8Array.from(share), publicKey };
    const { run, flight } = await beginPresign(clientTools, party);
    return new ClientPresign(party, run, flight);
  }

  /** Takes the relayer's answer and makes the next flight, or the presignature: then the signer has it too. */
  async take({ version, stage, messages, presignatureId }: PresignAnswer): Promise<void> {
    this.version = version;
    this.calls += 1;
    const next = await advancePresign(clientTools, this.#party, this.#run, fromTheWire(messages));
    this.#run = next.run;
    this.flight = next.flight;
    this.presignature = next.presignature;
    const isDone = stage === PresignStage.DONE;
    if (isDone !== (next.presignature !== undefined)) throw new Error("one side alone is done");
    if (isDone && Buffer.compare(presignatureId ?? Buffer.of(), next.presignature?.id ?? Buffer.of()) !== 0) {
      throw new Error("both sides name it differently");
    }
  }
}
