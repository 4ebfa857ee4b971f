/** Trust lines of this node: what their owner may change, and how they stand. */
import { GeoError } from '../../protocol/errors.ts';
import { type EdgeId, edgeId, edgeKey, lineOf } from '../../protocol/ledger/edge.ts';
import { DEFAULT_POLICY, type LineChange } from '../../protocol/machines/trust-line.ts';
import { parseLimit } from '../../protocol/money/amount.ts';
import type { LinePolicy } from '../../protocol/wire/messages/trust-line.ts';
import { equivalentIn, peerIn } from './asking.ts';
import type { TrustLineOperations } from './contract.ts';
import { ownBooks } from './own-books.ts';
import type { Rooms } from './rooms.ts';
import type * as shapes from './shapes.ts';
import type { Views } from './views.ts';

export function trustLineOperations(rooms: Rooms, views: Views): TrustLineOperations {
  const { me, hall, peers, lines } = rooms;
  const { state } = hall;
  const peerOf = (text: string) => peerIn(rooms, text);

  async function changeLine(
    request: shapes.TrustLineRef,
    change: (current: LinePolicy, precision: number) => LineChange,
  ): Promise<shapes.TrustLine> {
    const { code, precision } = equivalentIn(rooms, request.equivalent);
    const peer = peerOf(request.peer);
    // The line can be signed before its receiver is found; finding it must not hold up the owner.
    void peers.find(peer).catch(() => undefined);
    const id = edgeId(me, peer, code);
    // Restored books may have forgotten a newer version of the line, signed and delivered.
    if (rooms.restoredAt() !== undefined && rooms.edges.mustCompare(id)) await compareFirst(id);
    await hall.turn((turn) => {
      const edge = turn.edge(id);
      const policy = (edge && lineOf(edge, me)?.policy) ?? DEFAULT_POLICY;
      lines.change(turn, peer, code, change(policy, precision));
    });
    return views.line(state.edges.get(edgeKey(id))!, me, peer)!;
  }

  async function compareFirst(id: EdgeId): Promise<void> {
    await rooms.edges.whenCompared([id]);
    if (!rooms.edges.mustCompare(id)) return;
    throw new GeoError(
      'E008',
      'These books were restored from a backup and have not been compared with this peer yet: it may hold a newer version of the line. Try again when it is connected.',
      { fault: 'edge_not_compared' },
    );
  }

  return {
    setTrustLine: (request) =>
      changeLine(request, (current, precision) => ({
        limit: parseLimit(request.limit, precision),
        policy: patchPolicy(current, request.policy ?? {}, precision, peerOf),
      })),

    freezeTrustLine: (request) => changeLine(request, () => ({ status: 'frozen' })),

    closeTrustLine: (request) => changeLine(request, () => ({ status: 'closed' })),

    trustLines: ownBooks(rooms, me).trustLines,
  };
}

function patchPolicy(
  current: LinePolicy,
  patch: NonNullable<shapes.TrustLineRequest['policy']>,
  precision: number,
  peerOf: (text: string) => LinePolicy['blocked_participants'][number],
): LinePolicy {
  const { daily_limit: oldDaily, clearing_limit: oldClearing, ...kept } = current;
  const patched = (text: string | null | undefined, old: bigint | undefined) =>
    text === undefined ? old : text === null ? undefined : parseLimit(text, precision);
  const daily = patched(patch.daily_limit, oldDaily);
  const clearing = patched(patch.clearing_limit, oldClearing);
  return {
    ...kept,
    ...(patch.auto_clearing === undefined ? {} : { auto_clearing: patch.auto_clearing }),
    ...(patch.allow_shortening === undefined ? {} : { allow_shortening: patch.allow_shortening }),
    ...(patch.can_be_intermediate === undefined
      ? {}
      : { can_be_intermediate: patch.can_be_intermediate }),
    ...(patch.blocked_participants === undefined
      ? {}
      : { blocked_participants: patch.blocked_participants.map(peerOf) }),
    ...(daily === undefined ? {} : { daily_limit: daily }),
    ...(clearing === undefined ? {} : { clearing_limit: clearing }),
  };
}
