import { mintApiKey } from "@countersign/server/access/api-key.ts";
import { relayClient, type TestRelay } from "./test-relay.ts";
import type { SeededKey } from "./test-tenant.ts";

type Minted = SeededKey["minted"];

/** A key, told from others by a number from 0 to 255. TEST_API_KEY is 7. */
export function testKey(number: number): Minted {
  return mintApiKey((length) => Buffer.alloc(length, number));
}

/** The headers of a call with the key. */
export function keyHeaders(key: Minted): { authorization: string } {
  return { authorization: `Bearer ${key.text.reveal()}` };
}

/** The same relay as others see it, who call with these headers. Not after a restart. */
export function seenWith(relay: TestRelay, headers: Readonly<Record<string, string>>): TestRelay {
  return { ...relay, client: relayClient(relay.app.address, headers) };
}

/** The same relay as the holder of the key sees it. Not after a restart. */
export function seenBy(relay: TestRelay, key: Minted): TestRelay {
  return seenWith(relay, keyHeaders(key));
}
