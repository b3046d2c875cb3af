// Who may import whom. Prints every import that breaks a rule, and exits with 1 if there is one.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

interface Rule {
  /** Why the rule is there. */
  readonly because: string;
  readonly from: RegExp;
  readonly mayNotImport: RegExp;
}

/** Files are named by their path in the repository, packages by their name, Node's modules with "node:". */
const RULES: readonly Rule[] = [
  {
    because: "the signer shares contracts with the relay, never code",
    from: /^signer-service\//,
    mayNotImport: /^((server|devnet|bench)\/|tests\/(?!signer\/support\/))/,
  },
  {
    because: "what runs does not know its tests",
    from: /^signer-service\/(?!.*\.test\.ts$)/,
    mayNotImport: /^tests\//,
  },
  {
    because: "the relay shares contracts with the signer, never code",
    from: /^server\//,
    mayNotImport: /^(signer-service|devnet|tests|bench)\//,
  },
  {
    because: "the devnet judges the others, so it shares nothing with them",
    from: /^devnet\//,
    mayNotImport: /^(server|signer-service|service-kit|sql|chains|gen|tests|bench)\//,
  },
  {
    because: "what both processes share knows neither of them",
    from: /^service-kit\//,
    mayNotImport: /^(server|signer-service|sql|devnet|chains|tests|bench)\//,
  },
  {
    because: "a store's engine does not know what is stored",
    from: /^sql\//,
    mayNotImport: /^(server|signer-service|devnet|chains|clients|tests|bench)\//,
  },
  {
    because: "clients run at the caller's, often in a browser: they share contracts, cryptography and codecs",
    from: /^clients\/(?!web\/build\/)/,
    mayNotImport: /^((server|signer-service|service-kit|sql|devnet|demo|tests|bench)\/|node:)/,
  },
  {
    because: "a relay's clients are not its parts",
    from: /^(server|signer-service|service-kit|sql|chains|devnet)\//,
    mayNotImport: /^clients\//,
  },
  {
    because: "codecs do no I/O",
    from: /^chains\/(?!.*\.test\.ts$)/,
    mayNotImport: /^((server|signer-service|service-kit|sql|devnet|gen|tests)\/|node:(?!crypto\b))/,
  },
  {
    because: "cryptography is pure, and runs in the signer and in browsers: it knows nobody",
    from: /^crypto\/(?!.*\.test\.ts$|src\/lock\/ffdhe3072-node\.ts$)/,
    mayNotImport:
      /^((server|signer-service|service-kit|sql|chains|clients|devnet|demo|gen|tests|bench)\/|node:)/,
  },
  {
    because: "browsers cannot verify with Node's cryptography",
    from: /^clients\/(?!.*\.test\.ts$)/,
    mayNotImport: /^chains\/near\/src\/verify/,
  },
  {
    because: "only the process's entry points know everything",
    from: /^server\/src\/(?!(app|cli|main)\.ts$|.*\.test\.ts$)/,
    mayNotImport: /^server\/src\/(app|cli|main)\.ts$/,
  },
  {
    because: "capabilities do not know their handlers",
    from: /^server\/src\/(tx|webhooks|key-pool|rules|policy|budget|balance|audit|tenant|access|near|ledger|shared-state|signer-client)\//,
    mayNotImport: /^server\/src\/(relay|threshold|admin|transport|interceptors)\//,
  },
  {
    because: "outside things do not know the capabilities that use them",
    from: /^server\/src\/(near|ledger|shared-state)\//,
    mayNotImport: /^server\/src\/(relay|admin|rules|policy|access|tenant|audit|signer-client)\//,
  },
  {
    because: "generated messages stop at the handlers",
    from: /^server\/src\/(tx|rules|near|ledger)\//,
    mayNotImport: /^gen\/es\/countersign\/(relay|signer)\//,
  },
  {
    because: "SQL stays in the ledger",
    from: /^server\/src\/(?!ledger\/)/,
    mayNotImport: /^(kysely|pg|node:sqlite|sql\/.*)$/,
  },
  {
    because: "SQL stays in the signer's stores, journal and audit",
    from: /^signer-service\/src\/(?!(store|journal|audit|threshold\/store)\/)/,
    mayNotImport: /^(kysely|pg|node:sqlite|sql\/.*)$/,
  },
  {
    because: "the signer speaks to its backends, and listens; nothing else of it reaches a network",
    from: /^signer-service\/src\/(?!(backends|commands|listening|operations)\/|.*\.test\.ts$)/,
    mayNotImport: /^node:(net|http|https|http2|tls|dgram|dns|dns\/promises)$/,
  },
  {
    because: "the signer starts no programs, but the one that takes core dumps from it",
    from: /^signer-service\/src\/(?!isolation\/core-dumps\.ts$|.*\.test\.ts$)/,
    mayNotImport: /^node:(child_process|cluster)$/,
  },
  {
    because: "capabilities of the signer do not know their handlers",
    from: /^signer-service\/src\/(keys|key-pool|policy|grants|journal|store|audit|chain|backends|observability|isolation|operations|relayer-signer)\//,
    mayNotImport: /^signer-service\/src\/(admin|rpc|commands|app\.ts|cli\.ts)/,
  },
  {
    because: "Redis stays in the shared state",
    from: /^server\/src\/(?!shared-state\/)/,
    mayNotImport: /^ioredis$/,
  },
  {
    because: "the edge is a relay without funds, and stands at the end",
    from: /^edge\/src\//,
    mayNotImport: /^(signer-service|devnet|tests|bench|demo)\//,
  },
  {
    because: "nothing but its tests knows the edge",
    from: /^(?!edge\/|tests\/)/,
    mayNotImport: /^edge\//,
  },
  {
    because: "the command line speaks the admin contract: what it shares with the relay is bytes and files",
    from: /^server\/src\/cli\//,
    mayNotImport: /^server\/src\/(ledger|tx|relay|admin|tenant|access|near|shared-state|transport)\//,
  },
];

