import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "@countersign/service-kit";
import { loadSignerConfig } from "@countersign/signer-service/config.ts";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "./support/temporary-directory.ts";

const DOCS = join(import.meta.dirname, "../../docs");
const EXAMPLE = readFileSync(join(DOCS, "signer.example.yaml"), "utf8");
const ENV = {
  KEYSTORE_PASSPHRASE: "x",
  REQUEST_KEY: "k".repeat(32),
  AWS_KEY_ID: "id",
  AWS_SECRET: "secret",
  SEALING_KEY: "11".repeat(32),
  LOCK_SEALING_KEY: "12".repeat(32),
  MASTER_SECRET_TESTNET: "22".repeat(32),
  MASTER_SECRET_TESTNET_ECDSA: "33".repeat(32),
  DATABASE_URL: "postgres://signer:password@db/signer",
};
/** A field that stands in the example as a comment. */
const OTHER_CHOICE = /^( +)# ([a-z_]+: \S.*)$/gm;

function load(yaml: string, env: Record<string, string> = ENV) {
  const file = join(temporaryDirectory(), "signer.yaml");
  writeFileSync(file, yaml);
  return loadSignerConfig(file, env).config;
}

/** The example with secrets from the environment, since its files are not here. */
function example(): string {
  return EXAMPLE.replace(/: file:\S+/g, ": env:KEYSTORE_PASSPHRASE");
}

/** The example without a section of the top level. */
function without(section: string, yaml: string): string {
  return yaml.replace(new RegExp(`^${section}:\\n(?:(?: .*)?\\n)*`, "m"), "");
}

function problems(yaml: string): string[] {
  try {
    load(yaml);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((p) => `${p.path}: ${p.message}`);
    throw error;
  }
  return [];
}

const LISTEN = 'listen: { unix: "/a/b" }';
const BACKEND = '{ type: keystore, name: keystore, file: k, passphrase: "env:KEYSTORE_PASSPHRASE" }';
const REST = `audience: a\nstore: { url: "sqlite:s" }\nbackends: [${BACKEND}]\ngrants: { required: false }`;

describe("docs/signer.example.yaml", () => {
  it("is valid, and shows the defaults", () => {
    const config = load(example());
    const { limits, log, operations, process } = load(`${LISTEN}\n${REST}`);
    expect(config).toMatchObject({ limits, log, operations, process: { coreDumps: process.coreDumps } });
    expect(config.backends.map(({ type }) => type)).toEqual([
      "keystore",
      "pkcs11",
      "aws-kms",
      "gcp-kms",
      "vault",
    ]);
    expect(config.store.incarnationFile).toBe("/var/lib/countersign/signer.db.incarnation");
  });

  it("is valid with its other choices", () => {
    const others = [...EXAMPLE.matchAll(OTHER_CHOICE)].map(([, , field]) => field);
    expect(others).toEqual([
      "unix: /run/countersign/signer.sock",
      'identities: ["CN=alice"]',
      "synchronous_standby: true",
    ]);
    const socket = without("auth", without("listen", example())).concat("listen:\n  unix: /run/s.sock\n");
    expect(load(socket).listen).toEqual({ kind: "unix", path: "/run/s.sock" });
    const tls = "{ host: ::1, port: 1, tls: { ca_file: a, cert_file: b, key_file: c } }";
    const admin = `admin:\n  listen: ${tls}\n  identities: ["CN=alice"]\n`;
    expect(load(without("admin", example()).concat(admin)).admin?.identities).toEqual(["CN=alice"]);
    const store = 'store:\n  url: "env:DATABASE_URL"\n  synchronous_standby: true\n';
    expect(load(without("store", example()).concat(store)).store.synchronousStandby).toBe(true);
  });

  it("has a comment above every field", () => {
    const lines = EXAMPLE.split("\n");
    const isField = (line: string) => /^ *(?:- )?[a-z_0-9-]+:(?: |$)/.test(line);
    const bare = lines.filter((line, i) => isField(line) && !/^ *# \S/.test(lines[i - 1] ?? ""));
    expect(bare).toEqual([]);
    expect(lines.filter(isField).length).toBeGreaterThan(100);
  });
});

describe("docs/signer.md", () => {
  it("shows policies that are valid", () => {
    const document = readFileSync(join(DOCS, "signer.md"), "utf8");
    const [, policies = ""] = /```yaml\n(policies:\n[^`]*)```/.exec(document) ?? [];
    expect(Object.keys(load(`${LISTEN}\n${REST}\n${policies}`).policies)).toEqual([
      "delegates-only",
      "sub-accounts",
      "registrar",
      "treasury",
      "relayer-pool-*",
    ]);
  });

  it("shows places and keys that are valid", () => {
    const document = readFileSync(join(DOCS, "signer.md"), "utf8");
    const shown = [...document.matchAll(/```yaml\n(backends:\n[^`]*)```/g)].map(([, yaml = ""]) => yaml);
    const types = shown.map((yaml) => {
      const { backends, keys } = load(
        `${LISTEN}\n${REST.replace(/^backends.*$/m, yaml.replace(/file:[^"]+/, "env:AWS_SECRET"))}`,
      );
      expect(keys[0]).toMatchObject({ backend: backends[0]?.name, initialState: "PENDING" });
      return backends[0]?.type;
    });
    expect(types).toEqual(["aws-kms", "gcp-kms", "vault"]);
  });
});

