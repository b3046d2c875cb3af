import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "@countersign/service-kit";
import { loadSignerConfig } from "@countersign/signer-service/config.ts";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "./support/temporary-directory.ts";

const EXAMPLE = readFileSync(join(import.meta.dirname, "../../docs/signer.example.yaml"), "utf8");
const ENV = { KEYSTORE_PASSPHRASE: "x" };
/** The second way to listen, which stands in the example as a comment. */
const TLS_LINE = /^ {2}# ((?:host|port|tls):| {2}(?:# |(?:ca|cert|key)_file:))/gm;

function load(yaml: string, env: Record<string, string> = ENV) {
  const file = join(temporaryDirectory(), "signer.yaml");
  writeFileSync(file, yaml);
  return loadSignerConfig(file, env).config;
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

describe("docs/signer.example.yaml", () => {
  it("is valid, and shows the defaults", () => {
    const config = load(EXAMPLE);
    const { limits, log } = load(
      'listen: { unix: "/a/b" }\nkeystore: { file: k, passphrase: "env:KEYSTORE_PASSPHRASE" }',
    );
    expect(config.listen).toEqual({ kind: "unix", path: "/run/countersign/signer.sock" });
    expect({ limits: config.limits, log: config.log }).toEqual({ limits, log });
    expect(config.keystore.passphrase.reveal()).toBe("x");
  });

  it("is valid with its other way to listen", () => {
    const config = load(EXAMPLE.replace(/^ {2}unix:.*$/m, "").replaceAll(TLS_LINE, "  $1"));
    expect(config.listen).toEqual({
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

  it("has a comment above every field", () => {
    const lines = EXAMPLE.replaceAll(TLS_LINE, "  $1").split("\n");
    const bare = lines.filter((line, i) => /^ +[a-z_]+:/.test(line) && !/^ *# \S/.test(lines[i - 1] ?? ""));
    expect(bare).toEqual([]);
    expect(lines.filter((line) => /^ +[a-z_]+:/.test(line))).toHaveLength(15);
  });
});

describe("a configuration is refused", () => {
  const rest = 'keystore: { file: k, passphrase: "env:KEYSTORE_PASSPHRASE" }';

  it("that listens on TCP without TLS, nowhere, or in two ways", () => {
    const listen = (fields: string) => problems(`listen: { ${fields} }\n${rest}`).join();
    expect(listen("host: localhost, port: 1")).toContain("does not listen on TCP without it");
    expect(listen("")).toContain("needs unix, or host, port and tls");
    expect(listen('host: localhost, port: 1, unix: "/a/b"')).toContain("takes either unix");
    expect(listen('unix: "relative.sock"')).toContain("must be an absolute path");
    expect(listen("host: localhost, port: 1, tls: { ca_file: a }")).toContain("listen.tls.cert_file");
  });

  it("with a passphrase inline, and the passphrase is not repeated", () => {
    const found = problems('listen: { unix: "/a/b" }\nkeystore: { file: k, passphrase: hunter2 }').join();
    expect(found).toContain("keystore.passphrase: must be a reference");
    expect(found).not.toContain("hunter2");
  });
});

describe("the environment", () => {
  it("overrides the file", () => {
    const config = load(EXAMPLE, { ...ENV, SIGNER_LIMITS__DRAIN_MS: "7", SIGNER_LISTEN__UNIX: "/x/y" });
    expect(config.limits.drain_ms).toBe(7);
    expect(config.listen).toEqual({ kind: "unix", path: "/x/y" });
  });
});