/** Folders of the workspaces, by package name, with the folder that their exports point into. */
const WORKSPACES: Readonly<Record<string, string>> = {
  "@countersign/crypto": "crypto/src",
  "@countersign/evm": "chains/evm/src",
  "@countersign/gen": "gen/es",
  "@countersign/near": "chains/near/src",
  "@countersign/service-kit": "service-kit/src",
  "@countersign/sql": "sql/src",
  "@countersign/server": "server/src",
  "@countersign/signer-service": "signer-service/src",
  "@countersign/web": "clients/web/src",
  "@countersign/devnet": "devnet/src",
  "@countersign/edge": "edge/src",
};

const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*)"([^"\n]+)"/g;

function resolve(file: string, specifier: string): string {
  if (specifier.startsWith(".")) return normalize(join(dirname(file), specifier));
  const name = Object.keys(WORKSPACES).find((w) => specifier === w || specifier.startsWith(`${w}/`));
  return name === undefined
    ? specifier
    : normalize(join(WORKSPACES[name] ?? "", specifier.slice(name.length)));
}

const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "*.ts"], { encoding: "utf8" });
let broken = 0;
for (const file of listed.split("\n").filter((f) => f !== "" && !f.startsWith("gen/"))) {
  const rules = RULES.filter((rule) => rule.from.test(file));
  if (rules.length === 0) continue;
  for (const [, specifier] of readFileSync(file, "utf8").matchAll(IMPORT)) {
    const target = `${resolve(file, specifier ?? "")}`;
    for (const rule of rules.filter(
      (r) => r.mayNotImport.test(target) || r.mayNotImport.test(`${target}/`),
    )) {
      process.stdout.write(`${file} imports ${target}: ${rule.because}\n`);
      broken++;
    }
  }
}
process.exitCode = broken === 0 ? 0 : 1;
