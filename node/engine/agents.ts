/**
 * Who votes for whom (docs/PROTOCOL.md, "Agents"): this node for itself and for its hosted members,
 * other nodes for everyone else. The newest signed word of each participant counts.
 */
import { GeoError } from '../../protocol/errors.ts';
import { type Pid, type PublicKey, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { counterparty, type EdgeId } from '../../protocol/ledger/edge.ts';
import {
  bareFrame,
  readSigned,
  requireSignedBy,
  signedFrame,
  type Unverified,
} from '../../protocol/wire/envelope.ts';
import type {
  AgentAck,
  AgentGrant,
  AgentQuery,
  AgentRevoke,
  GrantScope,
} from '../../protocol/wire/messages/agent.ts';
import type { VerifySignature } from '../ports.ts';
import type { AgentRecord } from '../store/records.ts';
import { holds } from './attempts/attempt.ts';
import { type Outbox, splitTail } from './outbox.ts';
import type { State } from './state.ts';
import type { Turn } from './turn.ts';

/** Grants remembered from what others told. */
const HEARSAY_MAX = 5_000;

export type AgentWord = Unverified<AgentGrant> | Unverified<AgentRevoke>;

export interface AgentsContext {
  readonly publicKey: PublicKey;
  readonly verify: VerifySignature;
  readonly state: State;
  readonly outbox: Outbox;
  /** @throws GeoError E006: why the participant is not taken as a hosted member */
  readonly requireAdmitted: (member: Pid) => void;
  /** A participant has come to this node, or gone from it. */
  readonly onMoved: (turn: Turn, member: Pid, served: boolean) => void;
  /** The key of a participant that votes for itself, if it is known. */
  readonly keyOf: (pid: Pid) => PublicKey | undefined;
  /** Agents of participants without an edge here that are remembered, all together. */
  readonly strangersMax: number;
}

export class Agents {
  readonly me: Pid;
  readonly #context: AgentsContext;
  /** Grants of participants without an edge here, as others told them: unproven, good for a manifest. */
  readonly #hearsay = new Map<Pid, AgentRecord>();

  constructor(context: AgentsContext) {
    this.#context = context;
    this.me = pidFromPublicKey(context.publicKey);
  }

  /** Does this node vote for the participant? */
  served(participant: Pid): boolean {
    const known = this.#context.state.agents.get(participant);
    return known === undefined ? participant === this.me : known.agent === this.#context.publicKey;
  }

  /** @throws GeoError E006 `not_served` */
  requireServed(participant: Pid): void {
    if (this.served(participant)) return;
    throw new GeoError(
      'E006',
      'This node does not represent that participant. Send it a grant first (geo member create).',
      { fault: 'not_served' },
    );
  }

  /** The key that votes for the participant, as far as it is known. */
  agentOf(participant: Pid): PublicKey | undefined {
    const { state, publicKey, keyOf } = this.#context;
    const known = state.agents.get(participant);
    if (known !== undefined) return known.agent;
    if (participant === this.me) return publicKey;
    return this.#hearsay.get(participant)?.agent ?? keyOf(participant);
  }

  /** The participant's own key, as far as it is known. */
  keyOf(participant: Pid): PublicKey | undefined {
    const known = this.#wordOn(participant);
    if (known !== undefined) return wordOf(known).body.member_key;
    return this.agentOf(participant);
  }

  /** A grant that somebody else told of: nothing is decided by it, and it is not kept. */
  hear(grant: Uint8Array): void {
    const word = readSigned('AGENT_GRANT', grant);
    const record = recordOf(word);
    const member = pidFromPublicKey(word.body.member_key);
    const known = this.#wordOn(member);
    if (known !== undefined && known.sequence >= record.sequence) return;
    if (this.#hearsay.size >= HEARSAY_MAX) {
      this.#hearsay.delete(this.#hearsay.keys().next().value!);
    }
    this.#hearsay.set(member, record);
  }

  /** Does the holder of this key vote for the participant? A key that is its own does, unless it granted that away. */
  isAgent(key: PublicKey, participant: Pid): boolean {
    const known = this.#context.state.agents.get(participant);
    return known === undefined ? pidFromPublicKey(key) === participant : known.agent === key;
  }

  /** The newest grant of a participant for whom another key votes, as a manifest shows it. */
  grantOf(participant: Pid): Uint8Array | undefined {
    const known = this.#wordOn(participant);
    return known?.type === 'AGENT_GRANT' ? known.envelope : undefined;
  }

  /** Whether a manifest that ends at `until` can name the participant's agent for this part in it. */
  covers(participant: Pid, part: keyof GrantScope, until: number): boolean {
    const known = this.#wordOn(participant);
    if (known?.scope === undefined) return true;
    return known.scope[part] && (known.expires ?? 0) >= until;
  }

  /** Whether this node votes for either end. */
  touches(edge: EdgeId): boolean {
    return this.served(edge.low) || this.served(edge.high);
  }

  /** Whose history something belongs to: a member's, or undefined for this node's own. */
  historyOf(participant: Pid): Pid | undefined {
    return participant === this.me ? undefined : participant;
  }

  /** The end for which somebody else votes; undefined if this node votes for both, or for none. */
  farEnd(edge: EdgeId): Pid | undefined {
    const low = this.served(edge.low);
    if (low === this.served(edge.high)) return undefined;
    return low ? edge.high : edge.low;
  }

  /** Everyone that this node serves, itself included unless it has granted that away. */
  *members(): Generator<Pid> {
    const { state, publicKey } = this.#context;
    if (this.served(this.me)) yield this.me;
    for (const [pid, { agent }] of state.agents) {
      if (agent === publicKey && pid !== this.me) yield pid;
    }
  }

  /**
   * AGENT_GRANT, AGENT_REVOKE: by a peer or by the member itself.
   * @returns false if it was known already
   * @throws GeoError E005 `bad_signature`, E006 `too_many_agents` and as `requireAdmitted`,
   *   E007 `grant_expired`, E008 `member_busy`
   */
  adopt(turn: Turn, word: AgentWord): boolean {
    const { verify, publicKey } = this.#context;
    const member = pidFromPublicKey(word.body.member_key);
    const next = recordOf(word);
    const known = turn.agent(member);
    if (known !== undefined && next.sequence <= known.sequence) return false;
    requireSignedBy(word, word.body.member_key, verify);
    const joins = next.agent === publicKey && member !== this.me;
    if (joins) this.#context.requireAdmitted(member);
    else this.#requireRoomFor(member);
    if (next.expires !== undefined && next.expires <= turn.now) {
      throw new GeoError('E007', 'The grant has expired; sign a new one.', {
        fault: 'grant_expired',
      });
    }
    // Who comes or goes with an attempt under way would leave it between two agents.
    if (this.served(member) !== (next.agent === publicKey)) this.#requireAtRest(turn, member);
    turn.putAgent(member, next);
    turn.history({ type: 'agent', text: textOf(next, this.#context.publicKey), peer: member });
    turn.notice({ type: 'agent-changed', member });
    const stays = next.agent === publicKey;
    if (this.served(member) !== stays) this.#context.onMoved(turn, member, stays);
    // Nobody acknowledges an older word any more; the agent that the newer one names tells that.
    for (const to of this.#toldOf(member)) this.#context.outbox.end(turn, to, topicOf(member));
    if (next.agent === publicKey || member === this.me) {
      this.announce(turn, member, [...(known === undefined ? [] : [known.agent]), next.agent]);
    }
    if (next.agent !== (known?.agent ?? word.body.member_key)) {
      this.#introduceEnds(turn, member, next.agent);
    }
    return true;
  }

  /** As {@link adopt}, and tells the peer that it has come. */
  receive(turn: Turn, from: PublicKey, word: AgentWord): void {
    const member = pidFromPublicKey(word.body.member_key);
    const about = { member, sequence: word.body.sequence };
    const isNew = this.adopt(turn, word);
    turn.send(from, bareFrame('AGENT_ACK', about));
    // What was said to the participant before anyone here knew where to bring it.
    if (isNew) this.#context.outbox.resendTo(turn, member);
  }

  /** AGENT_QUERY: answered with the participant's own word, or not at all. */
  query(turn: Turn, from: PublicKey, { member }: AgentQuery): void {
    const word = turn.agent(member);
    if (word !== undefined) turn.send(from, signedFrame(word.type, word.envelope));
  }

  /** A peer takes this node for the agent of an end that has left it: the end's own word says who is. */
  correct(turn: Turn, from: PublicKey, edge: EdgeId): void {
    if (this.touches(edge)) return;
    for (const end of [edge.low, edge.high]) {
      const word = turn.agent(end);
      if (word === undefined || word.agent === from) continue;
      turn.send(from, signedFrame(word.type, word.envelope));
    }
  }

  /** AGENT_ACK: the other end's agent knows who votes for the member. */
  acknowledged(turn: Turn, from: PublicKey, ack: AgentAck): void {
    const known = turn.agent(ack.member);
    if (known === undefined || ack.sequence !== known.sequence) return;
    for (const to of this.#toldOf(ack.member)) {
      if (this.agentOf(to) === from) this.#context.outbox.end(turn, to, topicOf(ack.member));
    }
  }

  /** Who has not acknowledged yet what was told of the member. */
  #toldOf(member: Pid): Pid[] {
    const topic = topicOf(member);
    return [...this.#context.state.outbox.keys()].flatMap((tail) => {
      const [to, rest] = splitTail(tail);
      return rest === topic ? [to] : [];
    });
  }

  /**
   * Tells everyone who has an edge with the member who votes for it.
   * @param agents keys of agents that have to know too: the one that is left, and the one that is chosen
   */
  announce(turn: Turn, member: Pid, agents: readonly PublicKey[] = []): void {
    const word = turn.agent(member);
    if (word === undefined) return;
    const told = new Set<Pid>(agents.map(pidFromPublicKey));
    for (const edge of this.#context.state.edgesOf(member)) {
      told.add(this.#receiverFor(counterparty(edge, member)));
    }
    for (const to of told) this.#queue(turn, to, member, word);
  }

  /** Tells the agent of `other` who votes for the member: before anything else of the first edge between the two. */
  introduce(turn: Turn, member: Pid, other: Pid): void {
    const word = turn.agent(member);
    if (word !== undefined) this.#queue(turn, this.#receiverFor(other), member, word);
  }

  /** An edge has come with a receipt, and no line: the agent of its other end has to know who votes for this one. */
  introduceOver(turn: Turn, edge: EdgeId): void {
    const far = this.farEnd(edge);
    if (far !== undefined) this.introduce(turn, counterparty(edge, far), far);
  }

  /** Who has moved may have missed who moved meanwhile: its new agent hears that of everyone here whom it deals with. */
  #introduceEnds(turn: Turn, member: Pid, agent: PublicKey): void {
    for (const edge of this.#context.state.edgesOf(member)) {
      const end = counterparty(edge, member);
      const word = this.served(end) ? turn.agent(end) : undefined;
      if (word !== undefined) this.#queue(turn, pidFromPublicKey(agent), end, word);
    }
  }

  #wordOn(participant: Pid): AgentRecord | undefined {
    return this.#context.state.agents.get(participant) ?? this.#hearsay.get(participant);
  }

  #queue(turn: Turn, to: Pid, member: Pid, { type, envelope }: AgentRecord): void {
    if (to === this.me || to === member) return;
    this.#context.outbox.queue(turn, to, topicOf(member), signedFrame(type, envelope));
  }

  #receiverFor(participant: Pid): Pid {
    const agent = this.agentOf(participant);
    return agent === undefined ? participant : pidFromPublicKey(agent);
  }

  /** What is decided is only told from here on, also to somebody who may never answer: nobody need wait for that. */
  #requireAtRest(turn: Turn, member: Pid): void {
    for (const hash of this.#context.state.attempts.keys()) {
      const attempt = turn.attempt(hash);
      if (attempt === undefined || !holds(attempt.commit)) continue;
      if (!attempt.effects.some(({ edge }) => edge.low === member || edge.high === member))
        continue;
      throw new GeoError(
        'E008',
        'A payment of this member, or over one of its lines, is under way. Try again when it has ended.',
        { fault: 'member_busy' },
      );
    }
  }

  /** Keys cost nothing: without a bound, made-up ones could fill the store with words about nobody. */
  #requireRoomFor(member: Pid): void {
    const { state, strangersMax } = this.#context;
    if (member === this.me || state.agents.has(member)) return;
    const neighbours = new Set<Pid>();
    for (const { low, high } of state.edges.values()) neighbours.add(low).add(high);
    if (neighbours.has(member)) return;
    let strangers = 0;
    for (const pid of state.agents.keys()) if (!neighbours.has(pid)) strangers++;
    if (strangers < strangersMax) return;
    throw new GeoError(
      'E006',
      'This node remembers no more agents of participants it does not know.',
      {
        fault: 'too_many_agents',
      },
    );
  }
}

/** The signed word of a record. */
export function wordOf({ type, envelope }: AgentRecord): AgentWord {
  return readSigned(type, envelope) as AgentWord;
}

function recordOf(word: AgentWord): AgentRecord {
  const { body, bytes } = word;
  if (!('agent_key' in body)) {
    const { member_key: agent, sequence } = body;
    return { type: 'AGENT_REVOKE', envelope: bytes, agent, sequence };
  }
  const { agent_key: agent, sequence, expires, scope } = body;
  return { type: 'AGENT_GRANT', envelope: bytes, agent, sequence, expires, scope };
}

function textOf({ type, agent, sequence }: AgentRecord, own: PublicKey): string {
  if (type === 'AGENT_REVOKE') return `votes for itself, version ${sequence}`;
  const who = agent === own ? 'this node' : pidFromPublicKey(agent);
  return `represented by ${who}, version ${sequence}`;
}

/** One entry per member: a newer word takes the place of the older one in the outbox. */
function topicOf(member: Pid): string {
  return `agent/${member}`;
}
