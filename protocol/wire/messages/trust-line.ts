/** A trust line, whole, as its owner signs it (docs/PROTOCOL.md, "Trust lines"). */
import { BLOCKED_MAX, PRECISION_MAX } from '../../limits.ts';
import * as s from '../schema.ts';

export const LinePolicy = s.named(
  'line-policy',
  s.map({
    auto_clearing: s.bool,
    can_be_intermediate: s.bool,
    /** New debt on the line per UTC day; absent: no bound but the limit. */
    daily_limit: s.optional(s.limit),
    /** The most that one clearing takes from what is owed on the line; absent: all of it. */
    clearing_limit: s.optional(s.limit),
    /** Debts on the line may pass to another creditor, and new ones come from that; absent: they may not. */
    allow_shortening: s.optional(s.bool),
    blocked_participants: s.list(s.pid, BLOCKED_MAX),
  }),
);
export type LinePolicy = s.Infer<typeof LinePolicy>;

/** TRUST_LINE_CREATE, _UPDATE and _CLOSE carry the same body; the highest valid sequence wins. */
export const LineState = s.named(
  'line-state',
  s.map({
    /** The owner: `to` may owe it up to `limit`. */
    from_key: s.publicKey,
    to: s.pid,
    equivalent: s.equivalentCode,
    precision: s.uint(PRECISION_MAX),
    limit: s.limit,
    status: s.oneOf('active', 'frozen', 'closed'),
    policy: LinePolicy,
    sequence: s.uint(Number.MAX_SAFE_INTEGER),
    changed: s.time,
  }),
);
export type LineState = s.Infer<typeof LineState>;

export const TrustLineAck = s.named(
  'trust-line-ack',
  s.map({
    from: s.pid,
    to: s.pid,
    equivalent: s.equivalentCode,
    sequence: s.uint(Number.MAX_SAFE_INTEGER),
    accepted: s.bool,
    code: s.optional(s.text(4)),
    fault: s.optional(s.text(40)),
    text: s.optional(s.text(300)),
  }),
);
export type TrustLineAck = s.Infer<typeof TrustLineAck>;
