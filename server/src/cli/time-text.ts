import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";

/** Whole seconds in UTC; `absent` stands for no time. */
export function timeText(time: Timestamp | undefined, absent = "-"): string {
  return time === undefined
    ? absent
    : timestampDate(time)
        .toISOString()
        .replace(/\.\d+Z$/, "Z");
}
