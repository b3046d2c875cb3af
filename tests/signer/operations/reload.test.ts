import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createClient } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { ConfigSecret, errorFromConnect } from "@countersign/service-kit";
import { describe, expect, it } from "vitest";
import { type DevCerts, makeDevCerts } from "../../../scripts/dev-certs.ts";
import { softHsmModule } from "../../support/softhsm.ts";
import { adminOf } from "../../support/test-signer.ts";
import { signingTransport } from "../support/signing-transport.ts";
import { POLICY, startWithOneKey, tryTransfer } from "./support/one-key.ts";
import { keystorePlace, tokenPlace } from "./support/places.ts";
import { NETWORK, RELAYER } from "./support/relaying.ts";
import { AUDIENCE, type SignerOperator } from "./support/signer-operator.ts";

const RELOADED = "configuration reloaded";
const NOT_RELOADED = "configuration not reloaded";

/** SIGHUP; resolves with what the log then says of it. */
async function hangUp(operator: SignerOperator, msg: string) {
  const before = operator.lines.length;
  operator.signal("SIGHUP");
  return operator.logged((line) => line.msg === msg && operator.lines.indexOf(line) >= before);
}

async function keyOf(operator: SignerOperator): Promise<string> {
  return (await operator.keys()).first?.public_key ?? "";
}

describe("SIGHUP", () => {
  it("puts a new policy in effect for the next call", async () => {
    const { transfers: _, ...narrow } = POLICY;
    const operator = await startWithOneKey({ policies: { first: narrow } });
    const key = await keyOf(operator);
    expect(await tryTransfer(operator, key, 1n)).toBe("SIGNER_PURPOSE_NOT_ALLOWED");
    operator.configure({ policies: { first: POLICY } });
    expect(await hangUp(operator, RELOADED)).toMatchObject({ actor: "signal" });
    expect(await tryTransfer(operator, key, 1n)).toBe("signed");
    operator.configure({ policies: { first: narrow } });
    await hangUp(operator, RELOADED);
    expect(await tryTransfer(operator, key, 2n)).toBe("SIGNER_PURPOSE_NOT_ALLOWED");
  });

  it.each<[string, (operator: SignerOperator) => void, string]>([
    ["is no YAML", (o) => o.writeConfig("policies: ["), "signer.yaml"],
    ["is not there", (o) => rmSync(o.config), "signer.yaml"],
    ["has a policy for no key", (o) => o.configure({ policies: { other: POLICY } }), "other"],
    ["changes what is fixed", (o) => o.configure({ audience: "another" }), "audience"],
    ["names a keystore that is broken", (o) => writeFileSync(o.file("keystore.json"), "{}"), "keystore"],
  ])("leaves everything as it was, and says so, when the configuration %s", async (_, spoil, named) => {
    const operator = await startWithOneKey();
    const key = await keyOf(operator);
    spoil(operator);
    const { level, err } = await hangUp(operator, NOT_RELOADED);
    expect(level).toBe("error");
    expect(JSON.stringify(err)).toContain(named);
    expect(await tryTransfer(operator, key, 1n)).toBe("signed");
    expect(await keyOf(operator)).toBe(key);
  });
});

describe("a reload", () => {
  it("is refused while another one runs", async () => {
    const operator = await startWithOneKey();
    const admin = adminOf(operator.adminSocketPath);
    const reloads = await Promise.allSettled([1, 2, 3, 4].map(() => admin.reload({})));
    const refused = reloads.flatMap((r) =>
      r.status === "rejected" ? [errorFromConnect(r.reason).reason] : [],
    );
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(4);
    for (const reason of refused) expect(reason).toBe(ErrorReason.RELOAD_RUNNING);
    await admin.reload({});
  });

  it("takes new certificates and request keys with it", async () => {
    const operator = await keystorePlace("first");
    const folder = operator.file("tls");
    const secretFile = operator.file("request.key");
    const newSecret = () => {
      const secret = randomBytes(32).toString("hex");
      writeFileSync(secretFile, secret, { mode: 0o600 });
      return { id: "k1", service: "relay", secret: new ConfigSecret(secret, "env:K") };
    };
    const certs = makeDevCerts(folder);
    const before = { key: newSecret(), tls: tlsOf(certs) };
    operator.configure({
      listen: {
        host: "localhost",
        port: 0,
        tls: { ca_file: certs.ca, cert_file: certs.serverCert, key_file: certs.serverKey },
      },
      auth: {
        mtls: { identities: ["spiffe://countersign.example/relay"] },
        signed_requests: { keys: [{ id: "k1", service: "relay", secret: `file:${secretFile}` }] },
      },
      policies: { first: POLICY },
    });
    await operator.start();
    const { address } = await operator.logged(({ msg }) => msg === "listening");
    const listsKeys = async (access: typeof before): Promise<string> => {
      const transport = signingTransport(String(address), { ...access, audience: AUDIENCE });
      const calls = createClient(RelayerSignerService, transport).listKeys({});
      return calls.then(
        ({ keys }) => `${keys.length} key`,
        (error: unknown) => errorFromConnect(error).message,
      );
    };
    expect(await listsKeys(before)).toBe("1 key");
    const after = { key: newSecret(), tls: tlsOf(makeDevCerts(folder)) };
    await operator.admin("reload");
    expect(await listsKeys(after)).toBe("1 key");
    for (const old of [before, { ...after, key: before.key }, { ...before, key: after.key }]) {
      expect(await listsKeys(old)).not.toBe("1 key");
    }
  });

  it.runIf(softHsmModule !== undefined)(
    "of a token's keys loses no signature that is asked for",
    async () => {
      const operator = await tokenPlace();
      await operator.start();
      const names = ["--network", NETWORK, "--account", RELAYER];
      await operator.admin("key", "generate", "--key-id", "first", "--backend", "keys", ...names);
      operator.configure({ policies: { first: POLICY } });
      await operator.admin("reload");
      await operator.admin("key", "activate", "--key-id", "first", "--nonce", "0");
      const key = await keyOf(operator);
      let nonce = 0n;
      let isDone = false;
      const signed: string[] = [];
      const signing = Promise.all(
        [1, 2, 3, 4].map(async () => {
          while (!isDone) signed.push(await tryTransfer(operator, key, ++nonce));
        }),
      );
      for (const sessions of [1, 8, 4, 2]) {
        const config = JSON.parse(readFileSync(operator.config, "utf8"));
        const [token] = config.backends;
        operator.configure({ backends: [{ ...token, sessions }] });
        await operator.admin("reload");
        const before = signed.length;
        while (signed.length < before + 8) await new Promise(setImmediate);
      }
      isDone = true;
      await signing;
      expect(signed.filter((outcome) => outcome !== "signed")).toEqual([]);
      expect(operator.lines.filter(({ level }) => level === "error")).toEqual([]);
    },
  );
});

function tlsOf({ ca, clientCert, clientKey }: DevCerts) {
  return { ca: readFileSync(ca), cert: readFileSync(clientCert), key: readFileSync(clientKey) };
}
