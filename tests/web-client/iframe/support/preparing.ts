import {
  prepareRequest,
  type SigningMethod,
} from "../../../../clients/web/src/iframe/guest/prepare-request.ts";
import type { DecodedRequest } from "../../../../clients/web/src/iframe/guest-api.ts";
import { APP } from "./embedding.ts";
import { ACCOUNT, scriptedWallet } from "./scripted-wallet.ts";

/** A wallet of its own, and what it makes of an application's requests: of ACCOUNT's, unless they name another one. */
export function preparing() {
  const wallet = scriptedWallet();
  const { signal } = new AbortController();

  function prepared(method: SigningMethod, params: object) {
    const whole = JSON.parse(JSON.stringify({ accountId: ACCOUNT, ...params }));
    return prepareRequest(method, whole, { wallet, network: "testnet" }, APP);
  }

  /** What its user sees. */
  function shown<K extends DecodedRequest["kind"]>(kind: K, method: SigningMethod, params: object) {
    const { decoded } = prepared(method, params);
    if (decoded.kind !== kind) throw new Error(`it is ${decoded.kind}`);
    return decoded as DecodedRequest & { kind: K };
  }

  /** What the application gets once the user agrees. */
  function run(method: SigningMethod, params: object): Promise<unknown> {
    return prepared(method, params).run({ signal, onRelaying: () => undefined });
  }

  return { wallet, prepared, shown, run };
}

/** A request's warnings, for example "danger STAKES". */
export const codes = ({ warnings }: DecodedRequest) => warnings.map(({ level, code }) => `${level} ${code}`);
