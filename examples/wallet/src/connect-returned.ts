import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { User } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import type { ProvenUser } from "@countersign/web/wallet";
import type { WalletApp } from "./wallet-app.ts";

/** Milliseconds: a user of one identity that is younger came into being with this very redirect. */
const NEW_MS = 120_000;

/** What came of a redirect to an identity provider. */
export type Returned =
  /** The account is the user's own now, or was before. */
  | { readonly kind: "connected"; readonly user: User; readonly isNew: boolean }
  /** It belongs to another user: merge both, or leave it. */
  | { readonly kind: "elsewhere"; readonly proven: ProvenUser }
  /** Nobody is signed in here, so there is nobody to connect it with. */
  | { readonly kind: "nobody" };

/**
 * Takes up a redirect that came back to this page; undefined when none did. The code is taken out of the address first. Throws
 * CountersignError.
 */
export async function connectReturned({ wallet }: WalletApp): Promise<Returned | undefined> {
  const address = location.href;
  if (location.hash === "") return undefined;
  history.replaceState(null, "", location.pathname + location.search);
  const proven = await wallet.identities.proveRedirect(address);
  if (proven === undefined) return undefined;
  const own = wallet.user;
  if (own === undefined) {
    await proven.discard();
    return { kind: "nobody" };
  }
  if (proven.user.id === own.id) {
    await proven.discard();
    return { kind: "connected", user: proven.user, isNew: false };
  }
  // An account that nobody had made a user of its own: taking it over takes it from nobody.
  if (isBrandNew(proven.user)) return { kind: "connected", user: await proven.merge(), isNew: true };
  return { kind: "elsewhere", proven };
}

function isBrandNew({ identities, createTime }: User): boolean {
  return identities.length === 1 && createTime !== undefined && Date.now() - timestampMs(createTime) < NEW_MS;
}
