import type { SignedTransaction } from "../codec/action.ts";
import type { PromiseResult } from "../contracts/contract.ts";
import { applyReceipt } from "../runtime/apply-receipt.ts";
import { type Charge, validateTransaction, verifyAndCharge } from "../runtime/verify-transaction.ts";
import { type Block, genesisBlock, nextBlock } from "./block.ts";
import type { ChainConfig } from "./config.ts";
import { InvalidTransaction } from "./errors.ts";
import { type GenesisAccount, writeGenesisAccount } from "./genesis.ts";
import { Mempool } from "./mempool.ts";
import { type ActionReceipt, deriveId, type Receipt } from "./receipt.ts";
import { type StateReader, StateUpdate, stateReader } from "./records.ts";
import { VersionedState } from "./state.ts";
import { finalHeight, type TransactionRecord } from "./transaction-record.ts";

/** A transaction that a block included, for tests to count. */
export interface LogEntry {
  readonly hash: string;
  readonly signerId: string;
  readonly publicKey: string;
  readonly nonce: bigint;
  readonly receiverId: string;
  readonly blockHeight: bigint;
}

/** One shard of a NEAR chain in memory. Nothing in it waits or fails for outside reasons. */
export class Chain {
  readonly config: ChainConfig;
  readonly log: LogEntry[] = [];
  readonly #state: VersionedState;
  readonly #mempool = new Mempool();
  readonly #blocks: Block[];
  readonly #blocksByHash = new Map<string, Block>();
  readonly #records = new Map<string, TransactionRecord>();
  readonly #listeners = new Set<() => void>();
  #incoming: Receipt[] = [];
  /** Receipts that wait for results, by the id of the data they wait for (PostponedReceipt in nearcore's trie). */
  readonly #postponed = new Map<string, ActionReceipt>();
  readonly #results = new Map<string, PromiseResult>();
  #supply = 0n;
  #burnt = 0n;

  constructor(config: ChainConfig, accounts: readonly GenesisAccount[]) {
    this.config = config;
    this.#state = new VersionedState(config.historyBlocks);
    const genesis = genesisBlock(config.networkId, config.genesisHeight, config.now());
    this.#blocks = [genesis];
    this.#blocksByHash.set(genesis.hash, genesis);
    for (const account of accounts) this.addAccount(account);
  }

  get head(): Block {
    const head = this.#blocks.at(-1);
    if (head === undefined) throw new Error("a chain has a genesis block");
    return head;
  }

  /** Yocto that exist, in accounts and in receipts on their way. */
  get totalSupply(): bigint {
    return this.#supply - this.#burnt;
  }

  get totalBurnt(): bigint {
    return this.#burnt;
  }

  /** Whether a block has work to do: a transaction waits, or a receipt. */
  get hasWork(): boolean {
    return this.#mempool.size > 0 || this.#incoming.length > 0;
  }

  blockAt(height: bigint): Block | undefined {
    if (height < this.config.genesisHeight) return undefined;
    return this.#blocks[Number(height - this.config.genesisHeight)];
  }

  blockByHash(hash: string): Block | undefined {
    return this.#blocksByHash.get(hash);
  }

  finalHeight(head: bigint): bigint {
    return finalHeight(head, this.config.genesisHeight);
  }

