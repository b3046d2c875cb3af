import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { Journal } from "@countersign/signer-service/journal/journal.ts";
import type { Fault } from "./fault.ts";
import type { RecordFile } from "./record-file.ts";

/** A journal with the fault's points around it, which writes down the grants that it let pass. */
export function faultyJournal(journal: Journal, record: RecordFile, fault: Fault): Journal {
  return {
    async reserve(requests) {
      fault.at("before reserve");
      const answers = await fault.during("reserve", () => journal.reserve(requests));
      const passed = requests.flatMap(({ grant }, i) => {
        const answer = answers[i];
        const isUsed = answer?.kind === "refused" && answer.reason === ErrorReason.SIGNER_GRANT_USED;
        return grant === null || isUsed ? [] : [Buffer.from(grant.id).toString("hex")];
      });
      record.passed(passed);
      fault.at("after reserve");
      return answers;
    },
    async record(signatures) {
      fault.at("before record");
      const kept = await fault.during("record", () => journal.record(signatures));
      fault.at("after record");
      return kept;
    },
  };
}
