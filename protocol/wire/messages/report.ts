/** What joined nodes tell a hub of their edges (docs/PROTOCOL.md, "Hub routes"). */
import { PRECISION_MAX, REPORT_EDGES_MAX } from '../../limits.ts';
import * as s from '../schema.ts';

/** An edge as one of its agents has it, as far as routes need it. */
export const ReportedEdge = s.named(
  'reported-edge',
  s.map({
    low: s.pid,
    high: s.pid,
    equivalent: s.equivalentCode,
    precision: s.uint(PRECISION_MAX),
    /** Positive: `high` owes `low`. */
    balance: s.signedAmount,
    /** What `high` can still come to owe `low`: its hop's capacity, holds taken off. */
    up: s.limit,
    /** What `low` can still come to owe `high`. */
    down: s.limit,
    /** Whether `low` carries payments of others that come in over this edge, and `high`. */
    low_carries: s.bool,
    high_carries: s.bool,
  }),
);
export type ReportedEdge = s.Infer<typeof ReportedEdge>;

/** Signed by the agent of one end of each edge. What it does not name stays as it was. */
export const EdgeReport = s.named(
  'edge-report',
  s.map({
    reporter_key: s.publicKey,
    /** To whom it is told; worth nothing to anybody else. */
    hub: s.pid,
    /** Only grows; of two reports on one edge the higher counts. */
    sequence: s.uint(Number.MAX_SAFE_INTEGER),
    edges: s.list(ReportedEdge, REPORT_EDGES_MAX, 1),
  }),
);
export type EdgeReport = s.Infer<typeof EdgeReport>;
