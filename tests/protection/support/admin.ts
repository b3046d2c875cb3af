import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { onTestFinished } from "vitest";
import type { WhenOver } from "../../support/oidc-provider.ts";
import { withHeaders } from "../../support/test-relay.ts";

/** An operator of a test's relays. */
export interface TestOperator {
  /** The relay's setting "admin": a free loopback port, one key with role admin. */
  readonly setting: string;
  client<S extends DescService>(service: S, address: string | undefined): Client<S>;
}

/** Makes an operator's key, in a file that is gone when the test ends, or when `whenOver` says. */
export async function createOperator(whenOver: WhenOver = onTestFinished): Promise<TestOperator> {
  const folder = await mkdtemp(join(tmpdir(), "operator-"));
  whenOver(() => rm(folder, { recursive: true, force: true }));
  const secret = randomBytes(32).toString("hex");
  const file = join(folder, "key");
  await writeFile(file, secret, { mode: 0o600 });
  const keys = [{ name: "ops", role: "admin", secret: `file:${file}` }];
  return {
    setting: JSON.stringify({ listen: { host: "127.0.0.1", port: 0 }, keys }),
    client(service, address) {
      if (address === undefined) throw new Error("the relay has no admin port");
      const interceptors = [withHeaders({ authorization: `Bearer ${secret}` })];
      return createClient(
        service,
        createConnectTransport({ baseUrl: address, httpVersion: "2", interceptors }),
      );
    },
  };
}
