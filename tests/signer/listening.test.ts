import { once } from "node:events";
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { makeDevCerts } from "../../scripts/dev-certs.ts";
import { keystoreFile, PASSPHRASE_ENV, publicKey, relayerSettings, signOne } from "./support/one-relayer.ts";
import { configFile, runSigner, signerConfig, tlsSettings } from "./support/running-signer.ts";
import { startSigner } from "./support/signer-cli.ts";
import { signerClient, tlsTransport, unixTransport } from "./support/signer-client.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";
import { transactionBytes } from "./support/transactions.ts";

describe("on a Unix socket, the signer", () => {
  it("listens on a socket of mode 0600, and removes it at the end", async () => {
    const config = signerConfig(await keystoreFile());
    const signer = await runSigner(config);
    const path = signer.address.slice("unix:".length);
    expect(lstatSync(path).isSocket()).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await signer.drain();
    expect(existsSync(path)).toBe(false);
  });

  it("replaces the socket of a process that was killed, and refuses to take a live one's place", async () => {
    const keystore = await keystoreFile();
    const path = join(temporaryDirectory(), "s.sock");
    const listen = { unix: path };
    const config = signerConfig(keystore, { listen });
    const settings = relayerSettings(temporaryDirectory(), keystore, { listen });
    const first = await startSigner(configFile(settings), PASSPHRASE_ENV);
    await expect(runSigner(config)).rejects.toThrow("another process listens");
    first.child.kill("SIGKILL");
    await once(first.child, "exit");
    expect(lstatSync(path).isSocket()).toBe(true);
    const second = await runSigner(config);
    expect((await signerClient(unixTransport(second.address)).listKeys({})).keys).toHaveLength(2);
  });

  it("refuses a directory that others may write to, and a path where something else is", async () => {
    const file = await keystoreFile();
    const directory = join(temporaryDirectory(), "open");
    mkdirSync(directory);
    chmodSync(directory, 0o777);
    const listen = (path: string) => runSigner(signerConfig(file, { listen: { unix: path } }));
    await expect(listen(join(directory, "s.sock"))).rejects.toThrow("group or others may write");
    chmodSync(directory, 0o700);
    writeFileSync(join(directory, "s.sock"), "precious");
    await expect(listen(join(directory, "s.sock"))).rejects.toThrow("exists and is not a socket");
    expect(readFileSync(join(directory, "s.sock"), "utf8")).toBe("precious");
    await expect(listen(join(directory, "none", "s.sock"))).rejects.toThrow("is not a directory");
  });
});

describe("over TLS, the signer", () => {
  async function tlsSigner() {
    const certs = makeDevCerts(temporaryDirectory());
    const config = signerConfig(await keystoreFile(), tlsSettings(certs));
    return { certs, signer: await runSigner(config) };
  }

  it("lets in a client with a certificate of its authority", async () => {
    const { certs, signer } = await tlsSigner();
    const client = signerClient(tlsTransport(signer.address, certs));
    const { results } = await client.signTransactions(signOne(transactionBytes(publicKey)));
    expect(results.map((r) => r.result.case)).toEqual(["signed"]);
  });

  it("refuses a client without a certificate, with another authority's, or with a server's", async () => {
    const { certs, signer } = await tlsSigner();
    const others = makeDevCerts(temporaryDirectory());
    const strangers = [
      { ca: certs.ca },
      { ca: certs.ca, clientCert: others.clientCert, clientKey: others.clientKey },
      { ca: certs.ca, clientCert: certs.serverCert, clientKey: certs.serverKey },
    ];
    for (const files of strangers) {
      const calling = signerClient(tlsTransport(signer.address, files)).listKeys({});
      await expect(calling).rejects.toBeInstanceOf(ConnectError);
    }
    expect((await signerClient(tlsTransport(signer.address, certs)).listKeys({})).keys).toHaveLength(2);
  });

  it("does not speak TLS 1.2, nor plain HTTP", async () => {
    const { certs, signer } = await tlsSigner();
    const old = signerClient(tlsTransport(signer.address, certs, { maxVersion: "TLSv1.2" })).listKeys({});
    await expect(old).rejects.toBeInstanceOf(ConnectError);
    const socket = net.connect(Number(new URL(signer.address).port), "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    await new Promise((resolve) => socket.once("close", resolve));
    expect(answer).not.toContain("HTTP/");
  });

  it("refuses a private key that everybody may read", async () => {
    const certs = makeDevCerts(temporaryDirectory());
    chmodSync(certs.serverKey, 0o644);
    const config = signerConfig(await keystoreFile(), tlsSettings(certs));
    await expect(runSigner(config)).rejects.toThrow("open to everybody");
  });
});
