import type { CallOptions } from "@connectrpc/connect";
import type { RelayClient } from "../relay-client.ts";
import type { ViewAccessKey } from "../wallet/view-access-key.ts";
import { accountLanded, delegateLanded } from "./landed.ts";
import { SubmissionHomes } from "./submission-homes.ts";
import { type FederatedRelay, type Submitting, submitWithFailover } from "./submit-with-failover.ts";

type Of<Method extends "submitDelegate" | "createAccount"> = Submitting<
  Parameters<RelayClient[Method]>[0],
  Awaited<ReturnType<RelayClient[Method]>>
>;

const DELEGATE: Of<"submitDelegate"> = {
  call: (relay, request, options) => relay.submitDelegate(request, options),
  landed: delegateLanded,
};

const ACCOUNT: Of<"createAccount"> = {
  call: (relay, request, options) => relay.createAccount(request, options),
  landed: accountLanded,
};

/**
 * The client of several relays. Submissions go to the first that can be reached (`submitWithFailover`), and are read and
 * watched where they are; all else is asked of the first relay alone.
 *
 * @param withKey gives a request an idempotency key that has none: one for all relays
 */
export function federatedClient(
  relays: readonly [FederatedRelay, ...FederatedRelay[]],
  near: ViewAccessKey,
  withKey: <T extends { idempotencyKey?: string }>(request: T, call: CallOptions) => T,
): RelayClient {
  const first = relays[0].client;
  const homes = new SubmissionHomes(first);
  return {
    ...first,
    async submitDelegate(request, call = {}) {
      const keyed = withKey(request, call);
      const { response, relay } = await submitWithFailover(relays, DELEGATE, near, keyed, call);
      homes.remember(response.submission, relay);
      return response;
    },
    async createAccount(request, call = {}) {
      const keyed = withKey(request, call);
      const { response, relay } = await submitWithFailover(relays, ACCOUNT, near, keyed, call);
      homes.remember(response.submission, relay);
      return response;
    },
    getSubmission: (request, call) => homes.of(request.submissionId).getSubmission(request, call),
    watchSubmission: (request, call) => homes.of(request.submissionId).watchSubmission(request, call),
  };
}
