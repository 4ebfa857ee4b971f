/**
 * Payments over edges of a member that another agent voted on before this node came to serve it
 * (docs/PROTOCOL.md, "Moving"). Their receipts prove the member's debts here as they did there.
 */
import { GeoError } from '../../../protocol/errors.ts';
import { hashToBytes, type Pid } from '../../../protocol/identity/pid.ts';
import { applyChange, type EdgeId, edgeKey, newEdge } from '../../../protocol/ledger/edge.ts';
import { dayOf } from '../../../protocol/ledger/reservation.ts';
import { CLOCK_SKEW_MS_MAX } from '../../../protocol/limits.ts';
import type { Evidence } from '../../../protocol/machines/evidence.ts';
import type { OpenManifest } from '../../../protocol/machines/manifest.ts';
import type { Outcome } from '../../../protocol/machines/outcome.ts';
import { isSignedBy } from '../../../protocol/wire/envelope.ts';
import type { VerifySignature } from '../../ports.ts';
import { keys } from '../../store/keys.ts';
import type { AgentRecord } from '../../store/records.ts';
import { wordOf } from '../agents.ts';
import type { Turn } from '../turn.ts';
import type { Attempt, CommitState, OwnEffect } from './attempt.ts';

interface Heir {
  readonly served: (participant: Pid) => boolean;
  readonly wordOf: (participant: Pid) => AgentRecord | undefined;
  readonly verify: VerifySignature;
  /** A receipt has shown an edge that was not known here. */
  readonly onEdgeShown: (turn: Turn, edge: EdgeId) => void;
}

/**
 * The record of a committed attempt in which this node had no vote.
 * @throws GeoError E006 `not_a_voter`: it has no edge here; `wrong_agent`: whoever voted for the
 *   member was not its agent then
 */
export function inherit(open: OpenManifest, evidence: Evidence, heir: Heir): Outcome<CommitState> {
  const { participants, agents } = open.manifest;
  const members = participants.filter((pid) => heir.served(pid));
  if (members.length === 0) {
    throw new GeoError('E006', 'This node is not a voter of that manifest.', {
      fault: 'not_a_voter',
    });
  }
  for (const member of members) requireAgentThen(open, member, heir);
  return {
    state: {
      role: 'voter',
      phase: 'COMMITTED',
      size: open.voters.length,
      me: agents[participants.indexOf(members[0]!)]!,
      evidence,
      round: 0,
      doubters: 0n,
      coordinatorSpoke: false,
    },
    actions: [{ do: 'apply' }],
  };
}

/**
 * Applies a committed attempt to edges that have come to this node since it was recorded.
 * @returns whether there were any
 */
export function inheritEdges(turn: Turn, attempt: Attempt, heir: Heir): boolean {
  const { open } = attempt;
  const known = new Set(attempt.effects.map(({ edge }) => edgeKey(edge)));
  const added: OwnEffect[] = [];
  for (const { edge: id, change } of open.effects) {
    if (known.has(edgeKey(id)) || !touches(id, heir)) continue;
    const shown = turn.edge(id);
    if (shown === undefined) heir.onEdgeShown(turn, id);
    const edge = shown ?? newEdge(id, open.precision);
    const applied = applyChange(edge, open.tx, open.attempt, change);
    turn.putEdge(applied);
    turn.put(keys.applied(id, applied.count), hashToBytes(open.hash));
    added.push({ edge: id, change, counted: 0n, day: dayOf(turn.now) });
  }
  if (added.length === 0) return false;
  noticeHeirs(turn, open, added, heir);
  const effects = [...attempt.effects, ...added];
  turn.putAttempt({ ...attempt, effects }, new Map(), false, () => []);
  return true;
}

/**
 * Says of which edges a commit has just changed here the other book has gone to an agent that did not vote for that
 * end. Nobody speaks to it about the attempt; where it is the commit of an attempt that had been aborted before the
 * participant moved (R8), or one that was decided late, it did not come with the books either.
 */
export function noticeHeirs(
  turn: Turn,
  open: OpenManifest,
  effects: readonly OwnEffect[],
  { served, wordOf: newestOf }: Pick<Heir, 'served' | 'wordOf'>,
): void {
  const { participants, agents } = open.manifest;
  for (const { edge } of effects) {
    for (const end of [edge.low, edge.high]) {
      const keeper = served(end) ? undefined : newestOf(end)?.agent;
      const voter = open.voters[agents[participants.indexOf(end)]!];
      if (keeper !== undefined && keeper !== voter) turn.notice({ type: 'edge-inherited', edge });
    }
  }
}

/**
 * A grant in the manifest is by the member's hand; and where it has given a newer word since, the
 * order is older than that word, as far as two clocks can tell: whom it has left can put it under no new debt.
 */
function requireAgentThen(open: OpenManifest, member: Pid, heir: Heir): void {
  const grant = open.grants.get(member);
  if (grant === undefined) return;
  const { member_key: key, sequence } = grant.body;
  const newest = heir.wordOf(member);
  const left = newest !== undefined && newest.sequence > sequence ? wordOf(newest) : undefined;
  const inTime = left === undefined || open.created <= left.body.created + CLOCK_SKEW_MS_MAX;
  if (inTime && isSignedBy(grant, key, heir.verify)) return;
  throw new GeoError('E006', 'Somebody has voted for a participant that was not its agent.', {
    fault: 'wrong_agent',
  });
}

function touches({ low, high }: EdgeId, { served }: Heir): boolean {
  return served(low) || served(high);
}
