import { z } from "zod";

const name = z
  .string()
  .max(32)
  .regex(/^[a-z_][a-z0-9_-]*\$?$/, "must be the name of a user or group");

/** The section `process` of the configuration: as whom the signer runs, and what it leaves behind when it crashes. */
export const processSchema = z
  .strictObject({
    user: name.optional(),
    group: name.optional(),
    /** "off": none, and in production no start where that cannot be had. */
    core_dumps: z.enum(["off", "allowed"]).default("off"),
  })
  .refine(({ user, group }) => (user === undefined) === (group === undefined), "user and group go together")
  .transform(({ user, group, core_dumps: coreDumps }) => ({
    /** Null: as whoever starts the process. */
    runAs: user === undefined || group === undefined ? null : { user, group },
    coreDumps,
  }))
  .prefault({});
