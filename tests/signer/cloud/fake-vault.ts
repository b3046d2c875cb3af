import { type CloudKey, nearPublicKeyOf } from "./cloud-keys.ts";
import { type Answer, LocalServer, type ReceivedRequest, type TlsPair } from "./local-server.ts";

/** Key read and sign of the transit engine at "team-a/transit" in namespace "finance", and the server's health. */
export class FakeVault {
  readonly tokens = new Set<string>();
  sealed = false;
  /** Fields of the answer to reading a key that differ from those of a plain Ed25519 key. */
  facts: object = {};
  readonly #versions = new Map<string, CloudKey[]>();
  #server: LocalServer | undefined;

  static async start(tls?: TlsPair): Promise<FakeVault> {
    const vault = new FakeVault();
    vault.#server = await LocalServer.start((request) => vault.#answer(request), tls);
    return vault;
  }

  get server(): LocalServer {
    if (this.#server === undefined) throw new Error("not started");
    return this.#server;
  }

  /** Makes the key, or its next version. */
  rotate(name: string, key: CloudKey): void {
    this.#versions.set(name, [...(this.#versions.get(name) ?? []), key]);
  }

  #answer({ method, target, headers, body }: ReceivedRequest): Answer {
    // Only the root namespace has this path.
    if (target.startsWith("/v1/sys/health?") && headers["x-vault-namespace"] === undefined) {
      return json({ initialized: true, sealed: this.sealed }, this.sealed ? 503 : 200);
    }
    if (this.sealed) return json({ errors: ["Vault is sealed"] }, 503);
    const token = headers["x-vault-token"];
    if (headers["x-vault-namespace"] !== "finance" || headers["x-vault-request"] !== "true")
      return json({ errors: [] }, 404);
    if (typeof token !== "string" || !this.tokens.has(token))
      return json({ errors: ["permission denied"] }, 403);
    const [, action, name = ""] = /^\/v1\/team-a\/transit\/(keys|sign)\/([^/]+)$/.exec(target) ?? [];
    const versions = this.#versions.get(name);
    if (versions === undefined) return json({ errors: [] }, 404);
    if (method === "GET" && action === "keys")
      return json({ data: { ...keyFacts(name, versions), ...this.facts } });
    if (method === "POST" && action === "sign") return sign(versions, JSON.parse(body.toString()));
    return json({ errors: ["unsupported operation"] }, 405);
  }
}

function keyFacts(name: string, versions: CloudKey[]): object {
  const keys = versions.map((key, i) => [
    i + 1,
    {
      creation_time: "2026-01-02T03:04:05.678901234Z",
      name: "ed25519",
      public_key: Buffer.from(nearPublicKeyOf(key).data).toString("base64"),
    },
  ]);
  return {
    name,
    type: "ed25519",
    derived: false,
    deletion_allowed: false,
    exportable: false,
    supports_signing: true,
    latest_version: versions.length,
    keys: Object.fromEntries(keys),
  };
}

function sign(versions: CloudKey[], { input, key_version }: { input: string; key_version: number }): Answer {
  const version = key_version === 0 ? versions.length : key_version;
  const key = versions[version - 1];
  if (key === undefined)
    return json({ errors: ["requested version for signing is higher than the latest"] }, 400);
  const signature = key.sign(Buffer.from(input, "base64")).toString("base64");
  return json({ data: { key_version: version, signature: `vault:v${version}:${signature}` } });
}

function json(value: object, status = 200): Answer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}
