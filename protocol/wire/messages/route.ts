/** Looking for routes through neighbours (docs/PROTOCOL.md, "Routes without a hub"). */
import { AVOID_MAX, HOPS_MAX } from '../../limits.ts';
import * as s from '../schema.ts';

/** The key of a participant, and where its agent may be reached. */
export const Contact = s.named('contact', s.tuple(s.publicKey, s.list(s.text(200), 4)));
export type Contact = s.Infer<typeof Contact>;

export const RouteQuery = s.named(
  'route-query',
  s.map({
    /** Chosen by the asker; a node works on one query once. */
    id: s.bytes(16),
    payer: s.pid,
    payee: s.pid,
    equivalent: s.equivalentCode,
    amount: s.amount,
    /** Hops that may still follow after the node that is asked. */
    hops: s.uint(HOPS_MAX),
    /** How long the asker waits, ms; each node keeps a part of it for the way back. */
    wait_ms: s.uint(60_000),
    /** Queries that the asked node may cause, its own and those behind it. */
    budget: s.uint(10_000),
    avoid: s.list(s.pid, AVOID_MAX),
  }),
);
export type RouteQuery = s.Infer<typeof RouteQuery>;

/** `[debtor, creditor, capacity]`, the first two as indices into the reply's nodes. */
export const RouteHop = s.named('route-hop', s.tuple(s.uint(255), s.uint(255), s.amount));

/** Part of the graph between the asked node and the payee: `hops` point into `nodes`. */
export const RouteReply = s.named(
  'route-reply',
  s.map({
    id: s.bytes(16),
    nodes: s.list(Contact, 256),
    /** Of those nodes whose agent has another key. */
    grants: s.optional(s.list(s.signed('agent-grant'), 64)),
    hops: s.list(RouteHop, 1024),
    /** The query had come by another way already: the answer went there. */
    repeated: s.bool,
    /** Queries that were sent to make this answer. */
    cost: s.uint(0xffff),
  }),
);
export type RouteReply = s.Infer<typeof RouteReply>;
