import { SubmissionState, WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import type { RelayClient } from "../../support/submitting.ts";
import { NETWORK } from "../../support/test-relay.ts";
import type { TestWallet } from "../../support/test-wallet.ts";

/** Wallets of which each sends its next delegate once the one before has succeeded. */
export interface Load {
  /** Resolves when so many more have succeeded. Throws when a call was refused, or a submission came to another end. */
  more(count: number): Promise<void>;
  /** Lets what is under way end, and gives how many have succeeded in all. Throws as `more`. */
  stop(): Promise<number>;
}

const UNDER_WAY: readonly SubmissionState[] = [
  SubmissionState.ACCEPTED,
  SubmissionState.SIGNED,
  SubmissionState.BROADCAST,
  SubmissionState.INCLUDED,
];

/** Asks again for as long as it is under way: an answer comes at the latest when the relay's longest wait is over. */
async function succeeds(client: RelayClient, signedDelegate: Uint8Array): Promise<void> {
  for (;;) {
    const request = { network: NETWORK, signedDelegate, waitUntil: WaitUntil.FINAL };
    const { state = SubmissionState.UNSPECIFIED } = (await client.submitDelegate(request)).submission ?? {};
    if (state === SubmissionState.SUCCEEDED) return;
    if (!UNDER_WAY.includes(state)) throw new Error(`it ended as ${state}`);
  }
}

/** No call is repeated that was refused: whatever an application would see as a failure is one. */
export function startLoad(client: RelayClient, wallets: readonly TestWallet[]): Load {
  let succeeded = 0;
  let stopping = false;
  let next = Promise.withResolvers<void>();
  const keepsOn = async (wallet: TestWallet) => {
    while (!stopping) {
      await succeeds(client, await wallet.delegate());
      succeeded += 1;
      next.resolve();
      next = Promise.withResolvers();
    }
  };
  const all = Promise.all(wallets.map(keepsOn));
  // It is told of by whoever waits.
  all.catch(() => undefined);
  return {
    async more(count) {
      for (const enough = succeeded + count; succeeded < enough; ) await Promise.race([next.promise, all]);
    },
    async stop() {
      stopping = true;
      await all;
      return succeeded;
    },
  };
}
