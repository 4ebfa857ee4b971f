/** Whom this node deals with: contacts, neighbours, members, and how they are found again. */
import { type Pid, type PublicKey, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { lineOf } from '../../protocol/ledger/edge.ts';
import { bareFrame } from '../../protocol/wire/envelope.ts';
import type { Agents } from '../engine/agents.ts';
import type { State } from '../engine/state.ts';
import type { Ports } from '../ports.ts';
import type { Peers } from './peers.ts';

/** Who is asked, at most, who votes for a participant. */
const ASKED_MAX = 16;
/** As long as a person waits for the answer of one peer. */
const ANSWER_WAIT_MS = 5_000;

export interface AcquaintancesParts {
  readonly ports: Ports;
  readonly state: State;
  readonly agents: Agents;
  readonly peers: Peers;
  /** The hubs that this participant has joined. */
  readonly hubs: () => readonly PublicKey[];
}

export class Acquaintances {
  readonly #ports: Ports;
  readonly #state: State;
  readonly #agents: Agents;
  readonly #peers: Peers;
  readonly #hubs: () => readonly PublicKey[];
  readonly #awaited = new Map<Pid, Set<() => void>>();

  constructor({ ports, state, agents, peers, hubs }: AcquaintancesParts) {
    this.#ports = ports;
    this.#state = state;
    this.#agents = agents;
    this.#peers = peers;
    this.#hubs = hubs;
  }

  /** Whether `by`, whom this node serves, has chosen to deal with a participant. */
  isChosen(pid: Pid, by: Pid): boolean {
    if (this.#agents.served(pid)) return true;
    if (by === this.#agents.me && this.#isContact(pid)) return true;
    for (const edge of this.#state.edges.values()) {
      const between = edge.low === by ? edge.high === pid : edge.high === by && edge.low === pid;
      if (between && lineOf(edge, by) !== undefined) return true;
    }
    return false;
  }

  /** Whether a peer is worth remembering: a contact, or the agent of a neighbour. */
  dealsWith(peer: PublicKey): boolean {
    const pid = pidFromPublicKey(peer);
    if (this.#state.peers.has(pid) || this.#isContact(pid)) return true;
    for (const edge of this.#state.edges.values()) {
      const far = this.#agents.farEnd(edge);
      if (far !== undefined && this.#agents.isAgent(peer, far)) return true;
    }
    return false;
  }

  /**
   * Who gave this node a trust line, or belongs to its community, has to be found again after a
   * restart: keeps where its agent is.
   */
  async keepNeighbour(pid: Pid): Promise<void> {
    const key = this.#agents.agentOf(pid);
    if (key === undefined) return;
    const agent = pidFromPublicKey(key);
    if (this.#state.peers.has(agent)) return;
    await this.#peers.keep(key, [...this.#addressesNow(key), ...this.#peers.addressesOf(agent)]);
  }

  /** A peer is connected. A stranger must not fill the store by that. */
  async met(peer: PublicKey): Promise<void> {
    const addresses = this.#addressesNow(peer);
    if (this.dealsWith(peer)) await this.#peers.keep(peer, addresses);
    else this.#peers.hear([peer, addresses]);
  }

  /**
   * Looks for a participant of whom only the PID is known: it says itself where it is, or somebody
   * else votes for it, and those whom this node deals with may have its word on that.
   */
  async seek(pid: Pid): Promise<void> {
    if ((await this.#peers.find(pid)) !== undefined) return;
    const asked = new Set(this.#hubs());
    for (const key of this.#dealtWith()) {
      if (asked.size >= ASKED_MAX) break;
      asked.add(key);
    }
    for (const key of asked) this.#ask(key, pid);
  }

  /** Whether the peer votes for the participant: the peer itself is asked if that is not known. */
  async isAgentOf(peer: PublicKey, pid: Pid): Promise<boolean> {
    if (this.#agents.isAgent(peer, pid)) return true;
    await new Promise<void>((resolve) => {
      const waiting = this.#awaited.get(pid) ?? new Set();
      const cancel = this.#ports.clock.after(ANSWER_WAIT_MS, () => done());
      const done = () => {
        cancel();
        waiting.delete(done);
        if (waiting.size === 0) this.#awaited.delete(pid);
        resolve();
      };
      this.#awaited.set(pid, waiting.add(done));
      this.#ask(peer, pid);
    });
    return this.#agents.isAgent(peer, pid);
  }

  /** A participant's word on who votes for it has come. */
  agentKnown(pid: Pid): void {
    for (const done of this.#awaited.get(pid) ?? []) done();
  }

  /** A ping dials the neighbours: they learn that the node is back, and what waits can flow. */
  greet(): void {
    const keys = new Set<PublicKey>();
    for (const edge of this.#state.edges.values()) {
      const far = this.#agents.farEnd(edge);
      if (far === undefined) continue;
      const key = this.#agents.agentOf(far);
      if (key === undefined) void this.seek(far).catch(() => undefined);
      else keys.add(key);
    }
    const { transport, entropy } = this.#ports;
    for (const key of keys) transport.send(key, bareFrame('PING', { nonce: entropy.bytes(8) }));
  }

  #ask(peer: PublicKey, member: Pid): void {
    this.#ports.transport.send(peer, bareFrame('AGENT_QUERY', { member }));
  }

  *#dealtWith(): Generator<PublicKey> {
    for (const { pid } of this.#state.contacts.values()) {
      const key = this.#agents.agentOf(pid);
      if (key !== undefined) yield key;
    }
    for (const edge of this.#state.edges.values()) {
      const far = this.#agents.farEnd(edge);
      const key = far && this.#agents.agentOf(far);
      if (key !== undefined) yield key;
    }
  }

  #isContact(pid: Pid): boolean {
    for (const contact of this.#state.contacts.values()) if (contact.pid === pid) return true;
    return false;
  }

  #addressesNow(peer: PublicKey): readonly string[] {
    const known = this.#ports.transport.peers().find((each) => each.publicKey === peer);
    return known?.addresses ?? [];
  }
}
