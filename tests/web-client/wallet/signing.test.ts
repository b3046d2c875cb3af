import { createPublicKey, verify } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { decodeSignedTransaction, nep413Hash, parsePublicKey } from "@countersign/near";
import { errorOf } from "@countersign/web";
import { describe, expect, it } from "vitest";
import { bareError, refusal } from "../scripted-relay.ts";
import { ACCOUNT, signHello, walletWithKey } from "./support/node-wallet.ts";
import type { Deed, MethodName } from "./support/wallet-relay.ts";

const failed = () => expect.fail("it should have failed");
const LOST = bareError(Code.Unavailable);

/** Does the right thing, and then its answer is lost: for the first `count` calls. */
const losing =
  (count: number): Deed =>
  (honest, _, nth) => {
    const answer = honest();
    if (nth <= count) throw LOST;
    return answer;
  };
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

it("a signature is a plain Ed25519 signature of the key", async () => {
  const made = await walletWithKey();
  const { publicKey, signature } = await signHello(made);
  const digest = nep413Hash({
    message: "hello",
    nonce: new Uint8Array(32).fill(5),
    recipient: "app.example",
  });
  const x = Buffer.from(parsePublicKey(publicKey).data).toString("base64url");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  expect(verify(null, digest, key, signature)).toBe(true);
});

describe("when SignInit's answer is lost", () => {
  it("each further attempt has nonces of its own, and one of them is answered", async () => {
    const made = await walletWithKey();
    made.relay.deeds.signInit = losing(3);
    await signHello(made);
    const hidings = made.relay.of("signInit").map(({ request }) => text(request.clientCommitments.hiding));
    expect(hidings).toHaveLength(4);
    expect(new Set(hidings).size).toBe(4);
    expect(made.relay.of("signFinalize")).toHaveLength(1);
  });

  it("it is given up after as many attempts as the policy allows", async () => {
    const made = await walletWithKey();
    made.relay.deeds.signInit = losing(99);
    expect(await signHello(made).then(failed, errorOf)).toMatchObject({ code: Code.Unavailable });
    expect(made.relay.of("signInit")).toHaveLength(4);
    expect(made.relay.of("signFinalize")).toHaveLength(0);
  });
});

it("a relay that answers with three commitments in turn gets a share for each nonce pair at most once", async () => {
  const made = await walletWithKey();
  // Every finalize fails, so that the wallet would have to begin again to get its signature.
  made.relay.deeds.signFinalize = (honest) => {
    honest();
    throw refusal(ErrorReason.SIGNING_SESSION_STALE);
  };
  expect(await signHello(made).then(failed, errorOf)).toMatchObject({ reason: "SIGNING_SESSION_STALE" });
  const hidings = made.relay.of("signInit").map(({ request }) => text(request.clientCommitments.hiding));
  const shares = made.relay.of("signFinalize").map(({ request }) => text(request.clientSignatureShare));
  expect([new Set(hidings).size, hidings.length, shares.length]).toEqual([3, 3, 3]);
});

it("a run that an earlier attempt to begin has ended is begun again, with nonces of its own", async () => {
  const made = await walletWithKey();
  made.relay.deeds.signFinalize = (honest, _, nth) => {
    if (nth === 1) throw refusal(ErrorReason.SIGNING_SESSION_STALE);
    return honest();
  };
  await signHello(made);
  const hidings = made.relay.of("signInit").map(({ request }) => text(request.clientCommitments.hiding));
  expect([new Set(hidings).size, hidings.length]).toEqual([2, 2]);
});

describe("when SignFinalize's answer is lost", () => {
  it("the identical bytes are sent again, and no round is begun", async () => {
    const made = await walletWithKey();
    made.relay.deeds.signFinalize = losing(3);
    await signHello(made);
    const sent = made.relay.of("signFinalize").map(({ request }) => JSON.stringify(request));
    expect(sent).toHaveLength(4);
    expect(new Set(sent).size).toBe(1);
    expect(made.relay.of("signInit")).toHaveLength(1);
  });

  it("with its connection, too", async () => {
    const made = await walletWithKey();
    made.relay.deeds.signFinalize = (honest, _, nth) => {
      const answer = honest();
      if (nth === 1) made.relay.cut();
      return answer;
    };
    await signHello(made);
    expect(made.relay.of("signFinalize")).toHaveLength(2);
    expect(made.relay.of("signInit")).toHaveLength(1);
  });
});

