/** Edges for tests, written from the point of view of two people instead of low and high. */
import { comparePids, type Hash, hashOf, type Pid } from '../../../protocol/identity/pid.ts';
import {
  changeFor,
  type Edge,
  edgeId,
  holdChange,
  newEdge,
  type TrustLine,
  withLine,
} from '../../../protocol/ledger/edge.ts';
import { DEFAULT_POLICY } from '../../../protocol/machines/trust-line.ts';
import type { LinePolicy } from '../../../protocol/wire/messages/trust-line.ts';
import { person, UAH } from '../machines/sample-payment.ts';

const pair = [person('u').pid, person('v').pid].sort(comparePids);
/** The lower of the two PIDs, so that `u` is the edge's low end. */
export const u = pair[0]!;
export const v = pair[1]!;
export const stranger: Pid = person('stranger').pid;
export const EMPTY = newEdge(edgeId(u, v, UAH), 2);

export function line(
  limit: bigint,
  change: Partial<Omit<TrustLine, 'policy'>> & { readonly policy?: Partial<LinePolicy> } = {},
): TrustLine {
  const { policy, ...rest } = change;
  return {
    limit,
    status: 'active',
    sequence: 1,
    changed: 0,
    ...rest,
    policy: { ...DEFAULT_POLICY, ...policy },
  };
}

export interface EdgePicture {
  /** Given by `u` to `v`, and the other way. */
  readonly uTrustsV?: TrustLine;
  readonly vTrustsU?: TrustLine;
  /** What u owes v; negative: v owes u. */
  readonly uOwes?: bigint;
  readonly heldForU?: bigint;
  readonly heldForV?: bigint;
}

export function edgeWith(picture: EdgePicture): Edge {
  let edge: Edge = { ...EMPTY, balance: changeFor(EMPTY, u, picture.uOwes ?? 0n) };
  if (picture.uTrustsV !== undefined) edge = withLine(edge, u, picture.uTrustsV);
  if (picture.vTrustsU !== undefined) edge = withLine(edge, v, picture.vTrustsU);
  if (picture.heldForU) edge = holdChange(edge, changeFor(edge, u, picture.heldForU));
  if (picture.heldForV) edge = holdChange(edge, changeFor(edge, v, picture.heldForV));
  return edge;
}

export function txOf(number: number): Hash {
  return hashOf(new Uint8Array([number >> 8, number]));
}
