import type { Environment } from "@countersign/service-kit";
import { z } from "zod";
import { secretBytesField } from "../threshold/secret-bytes-field.ts";

/** The section `lock` of the configuration: with it, the signer serves lock keys, which its store has. */
export const lockSchema = (env: Environment) =>
  z
    .strictObject({ sealing_keys: z.array(secretBytesField(env)).min(1).max(2) })
    .transform(({ sealing_keys }) => ({ sealingKeys: sealing_keys }));

export type LockConfig = z.output<ReturnType<typeof lockSchema>>;
