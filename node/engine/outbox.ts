/**
 * Messages that must arrive: stored with their cause, sent again with growing waits and at every
 * reconnect, until their acknowledgement ends them. At most one per receiver and topic: the newest.
 */
import type { Pid, PublicKey } from '../../protocol/identity/pid.ts';
import type { NodeSettings } from '../settings.ts';
import type { OutboxRecord } from '../store/records.ts';
import type { State } from './state.ts';
import type { Turn } from './turn.ts';

export class Outbox {
  readonly #state: State;
  readonly #settings: NodeSettings['outbox'];
  readonly #keyOf: (pid: Pid) => PublicKey | undefined;
  readonly #seek: (pid: Pid) => void;

  /**
   * @param keyOf the key of a participant's agent, if it is known yet
   * @param seek looks for a participant whose key is not known; the next retry finds it
   */
  constructor(
    state: State,
    settings: NodeSettings['outbox'],
    keyOf: (pid: Pid) => PublicKey | undefined,
    seek: (pid: Pid) => void,
  ) {
    this.#state = state;
    this.#settings = settings;
    this.#keyOf = keyOf;
    this.#seek = seek;
  }

  queue(turn: Turn, to: Pid, topic: string, frame: Uint8Array): void {
    const next = turn.now + this.#settings.retry_min_ms;
    turn.putOutbox(to, topic, { frame, queued: turn.now, tries: 0, next });
    this.#send(turn, to, frame);
  }

  end(turn: Turn, to: Pid, topic: string): void {
    turn.endOutbox(to, topic);
  }

  /** The wait for an acknowledgement is over: send again, wait longer. */
  retry(turn: Turn, tail: string): void {
    const entry = this.#state.outbox.get(tail);
    if (entry === undefined) return;
    const { retry_min_ms: shortest, retry_max_ms: longest } = this.#settings;
    const tries = entry.tries + 1;
    const wait = Math.min(shortest * 2 ** Math.min(tries, 20), longest);
    const [to, topic] = splitTail(tail);
    turn.putOutbox(to, topic, { ...entry, tries, next: turn.now + wait });
    this.#send(turn, to, entry.frame);
  }

  /** Does something wait for this peer, or for somebody whom it represents? */
  waitsFor(peer: PublicKey): boolean {
    return this.#entriesFor(peer).next().done !== true;
  }

  /** A peer is back: everything that waits for it goes out now. */
  resend(turn: Turn, peer: PublicKey): void {
    for (const { frame } of this.#entriesFor(peer)) turn.send(peer, frame);
  }

  /** It has become known who receives what waits for this participant. */
  resendTo(turn: Turn, to: Pid): void {
    for (const [tail, { frame }] of this.#state.outbox) {
      if (splitTail(tail)[0] === to) this.#send(turn, to, frame);
    }
  }

  *#entriesFor(peer: PublicKey): Generator<OutboxRecord> {
    for (const [tail, entry] of this.#state.outbox) {
      if (this.#keyOf(splitTail(tail)[0]) === peer) yield entry;
    }
  }

  #send(turn: Turn, to: Pid, frame: Uint8Array): void {
    const key = this.#keyOf(to);
    if (key === undefined) this.#seek(to);
    else turn.send(key, frame);
  }
}

/** The receiver and the topic of an entry. */
export function splitTail(tail: string): [to: Pid, topic: string] {
  const at = tail.indexOf('/');
  return [tail.slice(0, at) as Pid, tail.slice(at + 1)];
}
