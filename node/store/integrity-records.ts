/** The values of the store by which a node shows that its books are sound, or why not. */
import * as s from '../../protocol/wire/schema.ts';
import { EdgeRecord } from './records.ts';

const count = s.uint(Number.MAX_SAFE_INTEGER);

/** Of an edge that broke an invariant: the evidence, as it was found. */
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

/** One entry of the audit log: what was done to the node itself. */
export const LogRecord = s.map({
  number: count,
  time: s.time,
  kind: s.oneOf('started', 'act', 'freeze', 'release', 'session', 'backup', 'participation'),
  text: s.text(400),
  /** SHA-256 of the entry before, as it is stored; of the first: zeros. */
  previous: s.hash,
});
export type LogRecord = s.Infer<typeof LogRecord>;

/** Which entry is the newest one. */
export const LogHead = s.map({ number: count, hash: s.hash });
export type LogHead = s.Infer<typeof LogHead>;
