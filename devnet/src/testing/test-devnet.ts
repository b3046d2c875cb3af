import { KeyPair } from "near-api-js";
import type { Chain } from "../chain/chain.ts";
import type { GenesisAccount, GenesisKey } from "../chain/genesis.ts";
import { type Devnet, type DevnetOptions, startDevnet } from "../devnet.ts";
import { type Answer, call, type TransactionView } from "./raw-rpc.ts";
import { type Signed, TestAccount } from "./test-account.ts";

export const NEAR = 10n ** 24n;

/** A devnet with funded accounts; blocks come whenever there is work, unless `blockTimeMs` says otherwise. */
export class TestDevnet {
  readonly devnet: Devnet;
  readonly alice: TestAccount;
  readonly bob: TestAccount;
  readonly relayer: TestAccount;

  private constructor(devnet: Devnet, pairs: readonly KeyPair[]) {
    this.devnet = devnet;
    const account = (id: string, index: number) => new TestAccount(devnet.chain, id, pairs[index]);
    this.alice = account("alice.test", 0);
    this.bob = account("bob.test", 1);
    this.relayer = account("relayer.test", 2);
  }

  static async start(options: DevnetOptions = {}): Promise<TestDevnet> {
    const pairs = [0, 1, 2].map(() => KeyPair.fromRandom("ed25519"));
    const funded = ["alice.test", "bob.test", "relayer.test"].map(
      (id, i): GenesisAccount => ({
        id,
        balance: String(100n * NEAR),
        keys: [String(pairs[i]?.getPublicKey())],
      }),
    );
    const contracts: GenesisAccount[] = [
      { id: "test", balance: String(100n * NEAR), contract: "registrar" },
      { id: "guest-book.test", balance: String(NEAR), contract: "guest-book" },
    ];
    const accounts = [...funded, ...contracts, ...(options.accounts ?? [])];
    return new TestDevnet(await startDevnet({ blockTimeMs: 0, ...options, accounts }), pairs);
  }

  get chain(): Chain {
    return this.devnet.chain;
  }

  get url(): string {
    return this.urlOf(0);
  }

  urlOf(endpoint: number): string {
    const url = this.devnet.rpcUrls[endpoint];
    if (url === undefined) throw new Error(`no endpoint ${endpoint}`);
    return url;
  }

  call(method: string, params: unknown, endpoint = 0): Promise<Answer> {
    return call(this.urlOf(endpoint), method, params);
  }

  send(signed: Signed, waitUntil = "FINAL", endpoint = 0): Promise<Answer> {
    return this.call("send_tx", { signed_tx_base64: signed.base64, wait_until: waitUntil }, endpoint);
  }

  /** Sends and waits for FINAL; throws when the transaction is refused. */
  async run(signed: Signed): Promise<TransactionView> {
    const answer = await this.send(signed);
    if (answer.error !== undefined) throw new Error(JSON.stringify(answer.error));
    return answer.result as TransactionView;
  }

  /** An account outside of any transaction, with a full-access key or a restricted one. */
  addAccount(id: string, balance: bigint, restricted?: GenesisKey["functionCall"]): TestAccount {
    const account = new TestAccount(this.chain, id);
    const { publicKey } = account;
    const key = restricted === undefined ? publicKey : { publicKey, functionCall: restricted };
    this.chain.addAccount({ id, balance: String(balance), keys: [key] });
    return account;
  }

  produce(blocks: number): void {
    for (let i = 0; i < blocks; i++) this.chain.produceBlock();
  }

  /** Resolves after the block that takes `transactions` more up. */
  included(transactions: number): Promise<void> {
    const goal = this.chain.log.length + transactions;
    return new Promise((resolve) => {
      const stop = this.chain.onBlock(() => {
        if (this.chain.log.length < goal) return;
        stop();
        resolve();
      });
    });
  }

  stop(): Promise<void> {
    return this.devnet.stop();
  }
}

/** The error of the action that failed, or undefined. */
export function failure(view: TransactionView): unknown {
  return view.status.Failure?.ActionError.kind;
}

/** Yocto that a transaction burnt with all its receipts. */
export function burnt(view: TransactionView): bigint {
  const outcomes = [view.transaction_outcome, ...view.receipts_outcome];
  return outcomes.reduce((sum, { outcome }) => sum + BigInt(outcome.tokens_burnt), 0n);
}

/** A call's result, decoded from base64 JSON. */
export function returned(view: TransactionView): unknown {
  const text = Buffer.from(view.status.SuccessValue ?? "", "base64").toString();
  return text === "" ? undefined : JSON.parse(text);
}
