/** One edge as its two ends have it: both views, their dispute, and the statement that both sign. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { GeoError } from '../../protocol/errors.ts';
import type { Pid } from '../../protocol/identity/pid.ts';
import { checksumText, edgeChecksum } from '../../protocol/ledger/checksum.ts';
import {
  counterparty,
  type Edge,
  type EdgeId,
  edgeKey,
  heldFor,
} from '../../protocol/ledger/edge.ts';
import { type EdgeState, edgeStateOf } from '../../protocol/machines/edge-sync.ts';
import { formatAmount } from '../../protocol/money/amount.ts';
import type { CoSigned } from '../engine/edges/statements.ts';
import { FindingRecord } from '../store/integrity-records.ts';
import { keys } from '../store/keys.ts';
import { DisputeRecord, decodeRecord, type EdgeRecord } from '../store/records.ts';
import type { Rooms } from './rooms.ts';
import type * as shapes from './shapes.ts';
import { isoTime, type Views } from './views.ts';

/** How long the other end may take to sign a statement, ms, and after how long it is asked again. */
const STATEMENT_MS = 5_000;
const ASK_AGAIN_MS = 500;

type BookRooms = Pick<Rooms, 'me' | 'hall' | 'ports' | 'edges' | 'statements'>;

/** @throws GeoError E004 `no_edge` */
export function requireEdge({ hall }: BookRooms, id: EdgeId): Edge {
  const edge = hall.state.edges.get(edgeKey(id));
  if (edge !== undefined) return edge;
  throw new GeoError(
    'E004',
    `There is no trust line in ${id.equivalent}, neither given to this peer nor received from it.`,
    { fault: 'no_edge', equivalent: id.equivalent },
  );
}

export function edgeView(rooms: BookRooms, views: Views, edge: Edge): shapes.Edge {
  const { me, edges, statements, ports } = rooms;
  const peer = counterparty(edge, me);
  const comparison = edges.comparisonOf(edge);
  const newest = statements.newest(edge);
  const kept = ports.store.get(keys.dispute(edge));
  const found = kept && decodeRecord(DisputeRecord, kept);
  const text = (units: bigint) => formatAmount(units, edge.precision);
  return {
    peer,
    peer_name: views.nameOf(peer),
    equivalent: edge.equivalent,
    mine: bookOf(edgeStateOf(edge), me),
    theirs:
      comparison === undefined
        ? null
        : { ...bookOf(comparison.theirs, me), said: isoTime(comparison.heard) },
    compared: edges.isCompared(edge),
    given: views.line(edge, me, peer) ?? null,
    received: views.line(edge, peer, peer) ?? null,
    held_in: text(heldFor(edge, peer)),
    held_out: text(heldFor(edge, me)),
    dispute:
      edge.dispute === undefined
        ? null
        : {
            reason: edge.dispute,
            found: found === undefined ? null : isoTime(found.found),
            mine: found === undefined ? null : bookOf(found.mine, me),
            theirs: found === undefined ? null : bookOf(found.theirs, me),
            unproven: [...(found?.unproven ?? [])],
          },
    finding: findingView(ports.store.get(keys.finding(edge)), me),
    statement:
      newest === undefined
        ? null
        : {
            ...bookOf(newest.body, me),
            made: isoTime(newest.body.made),
            current: statements.current(edge) !== undefined,
          },
  };
}

/**
 * The statement of the edge as it stands now, signed by both ends.
 * @throws GeoError E004 `no_edge` | `edge_disputed`, E007 `peer_silent` | `statement_not_signed`
 */
export async function freshStatement(rooms: BookRooms, id: EdgeId): Promise<shapes.Statement> {
  const { ports, hall, edges, statements } = rooms;
  const deadline = ports.clock.now() + STATEMENT_MS;
  requireEdge(rooms, id);
  for (;;) {
    const left = deadline - ports.clock.now();
    if (left > 0) await edges.whenCompared([id], left);
    const edge = requireEdge(rooms, id);
    if (edge.dispute !== undefined) throw disputed();
    const current = statements.current(edge);
    if (current !== undefined) return statementView(rooms, edge, current);
    if (ports.clock.now() >= deadline) throw notSigned(edges.isCompared(id));
    await hall.turn((turn) => statements.propose(turn, edge));
    await new Promise<void>((resolve) => {
      ports.clock.after(ASK_AGAIN_MS, resolve);
    });
  }
}

function statementView(rooms: BookRooms, edge: Edge, signed: CoSigned): shapes.Statement {
  const { me, statements } = rooms;
  const peer = counterparty(edge, me);
  const file = statements.fileOf(edge);
  // Whoever has signed has been connected, so its key is known.
  if (file === undefined) throw notSigned(false);
  const { balance, count, digest } = bookOf(signed.body, me);
  return {
    peer,
    equivalent: edge.equivalent,
    balance,
    count,
    digest,
    made: isoTime(signed.body.made),
    file: bytesToHex(file),
  };
}

/** What an audit has kept of an edge that it froze. */
function findingView(kept: Uint8Array | undefined, me: Pid): shapes.Edge['finding'] {
  if (kept === undefined) return null;
  const { found, problems, stored, proven } = decodeRecord(FindingRecord, kept);
  const book = ({ balance, count, digest }: Pick<EdgeRecord, 'balance' | 'count' | 'digest'>) => ({
    balance: formatAmount(stored.low === me ? balance : -balance, stored.precision),
    count,
    digest,
  });
  return {
    found: isoTime(found),
    problems: [...problems],
    stored: book(stored),
    proven: book(proven),
  };
}

/** A state of an edge as `me` sees it. */
function bookOf(state: EdgeState, me: Pid): shapes.EdgeBook {
  const isLow = state.low === me;
  return {
    balance: formatAmount(isLow ? state.balance : -state.balance, state.precision),
    count: state.count,
    digest: state.digest,
    checksum: checksumText(edgeChecksum(state)),
    given_sequence: isLow ? state.low_sequence : state.high_sequence,
    received_sequence: isLow ? state.high_sequence : state.low_sequence,
  };
}

function disputed(): GeoError {
  return new GeoError(
    'E004',
    'The two books of this edge differ, so nobody can sign them. See geo edge show at both ends.',
    { fault: 'edge_disputed' },
  );
}

function notSigned(compared: boolean): GeoError {
  return compared
    ? new GeoError(
        'E007',
        'The other end has not signed in time: payments are under way on the edge, or it is not connected. Try again.',
        { fault: 'statement_not_signed' },
      )
    : new GeoError(
        'E007',
        'The other end does not answer, so the two books could not be compared. Try again when it is connected.',
        { fault: 'peer_silent' },
      );
}