describe("docs/threshold-ecdsa.md", () => {
  it("shows a policy for EVM that is valid", () => {
    const document = readFileSync(join(DOCS, "threshold-ecdsa.md"), "utf8");
    const [, evm = ""] = /```yaml\n(evm:\n[^`]*)```/.exec(document) ?? [];
    const threshold = `threshold:
  sealing_keys: ["env:SEALING_KEY"]
  master_secrets: [{ network: testnet, epoch: 1, secret: "env:MASTER_SECRET_TESTNET" }]
  tenants:
    - tenant: acme
      relying_parties: [{ id: wallet.example, origins: ["https://wallet.example"] }]
      ${evm.replaceAll("\n", "\n      ")}`;
    const policy = load(`${LISTEN}\n${REST}\n${threshold}`).threshold?.tenants[0]?.evm;
    expect(policy?.chains.map(({ calls }) => calls.map(({ maxValue }) => maxValue))).toEqual([
      [0n, 10n ** 17n],
    ]);
  });
});

describe("a configuration is refused", () => {
  it("that listens on TCP without TLS, nowhere, or in two ways", () => {
    const listen = (fields: string) => problems(`listen: { ${fields} }\n${REST}`).join();
    expect(listen("host: localhost, port: 1")).toContain("does not listen on TCP without it");
    expect(listen("")).toContain("needs unix, or host, port and tls");
    expect(listen('host: localhost, port: 1, unix: "/a/b"')).toContain("takes either unix");
    expect(listen('unix: "relative.sock"')).toContain("must be an absolute path");
    expect(listen("host: localhost, port: 1, tls: { ca_file: a }")).toContain("listen.tls.cert_file");
  });

  it("that listens on TCP and names no relay", () => {
    const tls = "listen: { host: localhost, port: 1, tls: { ca_file: a, cert_file: b, key_file: c } }";
    expect(problems(`${tls}\n${REST}`).join()).toContain("auth.mtls: is needed on TCP");
    const auth = 'auth: { mtls: { identities: ["CN=relay"] } }';
    expect(problems(`${tls}\n${REST}\n${auth}`)).toEqual([]);
    expect(problems(`${LISTEN}\n${REST}\n${auth}`).join()).toContain("auth.mtls: is not for a Unix socket");
  });

  it("without a name of its own, a store, a place that holds keys, or a key to verify grants with", () => {
    for (const section of ["audience", "store", "backends"]) {
      const rest = REST.replace(new RegExp(`^${section}: .*$`, "m"), "");
      expect(problems(`${LISTEN}\n${rest}`).map((line) => line.split(":")[0])).toEqual([section]);
    }
    const asked = problems(`${LISTEN}\n${REST.replace("required: false", "required: true")}`).join();
    expect(asked).toContain("grants.keys: needs a key");
  });

  it("that knows an admin key as a relay's grant key, or asks for callers' credentials without grants", () => {
    const key = 'public_key: "ed25519:6E8sCci9badyRkXb3JoRpBj5p8C6Tw41ELDZoiihKEtp"';
    const grants = `grants: { keys: [{ id: relay, ${key} }] }`;
    const shared = problems(
      `${LISTEN}\n${REST.replace(/^grants.*$/m, grants)}\nadmin_keys: [{ id: eve, ${key} }]`,
    );
    expect(shared.join()).toContain("admin_keys: admin key eve is a grant key too");
    const callers = "caller_credentials: { tenants: { acme: [{ issuer: i, audience: a, jwks_file: f }] } }";
    expect(problems(`${LISTEN}\n${REST}\n${callers}`).join()).toContain(
      "caller_credentials: needs grants.required",
    );
  });

  it("whose sealed master secrets no backend can open", () => {
    const threshold = (backend: string) => `
threshold:
  sealing_keys: ["env:SEALING_KEY"]
  master_secrets: [{ network: testnet, epoch: 1, sealed: { file: f, backend: ${backend}, key: k } }]`;
    const at = "threshold.master_secrets.0.sealed.backend";
    expect(problems(`${LISTEN}\n${REST}${threshold("hsm")}`)).toEqual([`${at}: there is no backend hsm`]);
    expect(problems(`${LISTEN}\n${REST}${threshold("keystore")}`)).toEqual([
      `${at}: a backend of type keystore seals nothing: pkcs11, aws-kms do`,
    ]);
  });

  it("that has no room for four of the largest requests at once", () => {
    const limits = (fields: string) => problems(`${LISTEN}\n${REST}\nlimits: { ${fields} }`);
    const tooSmall = ["limits.bodies_max_bytes: must be at least 4 times request_max_bytes"];
    expect(limits("request_max_bytes: 1000000, bodies_max_bytes: 3999999")).toEqual(tooSmall);
    expect(limits("request_max_bytes: 1000000, bodies_max_bytes: 4000000")).toEqual([]);
    // The largest request that is allowed is the default.
    expect(limits("bodies_max_bytes: 54525951")).toEqual(tooSmall);
    expect(limits("bodies_max_bytes: 54525952")).toEqual([]);
  });

  it("with a passphrase inline, and the passphrase is not repeated", () => {
    const found = problems(`${LISTEN}\n${REST.replace("env:KEYSTORE_PASSPHRASE", "hunter2")}`).join();
    expect(found).toContain("backends.0.passphrase: must be a reference");
    expect(found).not.toContain("hunter2");
  });
});

describe("the environment", () => {
  it("overrides the file", () => {
    const env = { ...ENV, SIGNER_LIMITS__DRAIN_MS: "7", SIGNER_AUDIENCE: "other" };
    const config = load(example(), env);
    expect(config.limits.drain_ms).toBe(7);
    expect(config.audience).toBe("other");
  });
});
