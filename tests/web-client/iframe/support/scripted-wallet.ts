import { create } from "@bufbuild/protobuf";
import { SubmissionSchema, SubmissionState } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import type { WalletWithEvm } from "../../../../clients/web/src/evm/evm-wallet.ts";

export const ACCOUNT = "alice.testnet";
const KEY_ID = "ed25519:6E8sCci9badyRkXb3JoRpBj5p8C6Tw41ELDZoiihKEtp";

type Method = "relay" | "signTransactions" | "signMessage";

/** A wallet that does what it is told, and remembers what it was asked. Its EVM key is a whole one. */
export type ScriptedWallet = WalletWithEvm & {
  readonly accountIds: readonly string[];
  /** Signs in another user, or nobody. */
  signInAs(userId: string | undefined): void;
  /** Gives the account another EVM key. */
  changeEvmKey(): void;
  readonly calls: {
    readonly method: Method;
    readonly of: unknown;
    readonly signal: AbortSignal | undefined;
  }[];
  /** What a method does instead of its own. */
  readonly deeds: Partial<Record<Method, (signal: AbortSignal | undefined) => Promise<never>>>;
};

export function scriptedWallet(): ScriptedWallet {
  const newAccount = () => privateKeyToAccount(generatePrivateKey());
  let account = newAccount();
  let user: { readonly id: string } | undefined = { id: "user-1" };
  const calls: ScriptedWallet["calls"] = [];
  const deeds: ScriptedWallet["deeds"] = {};
  const done = async (method: Method, of: unknown, signal: AbortSignal | undefined) => {
    calls.push({ method, of, signal });
    await deeds[method]?.(signal);
  };
  const wallet: Partial<WalletWithEvm> = {
    key: (accountId) => (accountId === ACCOUNT ? ({ keyId: KEY_ID } as never) : undefined),
    evm: { account: (accountId: string) => (accountId === ACCOUNT ? account : undefined) } as never,
    async relay({ onState, ...of }, { signal } = {}) {
      await done("relay", of, signal);
      const submission = (state: SubmissionState) =>
        create(SubmissionSchema, { id: "s1", state, transaction: { hash: "9hash" } });
      onState?.(submission(SubmissionState.ACCEPTED));
      onState?.(submission(SubmissionState.SUCCEEDED));
      return submission(SubmissionState.SUCCEEDED);
    },
    async signTransactions(of, { signal } = {}) {
      await done("signTransactions", of, signal);
      return of.transactions.map((_, i) => Uint8Array.of(i, 255));
    },
    async signMessage(of, { signal } = {}) {
      await done("signMessage", of, signal);
      return { accountId: of.accountId, publicKey: KEY_ID, signature: new Uint8Array(64).fill(7) };
    },
  };
  const scripted = Object.assign(wallet, {
    ...{ accountIds: [ACCOUNT], calls, deeds },
    signInAs(userId: string | undefined) {
      user = userId === undefined ? undefined : { id: userId };
    },
    changeEvmKey() {
      account = newAccount();
    },
  });
  return Object.defineProperty(scripted, "user", { get: () => user }) as ScriptedWallet;
}
