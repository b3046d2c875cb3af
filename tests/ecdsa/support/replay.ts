// Replays a recorded run against the reference library (tests/vectors/threshold-ecdsa/README.md): with the same randomness and
// the same messages of the peer, everything has to come out byte for byte.
import type { PointBackend } from "@countersign/crypto/ot-ecdsa/point-backend.ts";
import {
  advancePresign,
  beginPresign,
  type Phase,
  type Presignature,
  type PresignParty,
  type PresignRun,
  type WireMessage,
} from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import { rerandomise, rerandomiser } from "@countersign/crypto/ot-ecdsa/rerandomise.ts";
import type { RunTools } from "@countersign/crypto/ot-ecdsa/run-tools.ts";
import { protocolShare } from "@countersign/crypto/ot-ecdsa/shares.ts";
import {
  combineSignature,
  decodeSignMessage,
  encodeSignMessage,
  signatureShare,
} from "@countersign/crypto/ot-ecdsa/sign.ts";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { stored } from "./two-parties.ts";

type Hex = string;

/** A recorded run. All numbers are in hex. */
export interface Recording {
  readonly rand: Readonly<Record<string, readonly Hex[]>>;
  readonly in: readonly (readonly [RecordedPhase, Hex])[];
  readonly out: readonly (readonly [RecordedPhase, Hex])[];
  readonly result: {
    readonly triples: readonly Readonly<Record<"a" | "b" | "c" | "A" | "B" | "C", Hex>>[];
    readonly me: 1 | 2;
    readonly coord: 1 | 2;
    readonly msg: Hex;
    readonly entropy: Hex;
    readonly tweak: Hex;
    /** The protocol's share, of which the key's half is a multiple. */
    readonly share: Hex;
    readonly x_client: Hex;
    readonly x_relayer: Hex;
    readonly pk: Hex;
    readonly presign: Readonly<Record<"R" | "k" | "sigma", Hex>>;
    readonly delta: Hex;
    readonly rerand: Readonly<Record<"R" | "k" | "sigma", Hex>>;
    readonly r: Hex;
    readonly s: Hex;
  };
}

type RecordedPhase = "triple" | "presign" | "sign";
const PHASES: Readonly<Record<RecordedPhase, Phase>> = {
  triple: "triples",
  presign: "presign",
  sign: "sign",
};

/** What differs from the recording, in sentences: none when the replay is right. Throws where the run aborts. */
export async function replay(recording: Recording, points: PointBackend): Promise<string[]> {
  const { result } = recording;
  const expected = new Expectations();
  const random = recordedRandomness(recording.rand);
  const tools: RunTools = { points, random: random.take, pause: async () => {} };
  const party: PresignParty = {
    participant: result.me,
    share: bytes(result.me === 1 ? result.x_client : result.x_relayer),
    publicKey: bytes(result.pk),
  };
  expected.same("share", hex(protocolShare(result.me, party.share)), result.share);

  const presigned = await presignature(tools, party, recording);
  const sent = presigned.sent;
  if (presigned.run.presign === undefined) throw new Error("the triples' messages made no triples");
  for (const [index, triple] of presigned.run.presign.triples.entries()) {
    const { a, b, c, bigA, bigB, bigC } = triple;
    const own = { a, b, c, A: bigA, B: bigB, C: bigC };
    for (const [name, value] of Object.entries(own)) {
      const recorded = result.triples[index]?.[name as keyof typeof own];
      expected.same(`triple ${index}'s ${name}`, hex(value), recorded);
    }
  }
  const { bigR, k, sigma } = presigned.presignature;
  expected.values("presign", { R: bigR, k, sigma }, result.presign);

  const request = {
    presignature: presigned.presignature,
    publicKey: party.publicKey,
    digest: bytes(result.msg),
    entropy: bytes(result.entropy),
    tweak: bytes(result.tweak),
  };
  expected.same("delta", hex(rerandomiser(request)), result.delta);
  const values = rerandomise(tools, request);
  expected.values("rerand", { R: values.bigR, k: values.k, sigma: values.sigma }, result.rerand);

  const share = signatureShare(result.me, values, request.digest);
  if (result.coord === result.me) {
    const received = recording.in.find(([phase]) => phase === "sign")?.[1] ?? "";
    const peer = decodeSignMessage(bytes(received));
    const { r, s } = combineSignature(tools, { ...request, bigR: values.bigR, shares: [share, peer] });
    expected.values("signature", { r, s }, { r: result.r, s: result.s });
  } else {
    sent.push({ phase: "sign", data: encodeSignMessage(share) });
    expected.same("r", hex(values.bigR.subarray(1)), result.r);
    expected.same("the signature's verdict", `${verifies(recording)}`, "true");
  }
  expected.messages(sent, recording.out);
  expected.same("randomness that nobody asked for", random.left().join(), "");
  return expected.differences;
}

