/** The value that the store keeps of an edge that broke an invariant: the evidence, as it was found. */
import * as s from '../../protocol/wire/schema.ts';
import { EdgeRecord } from './records.ts';

const count = s.uint(Number.MAX_SAFE_INTEGER);

export const FindingRecord = s.map({
  found: s.time,
  /** One sentence for each invariant that the edge breaks. */
  problems: s.list(s.text(400), 8),
  /** The book as it was stored. */
  stored: EdgeRecord,
  /** What the stored certificates make of it. */
  proven: s.map({ balance: s.signedAmount, count, digest: s.hash }),
});
export type FindingRecord = s.Infer<typeof FindingRecord>;
