import type { Block } from "../chain/block.ts";
import type { Chain } from "../chain/chain.ts";
import type { StateReader } from "../chain/records.ts";
import type { Params } from "./params.ts";
import { handlerError, parseError } from "./rpc-error.ts";

/**
 * The chain as one node sees it: up to its own head, which may lag behind or stand still. Blocks that it does not have are
 * errors of nearcore chain/jsonrpc-primitives/src/types/{blocks,query}.rs.
 */
export class NodeView {
  readonly chain: Chain;
  readonly #head: () => bigint;

  constructor(chain: Chain, head: () => bigint) {
    this.chain = chain;
    this.#head = head;
  }

  get headHeight(): bigint {
    return this.#head();
  }

  get finalHeight(): bigint {
    return this.chain.finalHeight(this.headHeight);
  }

  /** The block that a request names, by finality, height or hash. Throws RpcError UNKNOWN_BLOCK. */
  block(params: Params): Block {
    const { finality, block_id: id } = params;
    if (id !== undefined) return this.#known(id);
    switch (finality ?? "final") {
      case "final":
      case "near-final":
        return this.#known(Number(this.finalHeight));
      case "optimistic":
        return this.#known(Number(this.headHeight));
      default:
        throw parseError("Failed parsing args: unknown finality");
    }
  }

  /** The state after a block. Throws RpcError for one that is no longer kept. */
  stateAfter(block: Block): StateReader {
    if (block.height < this.chain.oldestHeight) {
      throw handlerError(
        "GARBAGE_COLLECTED_BLOCK",
        { block_height: Number(block.height), block_hash: block.hash },
        `The data for block #${block.height} is garbage collected on this node`,
      );
    }
    return this.chain.stateAt(block.height);
  }

  #known(id: unknown): Block {
    const block =
      typeof id === "number" && Number.isSafeInteger(id)
        ? this.chain.blockAt(BigInt(id))
        : typeof id === "string"
          ? this.chain.blockByHash(id)
          : undefined;
    if (block !== undefined && block.height <= this.headHeight) return block;
    throw handlerError("UNKNOWN_BLOCK", {}, `DB Not Found Error: BLOCK HEIGHT: ${id}`);
  }
}
