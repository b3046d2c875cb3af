export type { LogEntry } from "./chain/chain.ts";
export type { GenesisAccount, GenesisKey } from "./chain/genesis.ts";
export { type Devnet, type DevnetOptions, startDevnet } from "./devnet.ts";
export type { Fault, FaultKind } from "./faults/faults.ts";
export type { Endpoint } from "./rpc/endpoint.ts";
