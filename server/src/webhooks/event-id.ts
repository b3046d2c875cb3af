/** The id of the event that tells of a submission's end: a submission has one. */
export function eventId(submissionId: string): string {
  return submissionId.replace(/^(sub_)?/, "evt_");
}
