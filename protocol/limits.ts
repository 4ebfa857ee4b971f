/**
 * Bounds that two nodes must agree on (docs/PROTOCOL.md, "Bounds"): value, unit, reason.
 * What one node may choose for itself is in `config/node.ts`.
 */

/** Largest frame on a peer stream, bytes. Bounds the memory that a stranger can make a node use. */
export const FRAME_BYTES_MAX = 64 * 1024;
/** Nesting of arrays, maps and tags in any message. Deeper input would overflow a decoder's stack. */
export const CBOR_DEPTH_MAX = 12;
/** Routes in one manifest. */
export const ROUTES_MAX = 16;
/** Hops of one route. */
export const HOPS_MAX = 10;
/** Members of a cycle that is cleared at once: as a route it has as many hops. */
export const CYCLE_MAX = 10;
/** And at least: of two, payments repay each other. */
export const CYCLE_MIN = 3;
/** Voters of one manifest; with 64 votes a certificate stays under a quarter of a frame. */
export const VOTERS_MAX = 64;
/** Hops of a route unless the payer says otherwise. */
export const HOPS_DEFAULT = 6;
/** Routes of a payment unless the payer says otherwise. */
export const PATHS_DEFAULT = 3;
/** Participants that an order may ask to avoid. */
export const AVOID_MAX = 32;
/** Amounts are in `1 .. AMOUNT_MAX` (smallest unit): 0 < amount < 2^63. */
export const AMOUNT_MAX = 2n ** 63n - 1n;
/** Largest number of decimal places of an equivalent. */
export const PRECISION_MAX = 8;
/** Ciphertext of a payment note, bytes. */
export const NOTE_BYTES_MAX = 1024;
/** Participants that a trust line's policy may block. */
export const BLOCKED_MAX = 256;
/** Largest life of an order, ms from `created` to `expires`. */
export const ORDER_LIFE_MS_MAX = 24 * 3600 * 1000;
/** How far two honest clocks may differ, ms. Only liveness depends on it. */
export const CLOCK_SKEW_MS_MAX = 120_000;
/** Longest time from a vote to the first question about the outcome, ms; a farther `prepare_by` counts as this. */
export const PREPARE_MS_MAX = 60_000;
/** Equivalents that a community may count in. */
export const OFFERED_MAX = 32;
/** Facts for people about one equivalent. */
export const METADATA_MAX = 16;
/** How old a JOIN_REQUEST or PROFILE_UPDATE may be when its hub sees it, ms. */
export const JOIN_AGE_MS_MAX = 10 * 60_000;
/** Edges in one report to a hub; with as many a report stays under half a frame. */
export const REPORT_EDGES_MAX = 128;
/** What an OPERATOR_REPLY may hold, bytes: it has to fit a frame. */
export const OPERATOR_RESULT_BYTES_MAX = 60 * 1024;
