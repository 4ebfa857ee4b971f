/** How a request's words are understood: names of participants, equivalents, edges. */
import { GeoError } from '../../protocol/errors.ts';
import type { Pid } from '../../protocol/identity/pid.ts';
import { type EdgeId, edgeId } from '../../protocol/ledger/edge.ts';
import { type EquivalentCode, parseEquivalentCode } from '../../protocol/money/equivalent.ts';
import { resolvePeer } from '../peers/names.ts';
import type { Rooms } from './rooms.ts';
import type * as shapes from './shapes.ts';

/** @throws GeoError E009 `unknown_equivalent`, `bad_equivalent` */
export function equivalentIn(
  { hall }: Rooms,
  text: string,
): { code: EquivalentCode; precision: number } {
  const code = parseEquivalentCode(text);
  const known = hall.state.equivalents.get(code);
  if (known !== undefined) return { code, precision: known.precision };
  throw new GeoError(
    'E009',
    `${code} is not known here. Define it first: geo equivalent define ${code} --precision N.`,
    { fault: 'unknown_equivalent', equivalent: code },
  );
}

/** Whom a contact name, a PID or a unique prefix of one means. @throws GeoError as `resolvePeer` */
export function peerIn({ hall, me }: Rooms, text: string): Pid {
  return resolvePeer(hall.state, me, text);
}

/** The edge between this participant and a peer. */
export function edgeIn(rooms: Rooms, { peer, equivalent }: shapes.EdgeRef): EdgeId {
  return edgeId(rooms.me, peerIn(rooms, peer), parseEquivalentCode(equivalent));
}
