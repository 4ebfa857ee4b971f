/**
 * What becomes of a state when the network is fair: the nodes that are up act on their timers and
 * every message arrives. The messages are those of the machines' own actions, with the content that
 * the engine gives them (docs/PROTOCOL.md, "Commit rules").
 */
import { coordinatorStance, stepCoordinator } from '../../protocol/machines/coordinator.ts';
import {
  type Evidence,
  has,
  members,
  NO_EVIDENCE,
  only,
} from '../../protocol/machines/evidence.ts';
import type { CommitAction, CommitMessage, Outcome } from '../../protocol/machines/outcome.ts';
import {
  acceptPrepare,
  refuseQuery,
  stepVoter,
  voterStance,
} from '../../protocol/machines/voter.ts';
import {
  broughtBack,
  hasLost,
  holds,
  type LocalState,
  type Lost,
  type MachineState,
  meOf,
  outsideOf,
  phaseOf,
} from './local.ts';

interface Message {
  readonly kind: CommitMessage;
  readonly from: number;
  readonly to: number;
  readonly evidence: Evidence;
  readonly round: number;
  readonly stance: ReturnType<typeof voterStance>;
}

/** Rounds of timers after which a state that is not decided counts as stuck. */
const ROUNDS_MAX = 12;
/** Messages of one round; more would be a storm. */
const MESSAGES_MAX = 2_000;

/**
 * Runs until everyone up has its outcome and all agree, or for {@link ROUNDS_MAX} rounds.
 * @param up indices of the nodes that act; to the others everything is lost
 */
export function runFairly(start: readonly LocalState[], up: readonly number[]): LocalState[] {
  const nodes = [...start];
  for (let round = 0; round < ROUNDS_MAX && !agree(nodes, up); round++) {
    const post: Message[] = [];
    for (const node of up) {
      const state = nodes[node]!;
      if (state.role === 'voter') settle(nodes, post, stepVoter(state, { type: 'timer' }), 0);
      if (state.role === 'coordinator') {
        settle(nodes, post, stepCoordinator(state, { type: 'timer' }), 0);
      }
      deliver(nodes, post, up);
    }
  }
  return nodes;
}

/** Nobody waits, and nobody differs: nothing that follows could change an outcome. */
function agree(nodes: readonly LocalState[], up: readonly number[]): boolean {
  const outcomes = new Set(up.map((node) => phaseOf(nodes[node]!)));
  const differ = outcomes.has('COMMITTED') && outcomes.has('ABORTED');
  return !differ && !up.some((node) => holds(nodes[node]!));
}

function deliver(nodes: LocalState[], post: Message[], up: readonly number[]): void {
  for (let count = 0; post.length > 0; count++) {
    if (count > MESSAGES_MAX) throw new Error('the nodes never stop answering each other');
    const message = post.shift()!;
    if (!up.includes(message.to)) continue;
    const outcome = receive(nodes[message.to]!, message);
    if (outcome !== undefined) settle(nodes, post, outcome, message.round);
  }
}

function receive(state: LocalState, message: Message): Outcome<MachineState> | undefined {
  const { kind, from, evidence, round, stance } = message;
  switch (state.role) {
    case 'byzantine':
      return undefined;
    case 'lost':
      return remember(state, message);
    case 'blank':
      if (kind === 'prepare') return acceptPrepare(state.me, state.size);
      return kind === 'query' || kind === 'withdraw-request'
        ? refuseQuery(state.me, state.size, from)
        : undefined;
    case 'voter':
      if (kind === 'answer') {
        return stepVoter(state, { type: 'status-reply', evidence, from, round, stance });
      }
      if (kind === 'withdraw-request') {
        return stepVoter(state, { type: 'withdraw-request', evidence, from });
      }
      return stepVoter(state, { type: 'evidence', evidence, ...answerTo(state, message) });
    case 'coordinator':
      if (kind === 'answer') {
        return stepCoordinator(state, { type: 'status-reply', evidence, from, stance });
      }
      if (kind === 'query' || kind === 'withdraw-request') {
        return stepCoordinator(state, { type: 'status-query', evidence, from });
      }
      return stepCoordinator(state, { type: 'evidence', evidence, ...answerTo(state, message) });
  }
}

/** Shown its own YES beside the manifest it takes the record up again, and then the message. */
function remember(state: Lost, message: Message): Outcome<MachineState> | undefined {
  const withManifest = ['query', 'withdraw-request', 'commit', 'abort'].includes(message.kind);
  if (!withManifest || !has(message.evidence.yes, state.me)) return undefined;
  const back = broughtBack(state, { is: 'restore' });
  return back && receive({ ...back.state, outside: state.outside }, message);
}

/** Questions and outcomes are answered, unless the sender has shown that it knows our `applied`. */
function answerTo(state: MachineState, message: Message): { answerTo?: number } {
  const { kind, from, evidence } = message;
  if (kind === 'query') return { answerTo: from };
  const asks = kind === 'prepare' || kind === 'commit' || kind === 'abort';
  return asks && !has(evidence.applied, meOf(state)) ? { answerTo: from } : {};
}

/** Takes over a step's state and posts its messages. */
function settle(
  nodes: LocalState[],
  post: Message[],
  outcome: Outcome<MachineState>,
  asked: number,
): void {
  const { state, actions } = outcome;
  const from = meOf(state);
  const before = nodes[from]!;
  nodes[from] = hasLost(before) ? { ...state, outside: outsideOf(before) } : state;
  const stance = state.role === 'voter' ? voterStance(state) : coordinatorStance(state);
  for (const action of actions) {
    if (action.do !== 'send') continue;
    const round = action.message === 'query' && state.role === 'voter' ? state.round : asked;
    const evidence = contentOf(action, state);
    for (const to of members(action.to)) {
      post.push({ kind: action.message, from, to, evidence, round, stance });
    }
  }
}

function contentOf(action: Extract<CommitAction, { do: 'send' }>, state: MachineState): Evidence {
  const { evidence } = state;
  const me = only(meOf(state));
  switch (action.message) {
    case 'prepare':
      return NO_EVIDENCE;
    case 'vote':
      return { ...NO_EVIDENCE, yes: evidence.yes & me, no: evidence.no & me };
    case 'applied': {
      // One that rests on another's carries that one.
      const others = evidence.firstHand & ~me & (only(state.size - 1) - 1n);
      const carried = (evidence.firstHand & me) === 0n ? others & -others : me;
      return { ...NO_EVIDENCE, applied: me | carried, firstHand: carried };
    }
    case 'withdraw':
      return { ...NO_EVIDENCE, withdrawn: evidence.withdrawn & me };
    case 'commit':
      return { ...evidence, no: 0n, withdrawn: 0n };
    default:
      return evidence;
  }
}
