/**
 * A manifest, read and checked against itself: sums, simple paths or a cycle, agents, the order's
 * constraints (docs/PROTOCOL.md, "Payment" and "Clearing"). Whether the edges can carry it is a question of the ledger.
 */
import { GeoError } from '../errors.ts';
import {
  type Hash,
  hashOf,
  type Pid,
  type PublicKey,
  pidFromPublicKey,
  type TxId,
} from '../identity/pid.ts';
import { type Effect, effectsOf, type Hop, hopsOf, type Route } from '../ledger/effects.ts';
import { ORDER_LIFE_MS_MAX, VOTERS_MAX } from '../limits.ts';
import type { EquivalentCode } from '../money/equivalent.ts';
import { readSigned, type Unverified } from '../wire/envelope.ts';
import type { Consent, Proposal } from '../wire/messages/clearing.ts';
import { Manifest, type Order, PARTICIPANTS_MAX } from '../wire/messages/payment.ts';
import { decodeWith, encodeWith } from '../wire/schema.ts';
import { type Grants, grantsOf, refuse } from './agents.ts';
import { checkCycle, checkNeutral } from './clearing-manifest.ts';

interface OpenParts {
  readonly bytes: Uint8Array;
  readonly hash: Hash;
  readonly tx: TxId;
  readonly attempt: number;
  readonly manifest: Manifest;
  readonly coordinator: Pid;
  readonly equivalent: EquivalentCode;
  readonly precision: number;
  /** Life of the order or proposal, ms since 1970 UTC. */
  readonly created: number;
  readonly expires: number;
  readonly routes: readonly Route[];
  readonly hops: readonly Hop[];
  readonly effects: readonly Effect[];
  readonly voters: readonly PublicKey[];
  /** By participants whose agent has another key than their own; signatures not checked. */
  readonly grants: Grants;
}

export interface OpenPayment extends OpenParts {
  readonly kind: 'payment';
  readonly order: Order;
  readonly payer: Pid;
  readonly signedOrder: Unverified<Order>;
}

export interface OpenClearing extends OpenParts {
  readonly kind: 'clearing';
  readonly proposal: Proposal;
  readonly signedProposal: Unverified<Proposal>;
  /** What each debt of the cycle is lowered by, or the chain's new one raised. */
  readonly amount: bigint;
  readonly consents: readonly Unverified<Consent>[];
}

/** A manifest with everything that follows from its bytes alone. */
export type OpenManifest = OpenPayment | OpenClearing;

/** The bytes whose hash every vote signs. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  return encodeWith(Manifest, manifest);
}

/**
 * Reads a manifest and checks that it is one piece.
 * @throws GeoError E009 with fault `bad_manifest` (and `details.why`), `bad_message`, `bad_cbor`, `bad_envelope`
 */
export function openManifest(bytes: Uint8Array): OpenManifest {
  const manifest = decodeWith(Manifest, bytes, 'manifest');
  return manifest.kind === 'payment'
    ? openPayment(bytes, manifest, readSigned('PAYMENT_REQUEST', manifest.order))
    : openClearing(bytes, manifest);
}

/**
 * The same for whoever has just put the manifest together: what it would read back is at hand.
 * @param signedOrder what `manifest.order` reads as
 * @param tx its name
 * @throws GeoError E009 `bad_manifest` (and `details.why`)
 */
export function makePayment(
  manifest: Manifest,
  signedOrder: Unverified<Order>,
  tx: TxId,
): OpenPayment {
  const { participants, voters } = manifest;
  // Of the bounds of a manifest, those that do not follow from its order's.
  if (participants.length > PARTICIPANTS_MAX) refuse('participants', 'too many take part');
  if (voters.length > VOTERS_MAX) refuse('voters', 'too many vote');
  return openPayment(encodeManifest(manifest), manifest, signedOrder, tx);
}

function openPayment(
  bytes: Uint8Array,
  manifest: Manifest,
  signedOrder: Unverified<Order>,
  tx = hashOf(signedOrder.payload),
): OpenPayment {
  const order = signedOrder.body;
  const payer = pidFromPublicKey(order.payer_key);
  if (manifest.consents !== undefined) refuse('consents', 'a payment needs none');
  checkVoters(manifest, order.coordinator);
  const routes = routesOf(manifest);
  checkRoutes(routes, order, payer);
  checkEveryoneTakesPart(routes, manifest);
  const { coordinator } = order;
  const atEnd = (pid: Pid) => pid === payer || pid === order.payee;
  const grants = grantsOf(manifest, order.expires, (pid) => (atEnd(pid) ? 'pay' : 'carry'));
  const parts = partsOf(bytes, manifest, order, { tx, coordinator, routes, grants });
  return { kind: 'payment', ...parts, order, payer, signedOrder };
}

