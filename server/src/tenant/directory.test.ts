import { expect, onTestFinished, test } from "vitest";
import type { ProtectionSnapshot, StoredDocument, Tenant, TokenIssuer } from "../ledger/protection-types.ts";
import { EMPTY_POLICY } from "../policy/policy.ts";
import { Directory } from "./directory.ts";
import { CLOSED_LIMITS, NO_LIMITS } from "./limits.ts";

const AT = new Date("2026-11-01T12:00:00Z");

function tenant(id: string, changes: Partial<Tenant> = {}): Tenant {
  const base = { id, displayName: id, disabled: false, tokenIssuers: [], signIn: null };
  return { ...base, version: 1n, createdAt: AT, ...changes };
}

function issuer(name: string, audience: string): TokenIssuer {
  return {
    issuer: name,
    audience,
    jwksUri: "",
    jwksJson: "{}",
    algorithms: ["ES256"],
    clockSkewSeconds: 0,
    subjectPrefix: "",
    scopes: ["read"],
  };
}

function document(of: string, kind: "policy" | "limits", text: string, version = 1n): StoredDocument {
  return { tenant: of, kind, version, text, author: "admin:eve", createdAt: AT };
}

const ORIGIN = "https://wallet.example";
const POLICY = JSON.stringify({ allowedOrigins: [ORIGIN] });

/** A store that says what the test sets. */
class Store {
  reads = 0;
  failing = false;
  current: ProtectionSnapshot = {
    revision: 1n,
    tenants: [tenant("acme")],
    keys: [],
    documents: [],
    pauses: [],
    webhooks: [],
  };

  change(changes: Partial<ProtectionSnapshot>): void {
    this.current = { ...this.current, ...changes, revision: this.current.revision + 1n };
  }

  async revision(): Promise<bigint> {
    if (this.failing) throw new Error("the ledger is away");
    return this.current.revision;
  }

  async snapshot(): Promise<ProtectionSnapshot> {
    if (this.failing) throw new Error("the ledger is away");
    this.reads++;
    return this.current;
  }
}

async function open(store: Store) {
  const failures: unknown[] = [];
  const unusable: StoredDocument[] = [];
  let onReload = () => {};
  let onFailed = () => {};
  const directory = await Directory.open({
    store,
    pollMs: 1,
    onReload: () => onReload(),
    onFailed: (error) => {
      failures.push(error);
      onFailed();
    },
    onUnusable: (found) => unusable.push(found),
  });
  return {
    directory,
    failures,
    unusable,
    reloaded: () => new Promise<void>((resolve) => (onReload = resolve)),
    failed: () => new Promise<void>((resolve) => (onFailed = resolve)),
    run() {
      const stopping = new AbortController();
      const running = directory.run(stopping.signal);
      onTestFinished(async () => {
        stopping.abort();
        await running;
      });
    },
  };
}

test("a tenant without documents is granted nothing and has no limits of its own", async () => {
  const { directory } = await open(new Store());
  expect(directory.access("acme")).toEqual({
    tenant: tenant("acme"),
    policy: EMPTY_POLICY,
    policyVersion: 0n,
    limits: NO_LIMITS,
  });
  expect(directory.access("globex")).toBeUndefined();
  expect(directory.tenant("globex")).toBeUndefined();
});

test("a change in the ledger is seen without asking", async () => {
  const store = new Store();
  const { directory, reloaded, run } = await open(store);
  const next = reloaded();
  run();
  store.change({ documents: [document("acme", "policy", POLICY, 4n)] });
  await next;
  expect(directory.access("acme")).toMatchObject({ policyVersion: 4n, policy: { allowedOrigins: [ORIGIN] } });
});

test("nothing is loaded again while nothing changes", async () => {
  const store = new Store();
  const asked = Promise.withResolvers<void>();
  let questions = 0;
  const revision = store.revision.bind(store);
  store.revision = () => {
    if (++questions === 5) asked.resolve();
    return revision();
  };
  const { run } = await open(store);
  run();
  await asked.promise;
  expect(store.reads).toBe(1);
});

test("the last view stands while the ledger is away, and the next follows when it is back", async () => {
  const store = new Store();
  const { directory, failed, reloaded, run } = await open(store);
  const failure = failed();
  store.failing = true;
  run();
  await failure;
  expect(directory.tenant("acme")).toBeDefined();
  const next = reloaded();
  store.change({ tenants: [tenant("globex")] });
  store.failing = false;
  await next;
  expect(directory.tenant("acme")).toBeUndefined();
  expect(directory.tenant("globex")).toBeDefined();
});

