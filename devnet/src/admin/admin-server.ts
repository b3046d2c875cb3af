import type { Chain } from "../chain/chain.ts";
import { u64 } from "../chain/errors.ts";
import type { GenesisAccount } from "../chain/genesis.ts";
import { FAULT_KINDS, type Fault } from "../faults/faults.ts";
import { answerJson, type JsonServer, serveJson } from "../http-json.ts";
import type { Endpoint } from "../rpc/endpoint.ts";

export type AdminServer = JsonServer;

type Params = Readonly<Record<string, unknown>>;

/**
 * The switches over HTTP, for a devnet in a process of its own: `POST {"method", "params"}` answers
 * `{"result"}`, or `{"error"}` with status 400.
 */
export function serveAdmin(
  chain: Chain,
  endpoints: readonly Endpoint[],
  host: string,
  port: number,
): Promise<AdminServer> {
  return serveJson(host, port, async (body, response) => {
    const { method, params } = (body ?? {}) as { method?: unknown; params?: Params };
    try {
      answerJson(response, { result: run(String(method), params ?? {}) ?? null });
    } catch (error) {
      answerJson(response, { error: error instanceof Error ? error.message : String(error) }, 400);
    }
  });

  function run(method: string, params: Params): unknown {
    switch (method) {
      case "log":
        return chain.log.map((entry) => ({
          ...entry,
          nonce: u64(entry.nonce),
          blockHeight: u64(entry.blockHeight),
        }));
      case "produce_block":
        for (let i = 0; i < Number(params.count ?? 1); i++) chain.produceBlock();
        return u64(chain.head.height);
      case "bump_nonce":
        return u64(
          chain.bumpNonce(String(params.account_id), String(params.public_key), BigInt(Number(params.by))),
        );
      case "add_account":
        return chain.addAccount(params as unknown as GenesisAccount);
      case "faults.add":
        for (const endpoint of chosen(params)) endpoint.faults.add(faultOf(params.fault));
        return undefined;
      case "faults.clear":
        for (const endpoint of chosen(params)) {
          endpoint.faults.clear();
          endpoint.head.recover();
        }
        return undefined;
      case "head.stall":
        for (const endpoint of chosen(params)) endpoint.head.stall();
        return undefined;
      case "head.lag":
        for (const endpoint of chosen(params)) endpoint.head.lag(BigInt(Number(params.blocks)));
        return undefined;
      case "head.recover":
        for (const endpoint of chosen(params)) endpoint.head.recover();
        return undefined;
      default:
        throw new Error(`unknown method ${method}`);
    }
  }

  /** The endpoint that `endpoint` counts to from 0; all of them without. */
  function chosen({ endpoint }: Params): readonly Endpoint[] {
    if (endpoint === undefined) return endpoints;
    const one = endpoints[Number(endpoint)];
    if (one === undefined) throw new Error(`there is no endpoint ${endpoint}`);
    return [one];
  }
}

function faultOf(value: unknown): Fault {
  const fault = (value ?? {}) as { [K in keyof Fault]?: unknown };
  const { kind, methods, probability, times, ms } = fault;
  if (!FAULT_KINDS.includes(kind as Fault["kind"])) {
    throw new Error(`a fault's kind is one of ${FAULT_KINDS.join(", ")}`);
  }
  if (methods !== undefined && !Array.isArray(methods)) throw new Error("a fault's methods are a list");
  for (const [name, number] of Object.entries({ probability, times, ms })) {
    if (number !== undefined && typeof number !== "number") throw new Error(`a fault's ${name} is a number`);
  }
  return value as Fault;
}
