import { SubmissionState } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { actions, PublicKey } from "near-api-js";
import { expect, it, onTestFinished } from "vitest";
import { openJournal } from "../signer/operations/support/relaying.ts";
import { makeBlocks } from "../support/block-maker.ts";
import { finishAll } from "../support/submitting.ts";
import { expectAllLandedOnce } from "./support/landed.ts";
import { startLiveRelay } from "./support/live-relay.ts";
import { startLiveWorld } from "./support/live-world.ts";

const TIMEOUT_MS = 120_000;
/** For how many blocks a transaction may land: a day's worth takes too long. */
const VALIDITY = 60;

it(
  "a key that somebody deletes on the chain: put back where it was the only one, rotated where it was not",
  async () => {
    const world = await startLiveWorld({
      wallets: 8,
      devnet: { transactionValidityBlocks: BigInt(VALIDITY) },
      settings: { "near.transaction_validity_blocks": String(VALIDITY) },
    });
    const { chain, operator } = world;
    const relay = await startLiveRelay(world);
    const keeper = PublicKey.from((await operator.keys()).keeper?.public_key ?? "");
    const submitted = async () =>
      finishAll(() => relay.client, await Promise.all(chain.wallets.map((wallet) => wallet.delegate())));

    await world.ownerDoes(actions.deleteKey(keeper));
    const alone = submitted();
    await relay.saw("keeper key-missing");
    await world.ownerDoes(actions.addFullAccessKey(keeper));
    await openJournal(operator, chain);
    await alone;
    await world.add();
    await relay.saw("ADD DONE");

    await world.ownerDoes(actions.deleteKey(keeper));
    const among = submitted();
    await relay.saw("keeper key-missing", 2);
    const { newKeyId } = await world.rotate("keeper");
    await relay.saw("ROTATE DRAINING");
    onTestFinished(makeBlocks(chain.devnet));
    await relay.saw("ROTATE DONE");
    expect((await among).map(({ state }) => state)).toEqual(
      chain.wallets.map(() => SubmissionState.SUCCEEDED),
    );
    expect(await operator.keys()).toMatchObject({
      keeper: { state: "KEY_STATE_RETIRED" },
      [newKeyId]: { state: "KEY_STATE_ACTIVE" },
    });
    await expectAllLandedOnce(world, { delegates: 16, keyChanges: 2 });
  },
  TIMEOUT_MS,
);
