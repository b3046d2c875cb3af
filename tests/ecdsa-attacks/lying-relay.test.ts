import type { MessageShape } from "@bufbuild/protobuf";
import { HEADER_SIZE } from "@countersign/crypto/ot-ecdsa/framing.ts";
import {
  type PresignStepRequest,
  type ProtocolMessageSchema,
  ProtocolPhase,
} from "@countersign/gen/countersign/threshold/v1/ecdsa_pb.ts";
import { errorOf } from "@countersign/web";
import { recoverMessageAddress } from "viem";
import { expect, test } from "vitest";
import { seededRandom } from "../support/seeded-random.ts";
import { startAttackWorld } from "../threshold-attacks/support/attack-world.ts";
import { type EvilRelay, startEvilRelay } from "../threshold-attacks/support/evil-relay.ts";
import { attackSettings } from "./support/attack-settings.ts";
import { type EvmPage, openEvmPage } from "./support/evm-page.ts";

const SEED = 20_261_121;
/** Of the answer to PresignInit. */
const FIRST_VERSION = 2;
type Message = MessageShape<typeof ProtocolMessageSchema>;
type Change = (messages: readonly Message[], older: readonly Message[]) => readonly Message[];

const random = seededRandom(SEED);
const below = (end: number) => Math.floor(random() * end);

/** The message at a random place in the place of itself. */
function changeOne(
  messages: readonly Message[],
  change: (message: Message) => readonly Message[],
): Message[] {
  const at = below(messages.length);
  return messages.flatMap((message, i) => (i === at ? change(message) : [message]));
}

function withData(message: Message, data: Uint8Array): Message {
  return { ...message, data: Uint8Array.from(data) };
}

/** What a relay may do to the signer's flight. Each is noticed, whatever the message is. */
const CHANGES: readonly [string, Change][] = [
  ["dropped", (all) => changeOne(all, () => [])],
  ["doubled", (all) => changeOne(all, (one) => [one, one])],
  ["of another phase", (all) => changeOne(all, (one) => [{ ...one, phase: ProtocolPhase.SIGN }])],
  ["cut off", (all) => changeOne(all, (one) => [withData(one, one.data.subarray(0, -1))])],
  [
    "with another header",
    (all) =>
      changeOne(all, (one) => [
        withData(
          one,
          one.data.map((b, i) => (i === 5 ? b ^ 1 : b)),
        ),
      ]),
  ],
  [
    "with every body changed",
    (all) =>
      all.map((one) =>
        withData(
          one,
          one.data.map((b, i) => (i < HEADER_SIZE ? b : b ^ 1)),
        ),
      ),
  ],
  ["an older answer", (_, older) => older],
  ["none at all", () => []],
];

async function lyingWorld(): Promise<
  EvmPage & { evil: EvilRelay; hello(): Promise<string>; minuteLater(): void }
> {
  const threshold = attackSettings();
  let now = Date.now();
  const { relays } = await startAttackWorld({ threshold, now: () => new Date(now) });
  const evil = await startEvilRelay(relays[0]?.address ?? "");
  // Nothing is made before a test says so.
  evil.deeds.presignInit = () => Promise.reject(new Error("not yet"));
  const page = await openEvmPage(evil.address);
  const hello = async () => {
    try {
      const signature = await page.account.signMessage({ message: "hello" });
      const signer = await recoverMessageAddress({ message: "hello", signature });
      return signer === page.account.address ? "signed" : "signed wrongly";
    } catch (thrown) {
      return errorOf(thrown).reason;
    }
  };
  const minuteLater = () => {
    now += 61_000;
  };
  return { ...page, evil, hello, minuteLater };
}

/** Whoever has a relay has seen no step of a run with two flights, and no run that was begun twice. */
function expectNothingTwice({ seen }: EvilRelay): void {
  const flights = new Map<string, string>();
  const firsts: string[] = [];
  for (const { method, request } of seen) {
    if (method !== "presignStep" && method !== "presignInit") continue;
    const { presignSessionId, version, messages } = request as PresignStepRequest;
    const flight = messages.map(({ data }) => Buffer.from(data).toString("base64")).join();
    if (method === "presignInit") {
      firsts.push(flight);
      continue;
    }
    const name = `${presignSessionId} ${version}`;
    expect(flights.get(name) ?? flight, name).toBe(flight);
    flights.set(name, flight);
  }
  expect(new Set(firsts).size).toBe(firsts.length);
}

test("a relay that changes an answer of a presignature ends the run, and both sides have nothing of it", async () => {
  const { evil, hello, store, keyId, minuteLater } = await lyingWorld();
  for (const [nth, [what, change]] of CHANGES.entries()) {
    // Answers to the first call and each of the others, in turn; of every run that the wallet begins.
    const target = nth % 5;
    let lies = 0;
    let older: readonly Message[] = [];
    const lie = <T extends { version: number; messages: Message[] }>(answer: T): T => {
      const isTarget = answer.version === FIRST_VERSION + target;
      const messages = isTarget ? change(answer.messages, older) : answer.messages;
      older = answer.messages;
      if (isTarget) lies += 1;
      return { ...answer, messages: [...messages] };
    };
    evil.deeds.presignInit = async (honest, request) => lie(await honest(request));
    evil.deeds.presignStep = async (honest, request) => lie(await honest(request));
    expect(await hello(), `answer ${target}, ${what}`).toBe("PRESIGN_ABORTED");
    expect(lies, `answer ${target}, ${what}`).toBeGreaterThan(0);
    expect(await store.ids(keyId)).toEqual([]);
    // The signer knows nothing of it, and keeps the run's place until its time is over.
    minuteLater();
  }
  delete evil.deeds.presignInit;
  delete evil.deeds.presignStep;
  expect(await hello()).toBe("signed");
  expectNothingTwice(evil);
});

test("a relay that lies about a signature gets no second one of its presignature", async () => {
  const { evil, hello } = await lyingWorld();
  delete evil.deeds.presignInit;
  evil.deeds.signEcdsaInit = async (honest, request) => {
    const { signingSessionId, expiresAt } = await honest(request);
    return { signingSessionId, relayerEntropy: new Uint8Array(32).fill(1), ...(expiresAt && { expiresAt }) };
  };
  expect(await hello()).toBe("SIGNATURE_SHARE_INVALID");
  delete evil.deeds.signEcdsaInit;
  evil.deeds.signEcdsaFinalize = async (honest, request) => {
    const answer = await honest(request);
    const data = Uint8Array.from(answer.message?.data ?? []);
    data[data.length - 1] = (data.at(-1) ?? 0) ^ 1;
    if (answer.message !== undefined) answer.message.data = data;
    return answer;
  };
  expect(await hello()).toBe("SIGNATURE_SHARE_INVALID");
  delete evil.deeds.signEcdsaFinalize;
  expect(await hello()).toBe("signed");
  // Each presignature was named for one signature, and one value of the client's opened for it.
  const inits = evil.seen.filter(({ method }) => method === "signEcdsaInit");
  const ids = inits.map(({ request }) =>
    Buffer.from((request as { presignatureId: Uint8Array }).presignatureId).toString("hex"),
  );
  expect(ids).toHaveLength(3);
  expect(new Set(ids).size).toBe(3);
  expectNothingTwice(evil);
});
