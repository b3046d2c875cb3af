import { rmSync, writeFileSync } from "node:fs";
import { readPemFiles } from "@countersign/service-kit";
import { renewCertificates } from "@countersign/signer-service/listening/certificate-renewal.ts";
import { expect, onTestFinished, test } from "vitest";
import { Authority, type Files } from "../support/authority.ts";
import { A_LOOK, clock, relayOf, startTls } from "../support/rotating-signer.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

const BAD: [string, (files: Files, authority: Authority) => void, RegExp][] = [
  ["are gone", ({ certFile }) => rmSync(certFile), /cert\.pem cannot be read \(ENOENT\)/],
  [
    "hold no certificate",
    ({ certFile }) => writeFileSync(certFile, "half"),
    /cert\.pem holds no PEM certificate/,
  ],
  [
    "hold half a certificate",
    ({ certFile }) => writeFileSync(certFile, "-----BEGIN CERTIFICATE-----\nMIIB"),
    /cannot be used together/,
  ],
  [
    "do not fit together",
    (files, authority) => authority.issue({}, { ...files, certFile: `${files.certFile}.other` }),
    /cannot be used together/,
  ],
  [
    "have expired",
    (files, authority) => authority.issue({ server: true, notAfter: new Date(Date.now() - DAY_MS) }, files),
    /expired on/,
  ],
];

test.each(BAD)(
  "the relay goes on with its certificate when new files %s, and says so once",
  async (_, spoil, why) => {
    const authority = new Authority();
    const { signer } = await startTls(authority);
    const { now, skip } = clock();
    const files = authority.issue({ name: "relay-0" });
    const problems: string[] = [];
    const relay = relayOf(signer.address, {
      files,
      now,
      onBadFiles: (error) => void problems.push(error.message),
    });
    spoil(files, authority);
    for (let i = 0; i < 3; i++) {
      skip(A_LOOK);
      await relay.listKeys({});
    }
    expect(problems).toEqual([expect.stringMatching(why)]);
    authority.issue({ name: "relay-1" }, files);
    skip(A_LOOK);
    await relay.listKeys({});
    expect(signer.served.at(-1)).toBe("CN=relay-1");
    expect(problems).toHaveLength(1);
  },
);

test.each(BAD)(
  "the signer goes on with its certificate when new files %s, and says so",
  async (_, spoil, why) => {
    const authority = new Authority();
    const { signer, files, renewal, renewed, failed } = await startTls(authority);
    renewal.stop();
    spoil(files, authority);
    expect(() => renewal.check()).toThrow(why);
    await relayOf(signer.address, { files: authority.issue({ name: "relay-0" }) }).listKeys({});
    expect(renewed).toEqual([]);
    authority.issue({ name: "signer", server: true }, files);
    renewal.check()();
    expect(renewed).toHaveLength(1);
    expect(failed).toEqual([]);
    await relayOf(signer.address, { files: authority.issue({ name: "relay-0" }) }).listKeys({});
  },
);

test("the signer finds new files by itself, and reports bad ones once", async () => {
  const authority = new Authority();
  const files = authority.issue({ server: true });
  const { ca, cert, key } = readPemFiles(files, new Date());
  const events: string[] = [];
  const seen = Array.from({ length: 2 }, () => Promise.withResolvers<void>());
  const note = (event: string) => {
    events.push(event);
    seen[events.length - 1]?.resolve();
  };
  let looks = 0;
  const looked = Promise.withResolvers<void>();
  const renewal = renewCertificates({
    files,
    started: { clientCa: ca, cert, key },
    server: { renewTls: () => undefined },
    now: () => {
      looks += 1;
      if (looks === 10 && events.length > 0) looked.resolve();
      return new Date();
    },
    intervalMs: 1,
    onRenewed: () => note("renewed"),
    onFailed: () => note("failed"),
  });
  onTestFinished(() => renewal.stop());
  rmSync(files.keyFile);
  await seen[0]?.promise;
  // Several looks at the same trouble.
  looks = 0;
  await looked.promise;
  expect(events).toEqual(["failed"]);
  const other = authority.issue({ server: true });
  const { key: newKey, cert: newCert } = readPemFiles(other, new Date());
  writeFileSync(files.certFile, newCert);
  writeFileSync(files.keyFile, newKey.reveal(), { mode: 0o600 });
  await seen[1]?.promise;
  expect(events).toEqual(["failed", "renewed"]);
});
