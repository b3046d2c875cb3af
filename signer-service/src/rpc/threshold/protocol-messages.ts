import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Phase, WireMessage } from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import {
  type ProtocolMessage,
  type ProtocolMessageSchema,
  ProtocolPhase,
  PresignStage as StageMessage,
} from "@countersign/gen/countersign/threshold/v1/ecdsa_pb.ts";
import type { PresignStage } from "../../threshold/ecdsa/ecdsa-store.ts";

const PHASES: Readonly<Record<Phase, ProtocolPhase>> = {
  triples: ProtocolPhase.TRIPLES,
  presign: ProtocolPhase.PRESIGN,
  sign: ProtocolPhase.SIGN,
};

const STAGES: Readonly<Record<PresignStage, StageMessage>> = {
  triples: StageMessage.TRIPLES,
  triples_done: StageMessage.TRIPLES_DONE,
  presign: StageMessage.PRESIGN,
  done: StageMessage.DONE,
};

const phaseOf: ReadonlyMap<ProtocolPhase, Phase> = new Map(
  (Object.keys(PHASES) as Phase[]).map((phase) => [PHASES[phase], phase]),
);

/** The messages of a flight, from the wire. */
export function toFlight(messages: readonly ProtocolMessage[] | undefined): WireMessage[] {
  return (messages ?? []).map(({ phase: sent, data }) => {
    const phase = phaseOf.get(sent);
    if (phase === undefined) throw new Error("a phase that the contract's rules do not let through");
    return { phase, data };
  });
}

/** A message as it stands on the wire. */
export function toProtocolMessage({
  phase,
  data,
}: WireMessage): MessageInitShape<typeof ProtocolMessageSchema> {
  return { phase: PHASES[phase], data };
}

/** How far a presign session is, on the wire. */
export function toStageMessage(stage: PresignStage): StageMessage {
  return STAGES[stage];
}
