import { registrationJson } from "../../../clients/web/src/wallet/credential-json.ts";
import { RP_ID, TENANT, type ThresholdClient } from "../../signer/threshold/support/threshold-signer.ts";
import { ThresholdWallet, type WalletOptions } from "../../signer/threshold/support/threshold-wallet.ts";
import { SoftwarePasskey } from "../../support/software-passkey.ts";
import { NETWORK } from "../../support/test-relay.ts";
import { relayedSigner, relayServices } from "./relayed-signer.ts";

export interface SignedInOptions {
  readonly tenant?: string;
  readonly rpId?: string;
  readonly accountId?: string;
  /** The client's share; a random one without. */
  readonly share?: Uint8Array;
}

/** A user of a relay, and the wallet's half of the protocol, whose calls go through relays. */
export interface SignedInWallet<W extends ThresholdWallet = ThresholdWallet> {
  readonly wallet: W;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** The same wallet, whose calls go through the relay at this address. */
  through(address: string): W;
}

/** Registers a new user's passkey at the relay. No key yet. */
export function signInWallet(address: string, options?: SignedInOptions): Promise<SignedInWallet> {
  return signInWalletAs((client, of) => new ThresholdWallet(client, of), address, options);
}

/** The same with a wallet of another scheme. */
export async function signInWalletAs<W extends ThresholdWallet>(
  newWallet: (client: ThresholdClient, options: WalletOptions) => W,
  address: string,
  options: SignedInOptions = {},
): Promise<SignedInWallet<W>> {
  const { tenant = TENANT, rpId = RP_ID, accountId = "alice.test", share } = options;
  const passkey = new SoftwarePasskey({ rpId, origin: `https://${rpId}` });
  const { session } = relayServices(address);
  const begun = await session.beginPasskeyRegistration({ tenant, rpId, userName: "Alice" });
  const challenge = new Uint8Array(Buffer.from(JSON.parse(begun.optionsJson).challenge, "base64url"));
  const credentialJson = registrationJson({ ...passkey.register(challenge), transports: ["internal"] });
  const { registrationId } = begun;
  const { signedIn } = await session.finishPasskeyRegistration({ registrationId, credentialJson });
  const { accessToken = "", refreshToken = "", user } = signedIn ?? {};
  const through = (at: string) => relayedSigner(relayServices(at, accessToken));
  const wallet = newWallet(through(address), {
    ...{ tenant, user: user?.id ?? "", network: NETWORK, accountId, rpId, passkey },
    ...(share === undefined ? {} : { share }),
  });
  return { wallet, accessToken, refreshToken, through: (at) => wallet.at(through(at)) };
}

/** One with a key. */
export async function walletWithKey(address: string, options?: SignedInOptions): Promise<SignedInWallet> {
  const made = await signInWallet(address, options);
  await made.wallet.createKey();
  return made;
}
