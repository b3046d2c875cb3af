import type { Engine } from "@countersign/sql";
import type { SignerSchema } from "../../store/schema.ts";
import type { EcdsaStore } from "../ecdsa/ecdsa-store.ts";
import { ecdsaSigningsOver } from "./ecdsa-signings.ts";
import { poolOver } from "./presignatures.ts";
import { presignsOver } from "./presigns.ts";
import type { SigningsOptions } from "./signings.ts";

/** The store of threshold ECDSA over the signer's database; see `openThresholdStore`. */
export function openEcdsaStore(engine: Engine<SignerSchema>, options: SigningsOptions): EcdsaStore {
  return {
    ...presignsOver(engine, options),
    ...poolOver(engine),
    ...ecdsaSigningsOver(engine, options),
  };
}