it.each<[MethodName, keyof typeof ErrorReason]>([
  ["authorize", "THRESHOLD_PURPOSE_NOT_ALLOWED"],
  ["authorize", "LEDGER_UNAVAILABLE"],
  ["signInit", "SIGNING_REQUEST_INVALID"],
  ["signFinalize", "SIGNATURE_SHARE_INVALID"],
])("%s that fails with %s is called once", async (method, reason) => {
  const made = await walletWithKey();
  made.relay.deeds[method] = () => {
    throw refusal(ErrorReason[reason]);
  };
  expect(await signHello(made).then(failed, errorOf)).toMatchObject({ reason });
  expect(made.relay.of(method)).toHaveLength(1);
});

type Tamper = (answer: Record<string, unknown>) => unknown;
const flipped = (bytes: unknown) =>
  Uint8Array.from(bytes as Uint8Array, (byte, i) => (i === 0 ? byte ^ 1 : byte));
/** The client's public share of the specification's vectors: some point. */
const point = new Uint8Array(Buffer.from("KbUmzUY--TVEEWePfTXGHe0GyOjy4WOKh0dFfpS9bFI", "base64url"));
const POINTS = { hiding: point, binding: point };

describe("what a relay changes is found out:", () => {
  it.each<[string, MethodName, Tamper, string, number]>([
    [
      "another digest",
      "authorize",
      () => ({ requests: [{ requestId: "r", digest: point }] }),
      "DIGEST_MISMATCH",
      0,
    ],
    [
      "a request more",
      "authorize",
      (a) => ({ requests: [...(a.requests as []), ...(a.requests as [])] }),
      "DIGEST_MISMATCH",
      0,
    ],
    ["no request", "authorize", () => ({ requests: [] }), "DIGEST_MISMATCH", 0],
    [
      "no commitments",
      "signInit",
      (a) => ({ ...a, relayerCommitments: undefined }),
      "ROUND_MESSAGE_INVALID",
      0,
    ],
    [
      "another public share",
      "signInit",
      (a) => ({ ...a, relayerVerifyingShare: point }),
      "THRESHOLD_KEY_BROKEN",
      0,
    ],
    [
      "commitments that are no points",
      "signInit",
      (a) => ({ ...a, relayerCommitments: { ...POINTS, hiding: new Uint8Array(32) } }),
      "ROUND_MESSAGE_INVALID",
      0,
    ],
    [
      "short commitments",
      "signInit",
      (a) => ({ ...a, relayerCommitments: { ...POINTS, binding: point.subarray(1) } }),
      "ROUND_MESSAGE_INVALID",
      0,
    ],
    [
      "the relayer's share",
      "signFinalize",
      (a) => ({ ...a, relayerSignatureShare: flipped(a.relayerSignatureShare) }),
      "SIGNATURE_SHARE_INVALID",
      1,
    ],
    [
      "the signature",
      "signFinalize",
      (a) => ({ ...a, signature: flipped(a.signature) }),
      "SIGNATURE_SHARE_INVALID",
      1,
    ],
    [
      "no signature",
      "signFinalize",
      (a) => ({ ...a, signature: new Uint8Array() }),
      "SIGNATURE_SHARE_INVALID",
      1,
    ],
  ])("%s", async (_, method, tamper, reason, finalizes) => {
    const made = await walletWithKey();
    made.relay.deeds[method] = (honest) => tamper(honest());
    expect(await signHello(made).then(failed, errorOf)).toMatchObject({ reason, code: Code.DataLoss });
    expect(made.relay.of("signFinalize")).toHaveLength(finalizes);
    expect(made.relay.of("signInit").length).toBeLessThanOrEqual(1);
  });

  it("other commitments than the ones that the relayer signs with", async () => {
    const made = await walletWithKey();
    made.relay.deeds.signInit = (honest) => ({ ...honest(), relayerCommitments: POINTS });
    // The honest half of the relayer cannot make a signature of it, and says so.
    expect(await signHello(made).then(failed, errorOf)).toMatchObject({ code: Code.Internal });
    expect(made.relay.of("signFinalize")).toHaveLength(1);
  });
});

