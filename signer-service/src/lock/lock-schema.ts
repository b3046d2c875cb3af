import type { Environment } from "@countersign/service-kit";
import { z } from "zod";
import { sealingKeysField } from "../sealing/sealing-keys.ts";

/** The section `lock` of the configuration: with it, the signer serves lock keys, which its store has. */
export const lockSchema = (env: Environment) =>
  z
    .strictObject({ sealing_keys: sealingKeysField(env) })
    .transform(({ sealing_keys }) => ({ sealingKeys: sealing_keys }));

export type LockConfig = z.output<ReturnType<typeof lockSchema>>;
