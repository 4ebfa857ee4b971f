/** Keeping both books of an edge the same (docs/PROTOCOL.md, "Both books of an edge"). */
import { FRAME_BYTES_MAX, PRECISION_MAX } from '../../limits.ts';
import * as s from '../schema.ts';

const count = s.uint(Number.MAX_SAFE_INTEGER);

/** The state of an edge as the sender has it; the other end is whoever receives it. */
const edgeState = {
  low: s.pid,
  high: s.pid,
  equivalent: s.equivalentCode,
  precision: s.uint(PRECISION_MAX),
  /** Positive: `high` owes `low`. */
  balance: s.signedAmount,
  count,
  digest: s.hash,
  /** Versions of the two trust lines; 0: there is none. */
  low_sequence: count,
  high_sequence: count,
};

export const EdgeDigest = s.named(
  'edge-digest',
  s.map({
    ...edgeState,
    /** Count of the newest statement that both ends have signed; 0: none. */
    base: count,
    /** True: the receiver answers with its own. */
    answer: s.bool,
  }),
);
export type EdgeDigest = s.Infer<typeof EdgeDigest>;

/** What was applied since a statement, what is asked for, and proofs for what the other lacks. */
export const EdgeHistory = s.named(
  'edge-history',
  s.map({
    low: s.pid,
    high: s.pid,
    equivalent: s.equivalentCode,
    /** The list is of what was applied after this count. */
    base: count,
    /** Place of the first of `applied` in the whole list. */
    offset: count,
    /** Manifest hashes. */
    applied: s.optional(s.list(s.hash, 1024)),
    /** No more of the list follows. */
    complete: s.bool,
    /** Manifests whose receipts the sender lacks. */
    wanted: s.optional(s.list(s.hash, 1024)),
    /** Receipts that the receiver lacks. */
    receipts: s.optional(s.list(s.bytesUpTo(FRAME_BYTES_MAX), 256)),
    /** The newest signed versions of the two lines, for a receiver that has older ones. */
    lines: s.optional(
      s.list(
        s.tuple(
          s.oneOf('TRUST_LINE_CREATE', 'TRUST_LINE_UPDATE', 'TRUST_LINE_CLOSE'),
          s.signed('line-state'),
        ),
        2,
      ),
    ),
  }),
);
export type EdgeHistory = s.Infer<typeof EdgeHistory>;

/** The account statement of an edge. In force when both ends have signed the same bytes. */
export const EdgeStatement = s.named('edge-statement', s.map({ ...edgeState, made: s.time }));
export type EdgeStatement = s.Infer<typeof EdgeStatement>;
