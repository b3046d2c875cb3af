import { randomBytes } from "node:crypto";
import type { Logger } from "@countersign/service-kit";
import type { RelayConfig } from "../config/config.ts";
import type { Events } from "../observability/events.ts";
import { GrantSigner } from "./grant-signer.ts";
import { KeyPoolSigner } from "./key-pool-signer.ts";
import { LockSigner } from "./lock-signer.ts";
import { SignerClient, type SignerFailure } from "./signer-client.ts";
import { signerTransport } from "./signer-transport.ts";
import { ThresholdSigner } from "./threshold-signer.ts";

export interface SignerOptions {
  readonly config: RelayConfig["signer"];
  readonly events: Pick<Events, "signerCallFailed">;
  readonly log: Logger;
  readonly now: () => Date;
}

/** The signer as the relay knows it: one connection, four contracts. */
export interface Signer {
  readonly relayerSigner: SignerClient;
  readonly thresholdSigner: ThresholdSigner;
  readonly lockSigner: LockSigner;
  readonly keyPoolSigner: KeyPoolSigner;
}

/** Calls nobody yet: the signer may come later. Throws when its certificates cannot be read. */
export function openSigner({ config, events, log, now }: SignerOptions): Signer {
  const transport = signerTransport({
    ...config,
    now,
    onBadFiles: (error) => log.warn({ why: error.message }, "signer certificates not renewed"),
  });
  const onFailure = (failure: SignerFailure) => events.signerCallFailed(failure);
  const grants = config.grants && new GrantSigner({ ...config.grants, now, randomBytes });
  return {
    relayerSigner: new SignerClient(transport, onFailure, grants),
    thresholdSigner: new ThresholdSigner(transport, onFailure),
    lockSigner: new LockSigner(transport, onFailure),
    keyPoolSigner: new KeyPoolSigner(transport, onFailure),
  };
}
