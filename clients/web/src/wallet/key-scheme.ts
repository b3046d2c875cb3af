import { CLIENT_ID, SCHEME_ID as ED25519, RELAYER_ID } from "@countersign/crypto/frost-ed25519.ts";
import { Purpose } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import type { KnownEcdsaKey } from "../vault/ecdsa-vault-api.ts";
import type { KeyCeremony, ShareId } from "../vault/key-ceremony.ts";
import type { Vault } from "../vault/vault-client.ts";
import type { UnlockedShare } from "./unlocked-shares.ts";
import type { WalletKey } from "./wallet-key.ts";

type KnownKey = KnownEcdsaKey;

/** What differs between the schemes while keys are made and sessions minted. */
export interface KeyScheme {
  readonly id: string;
  /** The participants' numbers. */
  readonly clientId: number;
  readonly relayerId: number;
  /** What a session may sign when nothing else was asked for. */
  readonly purposes: readonly Purpose[];
  /** The client's public share. */
  publicShare(unlocked: UnlockedShare): Uint8Array;
  prove(vault: Vault, of: { readonly shareId: ShareId; readonly ceremony: KeyCeremony }): Promise<Uint8Array>;
  confirm(vault: Vault, of: KnownKey & { readonly relayerProof: Uint8Array }): Promise<void>;
  adopt(vault: Vault, of: KnownKey): Promise<void>;
}

/** FROST, for NEAR. */
export const ed25519Scheme: KeyScheme = {
  id: ED25519,
  clientId: CLIENT_ID,
  relayerId: RELAYER_ID,
  purposes: [Purpose.NEAR_TRANSACTION, Purpose.NEAR_DELEGATE, Purpose.NEP413_MESSAGE],
  publicShare: ({ verifyingShare }) => verifyingShare,
  prove: (vault, of) => vault.prove(of),
  confirm: (vault, of) => vault.confirm(of),
  adopt: (vault, of) => vault.adopt(of),
};

/** Threshold ECDSA, for EVM chains. The worker has its arithmetic; pages that sign for NEAR alone load none of it. */
export const ecdsaScheme: KeyScheme = {
  id: "threshold-secp256k1-ecdsa-2p-v1",
  clientId: 1,
  relayerId: 2,
  purposes: [Purpose.EVM_TRANSACTION, Purpose.EVM_MESSAGE, Purpose.EVM_TYPED_DATA, Purpose.EVM_AUTHORIZATION],
  publicShare: ({ ecdsaVerifyingShare }) => ecdsaVerifyingShare,
  prove: (vault, of) => vault.proveEcdsa(of),
  confirm: (vault, of) => vault.confirmEcdsa(of),
  adopt: (vault, of) => vault.adoptEcdsa(of),
};

export function schemeOf({ schemeId }: WalletKey): KeyScheme {
  return schemeId === ecdsaScheme.id ? ecdsaScheme : ed25519Scheme;
}
