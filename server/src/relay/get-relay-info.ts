import type { MessageInitShape } from "@bufbuild/protobuf";
import type { GetRelayInfoResponseSchema } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import type { RelayContext } from "./relay-context.ts";

/** Version of the contracts in `proto/`, raised with every release of theirs. */
const CONTRACT_VERSION = "0.4.0";

export function getRelayInfo({ network, limits, accountCreation, relayers, availability }: RelayContext) {
  return async (): Promise<MessageInitShape<typeof GetRelayInfoResponseSchema>> => ({
    network,
    relayerAccounts: [...relayers()],
    contractVersion: CONTRACT_VERSION,
    availability: availability(),
    limits: {
      maxDelegateBytes: limits.maxBytes,
      maxActions: limits.maxActions,
      maxGas: limits.maxGas,
      maxDeposit: limits.maxDeposit.toString(),
      minBlocksAhead: limits.minBlocksAhead,
      maxBlocksAhead: limits.maxBlocksAhead,
      defaultDeadlineMs: limits.defaultDeadlineMs,
      maxDeadlineMs: limits.maxDeadlineMs,
    },
    ...(accountCreation === undefined
      ? {}
      : {
          accountCreation: {
            suffixes: [...accountCreation.suffixes],
            minInitialBalance: accountCreation.initialBalance.min.toString(),
            maxInitialBalance: accountCreation.initialBalance.max.toString(),
            defaultInitialBalance: accountCreation.initialBalance.default.toString(),
          },
        }),
  });
}