function openClearing(bytes: Uint8Array, manifest: Manifest): OpenClearing {
  const signedProposal = readSigned('CLEARING_PROPOSE', manifest.order);
  const proposal = signedProposal.body;
  const coordinator = pidFromPublicKey(proposal.coordinator_key);
  checkVoters(manifest, coordinator);
  const routes = routesOf(manifest);
  checkCycle(routes, proposal);
  checkEveryoneTakesPart(routes, manifest);
  const consents = (manifest.consents ?? []).map((each) => readSigned('CLEARING_ACCEPT', each));
  const grants = grantsOf(manifest, proposal.expires, () => 'clear');
  const tx = hashOf(signedProposal.payload);
  const parts = partsOf(bytes, manifest, proposal, { tx, coordinator, routes, grants });
  checkNeutral(parts.effects);
  const { amount } = routes[0]!;
  return { kind: 'clearing', ...parts, proposal, signedProposal, amount, consents };
}

function partsOf(
  bytes: Uint8Array,
  manifest: Manifest,
  { equivalent, precision, created, expires }: Order | Proposal,
  found: Pick<OpenParts, 'tx' | 'coordinator' | 'routes' | 'grants'>,
): OpenParts {
  const hops = hopsOf(found.routes);
  return {
    ...found,
    bytes,
    hash: hashOf(bytes),
    attempt: manifest.attempt,
    manifest,
    equivalent,
    precision,
    created,
    expires,
    hops,
    effects: effectsOf(hops, equivalent),
    voters: manifest.voters,
  };
}

/** Who takes part, and who votes. */
function checkVoters({ participants, agents, voters }: Manifest, coordinator: Pid): void {
  if (new Set(participants).size !== participants.length) {
    refuse('participants', 'a participant is listed twice');
  }
  if (agents.length !== participants.length) refuse('agents', 'each participant needs one agent');
  if (new Set(voters).size !== voters.length) refuse('voters', 'a voter is listed twice');
  if (agents.some((voter) => voter >= voters.length)) refuse('agents', 'an agent is not a voter');
  if (pidFromPublicKey(voters.at(-1)!) !== coordinator) {
    refuse('coordinator', 'the last voter is not the coordinator that was signed');
  }
}

function routesOf({ routes, participants }: Manifest): Route[] {
  return routes.map(({ path, amount }) => ({
    amount,
    path: path.map((i) => participants[i] ?? refuse('routes', 'a path leaves the participants')),
  }));
}

function checkRoutes(routes: readonly Route[], order: Order, payer: Pid): void {
  if (payer === order.payee) refuse('payee', 'payer and payee are the same');
  if (routes.length > order.max_paths)
    refuse('routes', 'there are more routes than the order allows');
  let sum = 0n;
  for (const { path, amount } of routes) {
    if (path[0] !== payer || path.at(-1) !== order.payee) {
      refuse('routes', 'a route does not lead from the payer to the payee');
    }
    if (path.length - 1 > order.max_hops)
      refuse('routes', 'a route has more hops than the order allows');
    if (new Set(path).size !== path.length) refuse('routes', 'a route passes a participant twice');
    if (path.some((pid) => order.avoid.includes(pid))) {
      refuse('routes', 'a route passes a participant that the order avoids');
    }
    sum += amount;
  }
  if (sum !== order.amount) refuse('routes', "the routes do not add up to the order's amount");
}

/** Nobody votes, and nobody is named, without a part in a route; the coordinator alone may stand beside. */
function checkEveryoneTakesPart(routes: readonly Route[], manifest: Manifest): void {
  const onRoutes = new Set(routes.flatMap((route) => route.path));
  if (onRoutes.size !== manifest.participants.length) {
    refuse('participants', 'someone is named who is on no route');
  }
  const agents = new Set(manifest.agents);
  const beside = manifest.voters.findIndex((_, i) => !agents.has(i));
  if (beside >= 0 && beside !== manifest.voters.length - 1) {
    refuse('voters', 'someone votes who is nobody\u2019s agent');
  }
}

/**
 * The order against the clock. Only liveness depends on it: a node whose clock is far off refuses
 * and says so, it never decides differently.
 * @param skewMs how far another clock may be ahead, ms
 * @throws GeoError E007 `order_expired`, E009 `clock_off` | `order_life`
 */
export function checkTimes(
  order: { readonly created: number; readonly expires: number },
  now: number,
  skewMs: number,
): void {
  if (order.expires <= order.created || order.expires - order.created > ORDER_LIFE_MS_MAX) {
    throw new GeoError('E009', 'An order must end after it begins, at most a day later.', {
      fault: 'order_life',
    });
  }
  if (order.created > now + skewMs) {
    throw new GeoError(
      'E009',
      'The order was signed in the future: one of the two clocks is off. Check the time on both machines.',
      { fault: 'clock_off', ahead_ms: order.created - now },
    );
  }
  if (order.expires < now) {
    throw new GeoError('E007', 'The order has expired; make it anew.', {
      fault: 'order_expired',
      expired_ms_ago: now - order.expires,
    });
  }
}
