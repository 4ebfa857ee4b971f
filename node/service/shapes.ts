/**
 * JSON forms of everything that crosses the daemon's HTTP door, once: the server checks requests
 * against them, the CLI and tests take their types from them, OpenAPI is made from them.
 * Amounts are decimal strings, times ISO 8601 in UTC, identifiers text (PID base58, hashes hex).
 */
export * from './shapes/addons.ts';
export * from './shapes/clearing.ts';
export * from './shapes/equivalents.ts';
export * from './shapes/events.ts';
export * from './shapes/hosted.ts';
export * from './shapes/hub.ts';
export * from './shapes/ledger.ts';
export * from './shapes/node.ts';
export * from './shapes/participants.ts';
export * from './shapes/payments.ts';
export * from './shapes/peers.ts';
export * from './shapes/problem.ts';
export * from './shapes/sessions.ts';
export * from './shapes/trust-lines.ts';
