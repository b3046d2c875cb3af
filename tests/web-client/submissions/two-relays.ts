import { fromBinary } from "@bufbuild/protobuf";
import {
  type SubmitDelegateRequest,
  SubmitDelegateRequestSchema,
} from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { nearRpc, type RelayClient, type ViewAccessKey } from "@countersign/web";
import { onTestFinished } from "vitest";
import { relayClientWith } from "../../../clients/web/src/relay-client.ts";
import { type FaultProxy, startFaultProxy } from "../../support/fault-proxy.ts";
import { relayClient, startTestRelay, type TestRelay } from "../../support/test-relay.ts";
import { TEST_API_KEY } from "../../support/test-tenant.ts";
import type { TestWallet } from "../../support/test-wallet.ts";
import { type HandClock, handClock } from "../hand-clock.ts";
import { ACCOUNT_CREATION, startSecondRelay } from "./second-relay.ts";

export interface TwoRelays {
  /** Behind the first proxy. */
  readonly first: TestRelay;
  readonly proxies: readonly [FaultProxy, FaultProxy];
  readonly wallet: TestWallet;
  readonly clock: HandClock;
  /** Of the first relay, with the second as its peer. It waits for nothing. */
  readonly client: RelayClient;
  /** What each relay took on, as its own callers see it. */
  taken(): Promise<[first: number, second: number]>;
  /** Who paid for each transaction of the chain, in order. */
  payers(): string[];
  /** The submissions of delegates that reached a proxy. */
  sent(): SubmitDelegateRequest[];
}

/**
 * Two relays of two operators on one chain, until the test ends: each with its ledger, signer, relayer and node, the first
 * node and the second. The client asks the second.
 */
export async function startTwoRelays({ near }: { near?: ViewAccessKey } = {}): Promise<TwoRelays> {
  const first = await startTestRelay({
    settings: { account_creation: ACCOUNT_CREATION },
    devnet: { endpoints: 2 },
    endpoints: async ({ rpcUrls }) => rpcUrls.slice(0, 1),
  });
  onTestFinished(() => first.stop());
  const [wallet] = first.wallets;
  if (wallet === undefined) throw new Error("there is no wallet");
  const second = await startSecondRelay(first.devnet);
  const proxies = [await proxyTo(first.app.address), await proxyTo(second.address)] as const;
  const clock = handClock();
  const client = relayClientWith(
    {
      baseUrl: proxies[0].url,
      apiKey: TEST_API_KEY,
      peers: [proxies[1].url],
      near: near ?? nearRpc(first.devnet.rpcUrls[1] ?? ""),
    },
    clock,
  );
  const count = async (address: string) =>
    (await relayClient(address).listSubmissions({})).submissions.length;
  return {
    first,
    proxies,
    wallet,
    clock,
    client,
    taken: async () => [await count(first.app.address), await count(second.address)],
    payers: () => first.devnet.chain.log.map(({ signerId }) => signerId),
    sent: () =>
      proxies.flatMap((proxy) =>
        proxy.seen("SubmitDelegate").map(({ body }) => fromBinary(SubmitDelegateRequestSchema, body)),
      ),
  };
}

/** A proxy before a relay, until the test ends. */
export async function proxyTo(address: string): Promise<FaultProxy> {
  const proxy = await startFaultProxy(address);
  onTestFinished(() => proxy.stop());
  return proxy;
}
