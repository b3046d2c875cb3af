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
import { ReceiptFlow } from "./receipt-flow.ts";
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
  readonly #blockListeners = new Set<() => void>();
  readonly #workListeners = new Set<() => void>();
  readonly #submitListeners = new Set<(transaction: SignedTransaction) => void>();
  /** By height: the transactions that the block took up, or executed a receipt of. */
  readonly #moved = new Map<bigint, ReadonlySet<string>>();
  /** Whether state was changed from outside since the last block. */
  #touched = false;
  readonly #receipts = new ReceiptFlow();
  #supply = 0n;
  #burnt = 0n;

  constructor(config: ChainConfig, accounts: readonly GenesisAccount[]) {
    this.config = config;
    this.#state = new VersionedState(config.historyBlocks);
    const genesis = genesisBlock(config.networkId, config.genesisHeight, config.now());
    this.#blocks = [genesis];
    this.#blocksByHash.set(genesis.hash, genesis);
    for (const account of accounts) this.addAccount(account);
    this.#touched = false;
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

  /** Whether a block has work to do: a transaction waits, or a receipt, or a change from outside. */
  get hasWork(): boolean {
    return this.#mempool.size > 0 || this.#receipts.hasNext || this.#touched;
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

  /**
   * Checks a transaction as a node at `height` sees it, and puts it into the mempool, once per hash.
   * Throws {@link InvalidTransaction}.
   */
  submit(transaction: SignedTransaction, height: bigint = this.head.height): void {
    for (const listener of this.#submitListeners) listener(transaction);
    // Also when the hash waits already: the hash does not cover the signature.
    this.check(transaction, height);
    if (this.#mempool.add(transaction)) this.#announceWork();
  }

  /** Calls back after every block; returns what ends that. */
  onBlock(listener: () => void): () => void {
    this.#blockListeners.add(listener);
    return () => this.#blockListeners.delete(listener);
  }

  /** Calls back whenever something was left for the next block to do; returns what ends that. */
  onWork(listener: () => void): () => void {
    this.#workListeners.add(listener);
    return () => this.#workListeners.delete(listener);
  }

  /** Calls back with every transaction that a node is sent, also with what it refuses; returns what ends that. */
  onSubmit(listener: (transaction: SignedTransaction) => void): () => void {
    this.#submitListeners.add(listener);
    return () => this.#submitListeners.delete(listener);
  }

  /**
   * Hashes of the transactions that the block at `height` took up (also those that it dropped as invalid by then), or
   * executed a receipt of. Kept as long as state is.
   */
  movedAt(height: bigint): Iterable<string> {
    return this.#moved.get(height) ?? [];
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
    const incoming = this.#receipts.take();
    this.#touched = false;
    const moved = new Set<string>();
    this.#moved.set(block.height, moved);
    this.#moved.delete(block.height - this.config.historyBlocks);
    const local: ActionReceipt[] = [];
    for (const transaction of waiting) {
      moved.add(transaction.hash);
      const receipt = this.#include(transaction, block, parent.height);
      if (receipt === undefined) continue;
      if (receipt.receiverId === receipt.signerId) local.push(receipt);
      else this.#receipts.push(receipt);
    }
    for (const receipt of [...local, ...incoming]) {
      this.#receipts.process(receipt, (ready, results) => {
        moved.add(ready.transactionHash);
        return this.#execute(ready, results, block);
      });
    }
    for (const listener of this.#blockListeners) listener();
    return block;
  }

  /** Adds an account outside of any transaction. */
  addAccount(account: GenesisAccount): void {
    const update = new StateUpdate(this.#state);
    this.#supply += writeGenesisAccount(update, account);
    update.commit(this.head.height);
    this.#change();
  }

  /** Raises an access key's nonce as if its owner had used it elsewhere. Returns the new nonce. */
  bumpNonce(accountId: string, publicKey: string, by: bigint): bigint {
    const update = new StateUpdate(this.#state);
    const accessKey = update.accessKey(accountId, publicKey);
    if (accessKey === undefined) throw new Error(`${accountId} has no key ${publicKey}`);
    const nonce = accessKey.nonce + by;
    update.setAccessKey(accountId, publicKey, { ...accessKey, nonce });
    update.commit(this.head.height);
    this.#change();
    return nonce;
  }

  /** A change from outside: whoever asks for final state sees it once blocks have followed. */
  #change(): void {
    this.#touched = true;
    this.#announceWork();
  }

  #announceWork(): void {
    for (const listener of this.#workListeners) listener();
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

  #execute(receipt: ActionReceipt, results: readonly PromiseResult[], block: Block): readonly Receipt[] {
    const { outcome, newReceipts, burnt } = applyReceipt(receipt, results, block, this.#state);
    this.#burnt += burnt;
    const record = this.#records.get(receipt.transactionHash);
    record?.receiptOutcomes.set(receipt.id, outcome);
    for (const made of newReceipts) if (made.kind === "action") record?.receipts.set(made.id, made);
    return newReceipts;
  }
}