test("a refresh sees the change that was made before it, even while an older load is under way", async () => {
  const store = new Store();
  const { directory } = await open(store);
  const load = store.snapshot.bind(store);
  const slow = Promise.withResolvers<ProtectionSnapshot>();
  const before = store.current;
  store.snapshot = () => slow.promise;
  const first = directory.refresh();
  await Promise.resolve();
  store.snapshot = load;
  store.change({ tenants: [tenant("globex")] });
  const second = directory.refresh();
  slow.resolve(before);
  await Promise.all([first, second]);
  expect(directory.tenant("globex")).toBeDefined();
});

test("a refresh that fails is told and not thrown", async () => {
  const store = new Store();
  const { directory, failures } = await open(store);
  store.failing = true;
  await directory.refresh();
  expect(failures).toHaveLength(1);
});

test("documents that cannot be read deny everything, and are told once", async () => {
  const store = new Store();
  const broken = [document("acme", "policy", "not json"), document("acme", "limits", '{"tenantDay": 7}')];
  store.change({ documents: broken });
  const { directory, unusable } = await open(store);
  expect(directory.access("acme")).toMatchObject({ policy: EMPTY_POLICY, limits: CLOSED_LIMITS });
  store.change({});
  await directory.refresh();
  expect(unusable).toEqual(broken);
});

test("a document is parsed once for each of its versions", async () => {
  const store = new Store();
  store.change({ documents: [document("acme", "policy", POLICY)] });
  const { directory } = await open(store);
  const first = directory.access("acme")?.policy;
  store.change({});
  await directory.refresh();
  expect(directory.access("acme")?.policy).toBe(first);
  store.change({ documents: [document("acme", "policy", POLICY, 2n)] });
  await directory.refresh();
  expect(directory.access("acme")?.policy).not.toBe(first);
});

test("origins are those of all enabled tenants", async () => {
  const store = new Store();
  const origin = (name: string) => JSON.stringify({ allowedOrigins: [ORIGIN, `https://${name}.example`] });
  store.change({
    tenants: [tenant("acme"), tenant("globex"), tenant("gone", { disabled: true })],
    documents: ["acme", "globex", "gone"].map((name) => document(name, "policy", origin(name))),
  });
  const { directory } = await open(store);
  expect(directory.allOrigins()).toEqual(new Set([ORIGIN, "https://acme.example", "https://globex.example"]));
});

test("an issuer is found by its name and one of the audiences, for exactly one tenant", async () => {
  const store = new Store();
  store.change({
    tenants: [
      tenant("acme", { tokenIssuers: [issuer("https://id", "acme-app")] }),
      tenant("globex", { tokenIssuers: [issuer("https://id", "globex-app")] }),
    ],
  });
  const { directory } = await open(store);
  expect(directory.issuer("https://id", ["other", "globex-app"])?.tenant).toBe("globex");
  expect(directory.issuer("https://id", ["acme-app", "acme-app"])?.tenant).toBe("acme");
  expect(directory.issuer("https://id", ["acme-app", "globex-app"])).toBeUndefined();
  expect(directory.issuer("https://id", [])).toBeUndefined();
  expect(directory.issuer("https://other", ["acme-app"])).toBeUndefined();
});

test("says how a tenant's users sign in, whose a relying party is, and lists the origins of those that are enabled", async () => {
  const party = (id: string) => ({
    id,
    name: "",
    origins: [`https://${id}`],
    userVerificationOptional: false,
  });
  const signIn = (...ids: string[]) => ({
    relyingParties: ids.map(party),
    providers: [],
    scopes: ["submit"],
  });
  const store = new Store();
  store.change({
    tenants: [
      tenant("acme", { signIn: signIn("a.example", "b.example") }),
      tenant("globex"),
      tenant("gone", { signIn: signIn("c.example"), disabled: true }),
    ],
    documents: [document("acme", "policy", POLICY)],
  });
  const { directory } = await open(store);
  expect(directory.signIn("acme")).toEqual(signIn("a.example", "b.example"));
  expect(directory.signIn("globex")).toBeUndefined();
  expect(directory.signIn("nobody")).toBeUndefined();
  expect(directory.relyingParty("b.example")).toEqual(party("b.example"));
  expect(directory.relyingParty("c.example")).toBeUndefined();
  expect([...directory.allOrigins()].sort()).toEqual(["https://a.example", "https://b.example", ORIGIN]);
});