describe("a threshold session", () => {
  it("is minted by the first signature and serves the next ones, without a touch", async () => {
    const made = await walletWithKey();
    const touches = made.passkeys.touches.length;
    await signHello(made);
    await signHello(made);
    expect(made.passkeys.touches).toHaveLength(touches + 1);
    expect(made.relay.of("mintSession")).toHaveLength(1);
  });

  it.each(["THRESHOLD_SESSION_EXPIRED", "THRESHOLD_SESSION_EXHAUSTED"] as const)(
    "that is over with %s is minted again, once, with the same policy",
    async (reason) => {
      const made = await walletWithKey();
      await signHello(made);
      made.relay.deeds.authorize = (honest, _, nth) => {
        if (nth === 2) throw refusal(ErrorReason[reason]);
        return honest();
      };
      await signHello(made);
      const [first, second] = made.relay.of("mintSession").map(({ request }) => text(request.policy));
      expect(second).toBe(first);
      const tokens = made.relay.of("authorize").map(({ request }) => request.authority.value);
      expect(tokens[0]).toBe(tokens[1]);
      expect(tokens[2]).not.toBe(tokens[1]);
    },
  );

  it("that is over again at once is an error, and no other key signs", async () => {
    const made = await walletWithKey();
    made.relay.deeds.authorize = () => {
      throw refusal(ErrorReason.THRESHOLD_SESSION_EXPIRED);
    };
    expect(await signHello(made).then(failed, errorOf)).toMatchObject({
      reason: "THRESHOLD_SESSION_EXPIRED",
    });
    expect(made.relay.of("mintSession")).toHaveLength(2);
    expect(made.relay.of("signInit")).toHaveLength(0);
  });

  it("is minted once for signatures that find it over at the same time", async () => {
    const made = await walletWithKey();
    await signHello(made);
    const stale = made.relay.of("authorize")[0]?.request.authority.value;
    made.relay.deeds.authorize = (honest, { request }) => {
      if (request.authority.value === stale) throw refusal(ErrorReason.THRESHOLD_SESSION_EXHAUSTED);
      return honest();
    };
    await Promise.all([signHello(made), signHello(made), signHello(made)]);
    expect(made.relay.of("mintSession")).toHaveLength(2);
  });
});

it("a signature that is aborted between the rounds sends no share", async () => {
  const made = await walletWithKey();
  const controller = new AbortController();
  made.relay.deeds.signInit = (honest) => {
    const answer = honest();
    controller.abort();
    return answer;
  };
  expect(await signHello(made, controller.signal).then(failed, errorOf)).toMatchObject({
    code: Code.Canceled,
  });
  expect(made.relay.of("signFinalize")).toHaveLength(0);
});

it("transactions get nonces in a row, and a signature each", async () => {
  const made = await walletWithKey();
  const transfer = { kind: "Transfer", deposit: 1n } as const;
  const request = {
    accountId: ACCOUNT,
    transactions: [1, 2].map(() => ({ receiverId: "bob.testnet", actions: [transfer] })),
  };
  const first = await made.wallet.signTransactions(request);
  expect(first).toHaveLength(2);
  const second = await made.wallet.signTransactions(request);
  const nonces = [...first, ...second].map((bytes) => decodeSignedTransaction(bytes).transaction.nonce);
  expect(nonces).toEqual([8n, 9n, 10n, 11n]);
});

it("a payload that cannot be encoded is refused here, and no touch is asked for", async () => {
  const made = await walletWithKey();
  const touches = made.passkeys.touches.length;
  const message = { message: "hello", nonce: new Uint8Array(31), recipient: "app.example" };
  const signing = made.wallet.signMessage({ accountId: ACCOUNT, message }).then(failed, errorOf);
  expect(await signing).toMatchObject({ reason: "PAYLOAD_MALFORMED", code: Code.InvalidArgument });
  expect([made.relay.of("authorize").length, made.passkeys.touches.length]).toEqual([0, touches]);
});
