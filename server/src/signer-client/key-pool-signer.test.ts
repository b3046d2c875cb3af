import { createRouterTransport, type ServiceImpl } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { KeyPoolSignerService } from "@countersign/gen/countersign/signer/v1/key_pool_signer_service_pb.ts";
import { KeyState } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { DomainError, toConnectError } from "@countersign/service-kit";
import { expect, it } from "vitest";
import { KeyPoolSigner } from "./key-pool-signer.ts";

const NAMES = { network: "testnet", accountId: "relay.testnet", keyId: "pool-a" };
const KEY = { ...NAMES, publicKey: "ed25519:a", state: KeyState.PENDING, paused: false };
const { signal } = new AbortController();

function signerOf(implementation: Partial<ServiceImpl<typeof KeyPoolSignerService>>) {
  const failures: string[] = [];
  const transport = createRouterTransport(({ service }) => service(KeyPoolSignerService, implementation));
  const signer = new KeyPoolSigner(transport, ({ method, code }) => failures.push(`${method} ${code}`));
  return { signer, failures };
}

it("takes a key through its life", async () => {
  const asked: unknown[] = [];
  const { signer, failures } = signerOf({
    generatePoolKey: ({ network, accountId, keyId }) => {
      asked.push({ network, accountId, keyId });
      return { key: KEY };
    },
    activatePoolKey: ({ keyId, nonceFloor }) => {
      asked.push({ keyId, nonceFloor });
      return { key: { ...KEY, state: KeyState.ACTIVE } };
    },
    drainPoolKey: () => ({ key: { ...KEY, state: KeyState.DRAINED } }),
    retirePoolKey: () => ({ key: { ...KEY, state: KeyState.RETIRED } }),
  });
  const shown = { ...NAMES, publicKey: "ed25519:a", paused: false, signs: false };
  expect(await signer.generate(NAMES, signal)).toEqual({ ...shown, state: "PENDING" });
  expect(await signer.activate("pool-a", 7n, signal)).toEqual({ ...shown, state: "ACTIVE", signs: true });
  expect(await signer.drain("pool-a", signal)).toEqual({ ...shown, state: "DRAINED" });
  expect(await signer.retire("pool-a", signal)).toEqual({ ...shown, state: "RETIRED" });
  expect(asked).toEqual([NAMES, { keyId: "pool-a", nonceFloor: 7n }]);
  expect(failures).toEqual([]);
});

it("passes the signer's refusals on as they are", async () => {
  const { signer, failures } = signerOf({
    drainPoolKey: () => {
      const refusal = new DomainError(ErrorReason.SIGNER_POLICY_DENIED, "no admin grant lets a relay do so");
      throw toConnectError(refusal, "r");
    },
  });
  await expect(signer.drain("pool-a", signal)).rejects.toMatchObject({
    reason: ErrorReason.SIGNER_POLICY_DENIED,
    message: "no admin grant lets a relay do so",
  });
  expect(failures).toEqual([]);
});

it("says of a signer that knows no pools that it is too old", async () => {
  const { signer, failures } = signerOf({});
  await expect(signer.retire("pool-a", signal)).rejects.toMatchObject({
    reason: ErrorReason.SIGNER_REFUSED,
    message: "the signer knows no key pools: it is older than this relay",
  });
  expect(failures).toEqual(["RetirePoolKey Unimplemented"]);
});

it.each([
  ["of another name", { ...KEY, keyId: "pool-b" }],
  ["of another account", { ...KEY, accountId: "other.testnet" }],
  ["on another network", { ...KEY, network: "mainnet" }],
  ["that is missing", undefined],
])("takes an answer with a key %s for none", async (_, key) => {
  const { signer } = signerOf({ generatePoolKey: () => (key === undefined ? {} : { key }) });
  await expect(signer.generate(NAMES, signal)).rejects.toMatchObject({
    reason: ErrorReason.SIGNER_UNAVAILABLE,
  });
});