  /** State after the block at `height`, by default after the newest. */
  stateAt(height?: bigint): StateReader {
    return stateReader(this.#state, height === this.head.height ? undefined : height);
  }

  /** The first height whose state is still kept. */
  get oldestHeight(): bigint {
    const oldest = this.head.height - this.config.historyBlocks;
    if (oldest < this.config.genesisHeight) return this.config.genesisHeight;
    return oldest;
  }

  record(hash: string): TransactionRecord | undefined {
    return this.#records.get(hash);
  }

  /**
   * What a node whose head is at `height` thinks of a transaction (nearcore chain/client/src/client.rs,
   * process_tx_internal). Throws {@link InvalidTransaction}.
   */
  check(transaction: SignedTransaction, height: bigint): void {
    this.#checkAge(transaction, height);
    validateTransaction(transaction);
    verifyAndCharge(transaction, this.stateAt(height), this.config.gasPrice, undefined);
  }

  /** Checks a transaction and puts it into the mempool, once per hash. Throws {@link InvalidTransaction}. */
  submit(transaction: SignedTransaction, height: bigint = this.head.height): void {
    if (this.#mempool.has(transaction.hash)) return;
    this.check(transaction, height);
    this.#mempool.add(transaction);
    for (const listener of this.#listeners) listener();
  }

  /** Calls back after every block and every accepted transaction; returns what ends that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Takes what the mempool holds, executes local receipts (signer = receiver) and those of the block before, and appends
   * the block. Receipts made here are executed in the next one (nearcore runtime/runtime/src/lib.rs, Runtime::apply).
   */
  produceBlock(): Block {
    const parent = this.head;
    const waiting = this.#mempool.drain();
    const block = nextBlock(this.config.networkId, parent, this.config.now(), waiting.length);
    this.#blocks.push(block);
    this.#blocksByHash.set(block.hash, block);
    const incoming = this.#incoming;
    this.#incoming = [];
    const local: ActionReceipt[] = [];
    for (const transaction of waiting) {
      const receipt = this.#include(transaction, block, parent.height);
      if (receipt === undefined) continue;
      if (receipt.receiverId === receipt.signerId) local.push(receipt);
      else this.#incoming.push(receipt);
    }
    for (const receipt of local) this.#process(receipt, block);
    for (const receipt of incoming) this.#process(receipt, block);
    for (const listener of this.#listeners) listener();
    return block;
  }

  /** Adds an account outside of any transaction. */
  addAccount(account: GenesisAccount): void {
    const update = new StateUpdate(this.#state);
    this.#supply += writeGenesisAccount(update, account);
    update.commit(this.head.height);
  }

  /** Raises an access key's nonce as if its owner had used it elsewhere. Returns the new nonce. */
  bumpNonce(accountId: string, publicKey: string, by: bigint): bigint {
    const update = new StateUpdate(this.#state);
    const accessKey = update.accessKey(accountId, publicKey);
    if (accessKey === undefined) throw new Error(`${accountId} has no key ${publicKey}`);
    const nonce = accessKey.nonce + by;
    update.setAccessKey(accountId, publicKey, { ...accessKey, nonce });
    update.commit(this.head.height);
    return nonce;
  }

  /** nearcore chain/chain/src/store/utils.rs, check_transaction_validity_period: an unknown block counts as too old. */
  #checkAge(transaction: SignedTransaction, height: bigint): void {
    const base = this.#blocksByHash.get(transaction.blockHash);
    if (
      base === undefined ||
      base.height > height ||
      height > base.height + this.config.transactionValidityBlocks
    ) {
      throw new InvalidTransaction("Expired");
    }
  }

  /** Charges the signer and makes the first receipt; a transaction that became invalid is dropped without a trace. */
  #include(transaction: SignedTransaction, block: Block, parentHeight: bigint): ActionReceipt | undefined {
    const { signerId, publicKey, receiverId, hash } = transaction;
    const update = new StateUpdate(this.#state);
    let charge: Charge;
    try {
      this.#checkAge(transaction, parentHeight);
      charge = verifyAndCharge(transaction, update, this.config.gasPrice, block.height);
    } catch (error) {
      if (error instanceof InvalidTransaction) return undefined;
      throw error;
    }
    update.setAccount(signerId, charge.signer);
    update.setAccessKey(signerId, publicKey, charge.accessKey);
    update.commit(block.height);
    this.#burnt += charge.cost.burntAmount;
    const receipt: ActionReceipt = {
      kind: "action",
      id: deriveId(hash, block.height, 0),
      transactionHash: hash,
      predecessorId: signerId,
      receiverId,
      signerId,
      signerPublicKey: publicKey,
      gasPrice: this.config.gasPrice,
      actions: transaction.actions,
      inputDataIds: [],
      outputDataReceivers: [],
    };
    this.#records.set(hash, {
      transaction,
      receipts: new Map([[receipt.id, receipt]]),
      receiptOutcomes: new Map(),
      outcome: {
        id: hash,
        blockHeight: block.height,
        blockHash: block.hash,
        logs: [],
        receiptIds: [receipt.id],
        gasBurnt: charge.cost.gasBurnt,
        tokensBurnt: charge.cost.burntAmount,
        executorId: signerId,
        status: { kind: "receipt", id: receipt.id },
      },
    });
    this.log.push({
      hash,
      signerId,
      publicKey,
      nonce: transaction.nonce,
      receiverId,
      blockHeight: block.height,
    });
    return receipt;
  }

  #process(receipt: Receipt, block: Block): void {
    if (receipt.kind === "data") {
      const { data } = receipt;
      this.#results.set(receipt.dataId, data === undefined ? { ok: false } : { ok: true, value: data });
      const waiting = this.#postponed.get(receipt.dataId);
      if (waiting !== undefined) this.#process(waiting, block);
      return;
    }
    for (const dataId of receipt.inputDataIds) {
      if (!this.#results.has(dataId)) {
        this.#postponed.set(dataId, receipt);
        return;
      }
    }
    const results = receipt.inputDataIds.map((dataId): PromiseResult => {
      const result = this.#results.get(dataId) ?? { ok: false };
      this.#results.delete(dataId);
      this.#postponed.delete(dataId);
      return result;
    });
    const applied = applyReceipt(receipt, results, block, this.#state);
    this.#burnt += applied.burnt;
    const record = this.#records.get(receipt.transactionHash);
    record?.receiptOutcomes.set(receipt.id, applied.outcome);
    for (const made of applied.newReceipts) {
      if (made.kind === "action") record?.receipts.set(made.id, made);
      this.#incoming.push(made);
    }
  }
}