/** The triples' messages in one flight, those of the presignature in the next. */
async function presignature(
  tools: RunTools,
  party: PresignParty,
  recording: Recording,
): Promise<{ run: PresignRun; sent: WireMessage[]; presignature: Presignature }> {
  const flightOf = (wanted: RecordedPhase) =>
    recording.in.flatMap(([phase, data]) =>
      phase === wanted ? [{ phase: PHASES[phase], data: bytes(data) }] : [],
    );
  const begun = await beginPresign(tools, party);
  const tripled = await advancePresign(tools, party, stored(begun.run), flightOf("triple"));
  const done = await advancePresign(tools, party, stored(tripled.run), flightOf("presign"));
  if (done.presignature === undefined) throw new Error("the messages made no presignature");
  const sent = [...begun.flight, ...tripled.flight, ...done.flight];
  return { run: tripled.run, sent, presignature: done.presignature };
}

function verifies({ result }: Recording): boolean {
  const { BASE, Fn } = secp256k1.Point;
  const tweak = BigInt(`0x${result.tweak}`);
  const master = secp256k1.Point.fromHex(result.pk);
  const key = Fn.is0(tweak) ? master : master.add(BASE.multiply(tweak));
  return secp256k1.verify(bytes(result.r + result.s), bytes(result.msg), key.toBytes(), {
    prehash: false,
    lowS: true,
  });
}

function recordedRandomness(rand: Recording["rand"]) {
  const left = new Map(Object.entries(rand).map(([purpose, values]) => [purpose, [...values]]));
  return {
    take(purpose: string, size: number): Uint8Array {
      const value = left.get(purpose)?.shift();
      if (value === undefined) throw new Error(`the recording has no more randomness for ${purpose}`);
      if (value.length !== 2 * size) throw new Error(`the recording's ${purpose} has not ${size} bytes`);
      return bytes(value);
    },
    left: () => [...left].flatMap(([purpose, values]) => (values.length > 0 ? [purpose] : [])),
  };
}

class Expectations {
  readonly differences: string[] = [];

  same(name: string, own: string, recorded: string | undefined): void {
    if (own !== recorded) this.differences.push(`${name} is ${own}, and was ${recorded}`);
  }

  values<Name extends string>(
    group: string,
    own: Readonly<Record<Name, Uint8Array>>,
    recorded: Readonly<Record<Name, Hex>>,
  ): void {
    for (const name of Object.keys(own) as Name[])
      this.same(`${group}'s ${name}`, hex(own[name]), recorded[name]);
  }

  /** The same messages, in any order. */
  messages(own: readonly WireMessage[], recorded: Recording["out"]): void {
    const left = recorded.map(([phase, data]) => `${PHASES[phase]} ${data}`);
    for (const { phase, data } of own) {
      const at = left.indexOf(`${phase} ${hex(data)}`);
      if (at === -1) this.differences.push(`a message was not sent then: ${nameOf(phase, hex(data))}`);
      else left.splice(at, 1);
    }
    for (const message of left) {
      const [phase = "", data = ""] = message.split(" ");
      this.differences.push(`a message was not sent now: ${nameOf(phase, data)}`);
    }
  }
}

function nameOf(phase: string, data: Hex): string {
  return `${phase}, channel ${data.slice(0, 8)}, waitpoint ${parseInt(data.slice(64, 66), 16)}`;
}

function bytes(text: Hex): Uint8Array {
  if (!/^([0-9a-f]{2})*$/i.test(text)) throw new Error("a value of the recording is not in hex");
  return new Uint8Array(Buffer.from(text, "hex"));
}

function hex(data: Uint8Array): Hex {
  return Buffer.from(data).toString("hex");
}
