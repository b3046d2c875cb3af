import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { Phase, WireMessage } from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import {
  type PresignStepRequestSchema,
  type PresignStepResponse,
  type ProtocolMessage,
  ProtocolPhase,
} from "@countersign/gen/countersign/threshold/v1/ecdsa_pb.ts";
import type { EcdsaSigningService } from "@countersign/gen/countersign/threshold/v1/ecdsa_service_pb.ts";
import { errorOf } from "../countersign-error.ts";
import { waitFor } from "../retrying-transport.ts";
import { pauseBeforeAnother } from "./signing-requests.ts";
import type { WalletContext } from "./wallet-context.ts";
import { fromVault, untrue } from "./wallet-errors.ts";

/** What the rounds of threshold ECDSA are made with. */
export interface EcdsaContext extends WalletContext {
  /** Repeats nothing by itself. */
  readonly ecdsa: Client<typeof EcdsaSigningService>;
}

const NO_PRESIGNATURE = new Uint8Array();

const PHASES: Readonly<Record<Phase, ProtocolPhase>> = {
  triples: ProtocolPhase.TRIPLES,
  presign: ProtocolPhase.PRESIGN,
  sign: ProtocolPhase.SIGN,
};

/**
 * Makes one presignature, which is in the vault's store then. A call is the client's whole flight, five in all. A call of
 * which no answer came is repeated once, as it was; whatever else goes wrong ends the run, and nothing of it is used again.
 *
 * @param sessionToken of a session that may sign for EVM
 */
export async function makePresignature(
  context: EcdsaContext,
  keyId: string,
  sessionToken: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { vault, ecdsa } = context;
  const call = signal === undefined ? {} : { signal };
  const { runId, flight } = await fromVault(vault.beginPresign({ keyId }));
  try {
    const opened = await ecdsa.presignInit({ keyId, sessionToken, messages: toWire(flight) }, call);
    const { presignSessionId } = opened;
    let { version, messages } = opened;
    let presignatureId: Uint8Array = NO_PRESIGNATURE;
    for (;;) {
      const taken = { runId, flight: fromWire(messages), presignatureId };
      const next = await fromVault(vault.advancePresign(taken));
      if (next.length === 0) return;
      const request = { presignSessionId, keyId, version, messages: toWire(next) };
      ({ version, messages, presignatureId } = await step(context, request, signal));
    }
  } finally {
    await vault.abandonPresign({ runId });
  }
}

/** PresignStep; and once more, identical, when its answer was lost or the signer had no room for it. */
async function step(
  { ecdsa, policy, clock }: EcdsaContext,
  request: MessageInitShape<typeof PresignStepRequestSchema>,
  signal: AbortSignal | undefined,
): Promise<PresignStepResponse> {
  const call = signal === undefined ? {} : { signal };
  try {
    return await ecdsa.presignStep(request, call);
  } catch (thrown) {
    const error = errorOf(thrown);
    const pause = pauseBeforeAnother(error, 1, policy, clock.random);
    if (pause === undefined || error.reason === "STALE_SESSION_STATE") throw error;
    await waitFor(pause, signal, clock);
    return ecdsa.presignStep(request, call);
  }
}

function toWire(flight: readonly WireMessage[]) {
  return flight.map(({ phase, data }) => ({ phase: PHASES[phase], data }));
}

function fromWire(messages: readonly ProtocolMessage[]): WireMessage[] {
  return messages.map(({ phase, data }) => ({ phase: phaseOf(phase), data }));
}

function phaseOf(wanted: ProtocolPhase): Phase {
  for (const phase of ["triples", "presign", "sign"] as const) if (PHASES[phase] === wanted) return phase;
  throw untrue("PRESIGN_ABORTED", "a message of the relayer is of no phase");
}
