import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "@countersign/service-kit";
import { loadSignerConfig } from "@countersign/signer-service/config.ts";
import { describe, expect, it } from "vitest";
import type { SignerSettings } from "../support/signer-settings.ts";
import { relayerSettings } from "./support/one-relayer.ts";
import { configFile } from "./support/running-signer.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

const EXAMPLE = readFileSync(join(import.meta.dirname, "../../docs/signer.example.yaml"), "utf8");
/** Everything that the example refers to, each secret as long as the longest must be. */
const ENV = Object.fromEntries(
  [...EXAMPLE.matchAll(/env:([A-Z0-9_]+)/g)].map(([, name]) => [name, `${name}`.padEnd(32, ".")]),
);
/** The second way to listen, which stands in the example as a comment. */
const TLS_LINE = /^ {2}# ((?:host|port|tls):| {2}(?:# |(?:ca|cert|key)_file:))/gm;
/** What the second way needs beside it. */
const IDENTITIES = { SIGNER_AUTH__MTLS: JSON.stringify({ identities: ["CN=relay"] }) };

function load(yaml: string, env: Record<string, string> = ENV) {
  const file = join(temporaryDirectory(), "signer.yaml");
  writeFileSync(file, yaml);
  return loadSignerConfig(file, env).config;
}

/** A good configuration, but for `more`. */
function loadSettings(more: SignerSettings) {
  const settings = relayerSettings("/run/signer", "k", more);
  return loadSignerConfig(configFile(settings), { KEYSTORE_PASSPHRASE: "x" }).config;
}

function problems(more: SignerSettings): string {
  try {
    loadSettings(more);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((p) => `${p.path}: ${p.message}`).join();
    throw error;
  }
  return "";
}

describe("docs/signer.example.yaml", () => {
  it("is valid, and shows the defaults", () => {
    const config = load(EXAMPLE);
    const { limits, log } = loadSettings({ log: undefined });
    expect(config.listen).toEqual({ kind: "unix", path: "/run/countersign/signer.sock" });
    expect({ limits: config.limits, log: config.log }).toEqual({ limits, log });
    const keystore = config.backends.find(({ type }) => type === "keystore");
    expect(keystore?.type === "keystore" && keystore.passphrase.reveal()).toBe(ENV.KEYSTORE_PASSPHRASE);
  });

  it("is valid with its other way to listen", () => {
    const yaml = EXAMPLE.replace(/^ {2}unix:.*$/m, "").replaceAll(TLS_LINE, "  $1");
    expect(load(yaml, { ...ENV, ...IDENTITIES }).listen).toEqual({
      kind: "tls",
      host: "0.0.0.0",
      port: 7443,
      tls: {
        caFile: "/etc/countersign/tls/ca.pem",
        certFile: "/etc/countersign/tls/server.pem",
        keyFile: "/etc/countersign/tls/server.key",
      },
    });
  });

  it("has a comment above every field, and a field or a comment for every section", () => {
    const lines = EXAMPLE.replaceAll(TLS_LINE, "  $1").split("\n");
    const isField = (line: string) => /^ +(- )?[a-z_]+:/.test(line);
    const bare = lines.filter((line, i) => isField(line) && !/^ *# \S/.test(lines[i - 1] ?? ""));
    expect(bare).toEqual([]);
    expect(lines.filter(isField).length).toBeGreaterThan(15);
    const sections = [...Object.keys(loadSettings({})), "caller_credentials"];
    expect(sections.filter((name) => !new RegExp(`^(# )?${name}:`, "m").test(EXAMPLE))).toEqual([]);
  });
});

describe("a configuration is refused", () => {
  it("that listens on TCP without TLS, nowhere, or in two ways", () => {
    const listen = (fields: object) => problems({ listen: fields });
    const tcp = { host: "localhost", port: 1 };
    expect(listen(tcp)).toContain("does not listen on TCP without it");
    expect(listen({})).toContain("needs unix, or host, port and tls");
    expect(listen({ ...tcp, unix: "/a/b" })).toContain("takes either unix");
    expect(listen({ unix: "relative.sock" })).toContain("must be an absolute path");
    expect(listen({ ...tcp, tls: { ca_file: "a" } })).toContain("listen.tls.cert_file");
  });

  it("that listens on TCP for whomever the authority vouches for, or asks for certificates on a socket", () => {
    const tls = { ca_file: "a", cert_file: "b", key_file: "c" };
    expect(problems({ listen: { host: "localhost", port: 1, tls } })).toContain(
      "auth.mtls: is needed on TCP",
    );
    const auth = { mtls: { identities: ["CN=relay"] } };
    expect(problems({ listen: { host: "localhost", port: 1, tls }, auth })).toBe("");
    expect(problems({ auth })).toContain("auth.mtls: is not for a Unix socket");
  });

  it("with a passphrase inline, and the passphrase is not repeated", () => {
    const keystore = { type: "keystore", name: "keystore", file: "k", passphrase: "hunter2" };
    const found = problems({ backends: [keystore] });
    expect(found).toContain("backends.0.passphrase: must be a reference");
    expect(found).not.toContain("hunter2");
  });

  it("without a name of its own, a store, a place that holds keys, or a key to verify grants with", () => {
    for (const section of ["audience", "store", "backends"]) {
      expect(problems({ [section]: undefined })).toContain(`${section}: `);
    }
    expect(problems({ backends: [] })).toContain("backends: ");
    expect(problems({ grants: undefined })).toContain("grants.keys: needs a key");
  });

  it("that knows an admin key as a relay's grant key, or asks for callers' credentials without grants", () => {
    const publicKey = "ed25519:6E8sCci9badyRkXb3JoRpBj5p8C6Tw41ELDZoiihKEtp";
    const shared = problems({
      grants: { keys: [{ id: "relay", public_key: publicKey }] },
      admin_keys: [{ id: "eve", public_key: publicKey }],
    });
    expect(shared).toContain("admin_keys: admin key eve is a grant key too");
    const issuer = { issuer: "https://issuer.example", audience: "acme", jwks_file: "acme.json" };
    const callers = problems({ caller_credentials: { tenants: { acme: [issuer] } } });
    expect(callers).toContain("caller_credentials: needs grants.required");
  });
});

describe("the environment", () => {
  it("overrides the file", () => {
    const config = load(EXAMPLE, { ...ENV, SIGNER_LIMITS__DRAIN_MS: "7", SIGNER_LISTEN__UNIX: "/x/y" });
    expect(config.limits.drain_ms).toBe(7);
    expect(config.listen).toEqual({ kind: "unix", path: "/x/y" });
  });
});
