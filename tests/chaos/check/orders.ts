import type { History } from "../history.ts";

/** Submissions of one order landed in the order in which their calls were made; those that never landed are passed over. */
export function* orderProblems({ calls, attempts, landed }: History): Generator<string> {
  const places = new Map(landed.map(({ hash }, place) => [hash, place]));
  const landedAt = new Map<string, number>();
  for (const { submissionId, hash } of attempts) {
    const place = places.get(hash);
    if (place !== undefined) landedAt.set(submissionId, place);
  }
  const ordered = Map.groupBy(calls, ({ order }) => order);
  for (const [order, inOrder] of ordered) {
    if (order === null) continue;
    let last: { id: string; place: number } | undefined;
    for (const { end } of inOrder) {
      if (end.kind !== "accepted" || end.submissionId === last?.id) continue;
      const { submissionId: id } = end;
      const place = landedAt.get(id);
      if (place === undefined) continue;
      if (last !== undefined && place < last.place) {
        yield `${id} landed before ${last.id}, which comes before it in ${order}`;
      } else last = { id, place };
    }
  }
}
