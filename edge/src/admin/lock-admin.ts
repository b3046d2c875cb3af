import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { suiteParameters } from "@countersign/crypto/lock/lock-suite.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import {
  LockKeyState,
  type LockKeyStatusSchema,
} from "@countersign/gen/countersign/signer/v1/signer_admin_pb.ts";
import { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { DomainError, type ServedService, serveSome } from "@countersign/service-kit";
import type { LockKeyRecord, SuiteNumber } from "../lock/lock-key-records.ts";
import type { LockKeyVault } from "../lock/lock-key-vault.ts";
import { operatorKey } from "./operator-gate.ts";

type LockMethods = Pick<
  ServiceImpl<typeof SignerAdminService>,
  "listLockKeys" | "rotateLockKey" | "retireLockKey"
>;

/** The methods of SignerAdminService that are about lock keys; without a vault, they say LOCK_DISABLED. */
export function lockAdmin(vault: LockKeyVault | undefined): ServedService {
  const served = (): LockKeyVault => {
    if (vault !== undefined) return vault;
    throw new DomainError(ErrorReason.LOCK_DISABLED, "this relay serves no lock");
  };
  const implementation: LockMethods = {
    listLockKeys: async () => ({ keys: (await stored(served().list())).map(statusMessage) }),
    rotateLockKey: async ({ suite, replacedKeyId }, { values }: HandlerContext) => ({
      key: statusMessage(
        await stored(served().rotate(suiteNumber(suite), replacedKeyId, values.get(operatorKey))),
      ),
    }),
    retireLockKey: async ({ keyId }, { values }: HandlerContext) => ({
      key: statusMessage(await stored(served().retire(keyId, values.get(operatorKey)))),
    }),
  };
  return serveSome(SignerAdminService, implementation);
}

/** The contract's rules let no other number through. */
function suiteNumber(suite: LockSuite): SuiteNumber {
  const parameters = suiteParameters(suite);
  if (parameters === undefined) throw new Error(`a request for suite ${suite}`);
  return parameters.number;
}

/** What the Durable Object does not answer is its storage's fault. */
async function stored<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    throw new DomainError(ErrorReason.SIGNER_STORE_UNAVAILABLE, "the lock keys cannot be had now", { cause });
  }
}

function statusMessage(record: LockKeyRecord): MessageInitShape<typeof LockKeyStatusSchema> {
  const { keyId, suite, commitment, state, createdAt, graceAt, retiredAt } = record;
  return {
    key: { keyId, suite, commitment, current: state === "CURRENT" },
    state: LockKeyState[state],
    createTime: timestampFromDate(createdAt),
    ...(graceAt && { graceTime: timestampFromDate(graceAt) }),
    ...(retiredAt && { retireTime: timestampFromDate(retiredAt) }),
  };
}
