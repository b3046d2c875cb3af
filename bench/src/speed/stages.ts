import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A V8 CPU profile, as `node --cpu-prof` writes it. Times in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Parts of the relay by the folders of its code; the first that fits counts. */
const STAGES: readonly (readonly [string, RegExp])[] = [
  ["ledger", /\/(?:server\/src\/ledger|sql\/src)\//],
  ["chain's RPC", /\/server\/src\/near\//],
  ["signer's calls", /\/server\/src\/signer-client\//],
  ["rules, with the delegate's signature", /\/server\/src\/(?:rules|policy|budget|balance)\//],
  ["lanes, with the check of what was signed", /\/server\/src\/lanes\//],
  ["intake", /\/server\/src\/tx\//],
  ["access, rates, audit", /\/server\/src\/(?:access|tenant|shared-state|audit|interceptors)\//],
  ["metrics and logs", /\/server\/src\/observability\/|\/node_modules\/(?:pino|prom-client)\//],
  [
    "contract, HTTP",
    /\/(?:server\/src\/(?:relay|transport)|service-kit\/src|gen\/es)\/|\/node_modules\/@connectrpc\//,
  ],
];
const OF_NOBODY = "Node itself";
const COLLECTOR = "garbage collection";

/** Milliseconds of CPU time that a profile shows, by stage: each sample belongs to the innermost frame that is of one. */
export function stagesOf({ nodes, samples, timeDeltas }: CpuProfile): Map<string, number> {
  const parents = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  );
  const own = new Map(nodes.map(({ id, callFrame }) => [id, stageOfFrame(callFrame)]));
  const spent = new Map<string, number>();
  for (const [i, id] of samples.entries()) {
    let node: number | undefined = id;
    while (node !== undefined && own.get(node) === undefined) node = parents.get(node);
    const stage = node === undefined ? OF_NOBODY : (own.get(node) ?? null);
    if (stage !== null) spent.set(stage, (spent.get(stage) ?? 0) + (timeDeltas[i] ?? 0) / 1000);
  }
  return spent;
}

/** Undefined for one that belongs to whoever called it, null for time in which nothing was done. */
function stageOfFrame({
  functionName,
  url,
}: {
  functionName: string;
  url: string;
}): string | null | undefined {
  if (functionName === "(idle)") return null;
  if (functionName === "(garbage collector)") return COLLECTOR;
  return STAGES.find(([, place]) => place.test(url))?.[0];
}

/** The stages of all profiles in a folder together. */
export async function stagesIn(folder: string): Promise<Map<string, number>> {
  const all = new Map<string, number>();
  for (const file of await readdir(folder)) {
    if (!file.endsWith(".cpuprofile")) continue;
    const profile = JSON.parse(await readFile(join(folder, file), "utf8")) as CpuProfile;
    for (const [stage, ms] of stagesOf(profile)) all.set(stage, (all.get(stage) ?? 0) + ms);
  }
  return all;
}
