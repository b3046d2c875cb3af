import { SubmissionState } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { actions } from "near-api-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestRelay, type TestRelay } from "../support/test-relay.ts";
import type { TestWallet } from "../support/test-wallet.ts";
import { freshWallet } from "./support/fresh-wallet.ts";
import { submit } from "./support/submitting.ts";

describe("ListSubmissions", () => {
  let relay: TestRelay;
  let alice: TestWallet;
  let bob: TestWallet;
  /** Ids, newest first: of alice, bob, alice …; each third one failed. */
  const ids: string[] = [];
  beforeAll(async () => {
    relay = await startTestRelay();
    alice = freshWallet(relay);
    bob = freshWallet(relay);
    for (let i = 0; i < 9; i++) {
      const wallet = i % 2 === 0 ? alice : bob;
      const failing = [actions.functionCall("no_such_method", {}, 10n ** 13n, 0n)];
      const signedDelegate = await wallet.delegate(i % 3 === 0 ? { actions: failing } : {});
      ids.unshift((await submit(relay, { signedDelegate })).id);
    }
  });
  afterAll(() => relay.stop());

  /** Ids of all pages, page by page. */
  async function pages(pageSize: number, filter: { accountId?: string; state?: SubmissionState } = {}) {
    const found: string[][] = [];
    let pageToken = "";
    do {
      const page = await relay.client.listSubmissions({ pageSize, pageToken, filter });
      found.push(page.submissions.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return found;
  }

  it("gives all on one page when they fit, and no token", async () => {
    expect(await pages(0)).toEqual([ids]);
    expect(await pages(9)).toEqual([ids]);
  });

  it.each([1, 2, 4, 8])("gives every submission once, newest first, in pages of %d", async (size) => {
    const found = await pages(size);
    expect(found.flat()).toEqual(ids);
    for (const page of found.slice(0, -1)) expect(page).toHaveLength(size);
    expect(found.at(-1)?.length).toBeGreaterThan(0);
  });

  it("filters by account, by state, and by both", async () => {
    const { accountId } = alice;
    const state = SubmissionState.FAILED;
    const alices = ids.filter((_, i) => (ids.length - 1 - i) % 2 === 0);
    const failures = ids.filter((_, i) => (ids.length - 1 - i) % 3 === 0);
    expect((await pages(2, { accountId })).flat()).toEqual(alices);
    expect((await pages(2, { state })).flat()).toEqual(failures);
    expect((await pages(1, { accountId, state })).flat()).toEqual(
      alices.filter((id) => failures.includes(id)),
    );
    expect(await pages(2, { accountId: "nobody.test" })).toEqual([[]]);
    expect(await pages(2, { state: SubmissionState.REJECTED })).toEqual([[]]);
  });

  it("does not repeat what came before when new ones arrive between two pages", async () => {
    const first = await relay.client.listSubmissions({ pageSize: 4 });
    await submit(relay);
    const rest = await relay.client.listSubmissions({ pageSize: 200, pageToken: first.nextPageToken });
    expect([...first.submissions, ...rest.submissions].map(({ id }) => id)).toEqual(ids);
  });
});
