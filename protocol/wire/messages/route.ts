/** Looking for routes through neighbours (docs/PROTOCOL.md, "Routes without a hub"). */
import { AVOID_MAX, HOPS_MAX, ROUTES_MAX } from '../../limits.ts';
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
    /** Of a CLEARING_SEARCH: whoever is asked with no more `hops` than this goes on along marks alone. */
    meet: s.optional(s.uint(HOPS_MAX)),
    /** Of a CLEARING_SEARCH: only debts on lines that allow shortening are asked for. */
    shortens: s.optional(s.bool),
    /** Asks a hub for that many whole routes, out of its index, instead of a part of the graph. */
    max_paths: s.optional(s.uint(ROUTES_MAX)),
    /** Hops `[debtor, creditor]` that votes have just refused to carry as much. */
    shut: s.optional(s.list(s.tuple(s.pid, s.pid), AVOID_MAX)),
  }),
);
export type RouteQuery = s.Infer<typeof RouteQuery>;

/** `[debtor, creditor, capacity]`, the first two as indices into the reply's nodes. */
export const RouteHop = s.named('route-hop', s.tuple(s.uint(255), s.uint(255), s.amount));

/** A whole route out of a hub's index: indices into the reply's nodes, payer first, payee last. */
export const FoundRoute = s.named(
  'found-route',
  s.map({ path: s.list(s.uint(255), HOPS_MAX + 1, 2), amount: s.amount }),
);
export type FoundRoute = s.Infer<typeof FoundRoute>;

/** Why a hub's routes do not carry the whole amount, in words that tell what would help. */
export const RouteRefusal = s.named(
  'route-refusal',
  s.map({ code: s.text(4), fault: s.text(40), text: s.text(300) }),
);
export type RouteRefusal = s.Infer<typeof RouteRefusal>;

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
    /** In the answer to `max_paths`: routes for as much of the amount as the hub's index carries. */
    routes: s.optional(s.list(FoundRoute, ROUTES_MAX)),
    refusal: s.optional(RouteRefusal),
  }),
);
export type RouteReply = s.Infer<typeof RouteReply>;
