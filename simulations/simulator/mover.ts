/**
 * A person who moves from the hub to a node of its own, or back (docs/PROTOCOL.md, "Moving"): signs who is
 * to vote from now on, first to whom it leaves, fetches its books there and brings them to the other. Every step
 * is taken again until it has been done, whatever dies in between; only then follows the next one.
 */
import { GeoError } from '../../protocol/errors.ts';
import type { Moves } from '../checkers/moves.ts';
import type { Host } from './host.ts';
import type { Member } from './members.ts';
import type { World } from './world.ts';

const AGAIN_MS = 700;

/** What follows a step. */
interface Continuations<T> {
  readonly done: (result: T) => void;
  /** The hub does not take it any more. */
  readonly refused?: () => void;
  /** Whoever was asked never comes back. */
  readonly gone: () => void;
}

export class Mover {
  readonly #world: World;
  readonly #member: Member;
  readonly #moves: Moves;
  #isUnderWay = false;

  constructor(world: World, member: Member, moves: Moves) {
    this.#world = world;
    this.#member = member;
    this.#moves = moves;
  }

  /** Begins to move, unless it is there already or on its way. */
  move(to: Host): void {
    const from = this.#member.agent;
    if (this.#isUnderWay || from === to) return;
    this.#isUnderWay = true;
    this.#leave(from, to);
  }

  /**
   * The old agent votes no more. One that has gone for ever votes for nobody, and keeps the books. A word that is
   * not taken is signed anew: its time is that from which on nothing new is owed through whom it leaves.
   */
  #leave(from: Host, to: Host): void {
    let word = '';
    const say = (service: NonNullable<Host['service']>) => {
      word = this.#member.word(to);
      return service.submitEnvelope({ frame: word });
    };
    this.#step(from, say, {
      done: () => this.#fetch(from, to, word),
      gone: () => this.#arrive(from, to, this.#member.word(to), undefined),
    });
  }

  #fetch(from: Host, to: Host, word: string): void {
    this.#step(from, (service) => this.#member.books(service, from), {
      done: (books) => this.#arrive(from, to, word, books),
      gone: () => this.#arrive(from, to, word, undefined),
    });
  }

  /** @param books absent: the neighbours have what is left of them */
  #arrive(from: Host, to: Host, word: string, books: Uint8Array | undefined): void {
    if (books === undefined) this.#moves.bereft.add(to);
    const take = async (service: NonNullable<Host['service']>) => {
      if (books === undefined) await service.submitEnvelope({ frame: word });
      else await to.moving!.import(books);
    };
    this.#step(to, take, {
      done: () => {
        this.#member.agent = to;
        this.#isUnderWay = false;
        if (books === undefined) this.#tellEveryone(to, word);
        else this.#moves.moved(this.#member.identity.hex, from, to);
      },
      // The hub has suspended it in the meantime: it stays where it was, by a newer word.
      refused: () => this.#stay(from),
      gone: () => undefined,
    });
  }

  /** Its node does not know its neighbours without its books: the person tells them itself. */
  #tellEveryone(to: Host, frame: string): void {
    const nothing = () => undefined;
    for (const host of this.#world.honest) {
      if (host === to) continue;
      this.#step(host, (service) => service.submitEnvelope({ frame }), {
        done: nothing,
        gone: nothing,
      });
    }
  }

  #stay(from: Host): void {
    const frame = this.#member.word(from);
    this.#step(from, (service) => service.submitEnvelope({ frame }), {
      done: () => {
        this.#isUnderWay = false;
      },
      gone: () => undefined,
    });
  }

  /** A refusal may be over in a moment: a payment is under way, a disk is full, nobody is at home. */
  #step<T>(
    host: Host,
    take: (service: NonNullable<Host['service']>) => Promise<T>,
    then: Continuations<T>,
  ): void {
    if (host.isGone) {
      then.gone();
      return;
    }
    const again = () => this.#world.time.after(AGAIN_MS, () => this.#step(host, take, then));
    const { service, incarnation } = host;
    if (service === undefined) {
      again();
      return;
    }
    let isOver = false;
    const once = (next: () => void) => {
      if (isOver) return;
      isOver = true;
      next();
    };
    // Whoever asks a process that dies gets no answer at all.
    const watch = () => {
      if (host.incarnation !== incarnation || !host.isUp) once(again);
      else if (!isOver) this.#world.time.after(AGAIN_MS, watch);
    };
    this.#world.time.after(AGAIN_MS, watch);
    take(service).then(
      (result) => once(() => then.done(result)),
      (error: unknown) => {
        if (!(error instanceof GeoError) && host.incarnation === incarnation && host.isUp) {
          this.#world.watch.alarm(host, `moving failed: ${String(error)}`);
        }
        const isRefused = error instanceof GeoError && error.details.fault === 'not_active_member';
        once(isRefused && then.refused !== undefined ? then.refused : again);
      },
    );
  }
}
