import { NEAR } from "../../support/test-relay.ts";

/** Names that the contract refuses. */
export const DENIED = ["denied.relay.test", "denied.registrar.test"];

/** A contract whose view `is_allowed` says no to DENIED, and yes to every other account_id. */
export const NAMES = {
  id: "names.test",
  balance: (10n * NEAR).toString(),
  contract: "registrar",
  data: Object.fromEntries(DENIED.map((name) => [`denied/${name}`, "1"])),
};
