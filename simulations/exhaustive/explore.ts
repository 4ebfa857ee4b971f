/**
 * Every state that an attempt can reach, whatever is lost, repeated, delayed, reordered and killed.
 *
 * The network is not modelled message by message: whatever somebody has signed and stored may reach
 * anybody, in any company, at any time, any number of times, or never. Every real run is among these.
 * A crash takes what a node does not store; what it has not sent is the same as lost.
 */
import { BookOfStates } from './book-of-states.ts';
import {
  hasLost,
  initialCoordinator,
  known,
  type LocalEvent,
  type LocalState,
  type Lost,
  outsideOf,
  phaseOf,
  signed,
  withoutDisk,
} from './local.ts';
import { has, KINDS, type StatementSet, spell, statement } from './statements.ts';

export interface Options {
  /** Voters, the coordinator (the last) included. */
  readonly size: number;
  /** Who may do anything, by index; the others are honest. */
  readonly byzantine: readonly number[];
  /**
   * Deliver every statement singly too, and count answers one by one, instead of only what makes a
   * machine act. Finds the same outcomes with many more states.
   */
  readonly everyStep: boolean;
  /** One honest node, at any time, loses its disk or comes back with an older one. */
  readonly lostDisk: boolean;
}

/** The local states of all nodes, by number. */
export type GlobalState = readonly number[];

export interface Explored {
  readonly book: BookOfStates;
  /** Every reachable state, up to renaming of voters that play the same part. */
  readonly states: readonly GlobalState[];
  readonly transitions: number;
  /** How a state was reached, for people. */
  trace(state: GlobalState): string[];
}

interface Origin {
  readonly from: GlobalState | undefined;
  readonly event: string;
}

/** @throws BrokenRule if a step of a machine does what no step may do */
export function explore(options: Options): Explored {
  const book = new BookOfStates(options.size);
  const names = permutations(options);
  const origins = new Map<string, Origin>();
  const states: GlobalState[] = [];
  let transitions = 0;

  const reach = (found: GlobalState, origin: Origin) => {
    const state = canonical(found, names, book);
    const key = state.join();
    if (origins.has(key)) return;
    origins.set(key, origin);
    states.push(state);
  };

  reach(
    startOf(options).map((state) => book.numberOf(state)),
    { from: undefined, event: 'start' },
  );
  for (let at = 0; at < states.length; at++) {
    const state = states[at]!;
    const locals = state.map((number) => book.state(number));
    const pool = locals.reduce((set, local) => set | signed(local), 0);
    if (options.lostDisk && !locals.some(hasLost)) {
      for (const { node, next } of losses(locals)) {
        transitions++;
        reach(
          state.map((other, i) => (i === node ? book.numberOf(next) : other)),
          { from: state, event: `${node} (${phaseOf(locals[node]!)}): loses its disk` },
        );
      }
    }
    for (const [node, number] of state.entries()) {
      for (const events of eventsFor(node, locals, pool, options, book, number)) {
        let next = number;
        for (const event of events) next = book.step(next, event) ?? next;
        transitions++;
        if (next === number) continue;
        const event = `${node} (${phaseOf(locals[node]!)}): ${events.map(describe).join(', ')}`;
        reach(
          state.map((other, i) => (i === node ? next : other)),
          { from: state, event },
        );
      }
    }
  }

  const trace = (state: GlobalState): string[] => {
    const lines: string[] = [];
    for (let at: GlobalState | undefined = state; at !== undefined; ) {
      const { from, event }: Origin = origins.get(at.join())!;
      lines.unshift(`${event} → ${at.map((number) => phaseOf(book.state(number))).join(' ')}`);
      at = from;
    }
    return lines;
  };
  return { book, states, transitions, trace };
}

function startOf({ size, byzantine }: Options): LocalState[] {
  return Array.from({ length: size }, (_, me): LocalState => {
    if (byzantine.includes(me)) return { role: 'byzantine', me, size };
    return me === size - 1 ? initialCoordinator(size) : { role: 'blank', me, size };
  });
}

/** What may happen to one node next; each entry is a short run of events that belong together. */
function eventsFor(
  node: number,
  locals: readonly LocalState[],
  pool: StatementSet,
  options: Options,
  book: BookOfStates,
  number: number,
): LocalEvent[][] {
  const local = locals[node]!;
  const others = locals.filter((_, i) => i !== node);
  const c = options.size - 1;
  if (local.role === 'byzantine') return [];
  if (local.role === 'blank') return [[{ is: 'accept' }], [{ is: 'refuse' }]];
  if (local.role === 'lost') return broughtBackBy(local, pool);
  const events: LocalEvent[][] = [[{ is: 'timer' }]];
  for (const { set } of book.triggers(number)) {
    if ((set & pool) === set) events.push([{ is: 'evidence', set }]);
  }
  const asks = (other: LocalState) =>
    other.role === 'byzantine' || (other.role === 'voter' && other.round > 0);
  if (local.role === 'coordinator' && others.some(asks)) events.push([{ is: 'asked' }]);
  if (local.role === 'voter') {
    const withdrew = (other: LocalState, i: number) =>
      other.role === 'byzantine' || has(signed(other), 'withdrawn', i);
    if (locals.some((other, i) => i !== node && withdrew(other, i))) {
      events.push([{ is: 'withdraw-request' }]);
    }
    const doubters = locals.flatMap((other, i) =>
      i !== node && i !== c && has(signed(other), 'yes', i) ? [i] : [],
    );
    const answers = doubters.map((from): LocalEvent => ({ is: 'doubt', from, set: 0 }));
    const spoke: LocalEvent = { is: 'spoke', set: 0 };
    if (hasLost(local)) events.push(...roundsAfterLoss(local, [...answers, spoke], locals));
    else if (answers.length === options.size - 2) events.push([...answers, { is: 'timer' }]);
    if (options.everyStep) {
      events.push(...answers.map((answer) => [answer]), [spoke], [{ is: 'crash' }]);
    }
  }
  if (options.everyStep) {
    for (const single of singles(options.size)) {
      const fresh = (single & pool) === single && (single & ~known(local)) !== 0;
      if (fresh) events.push([{ is: 'evidence', set: single }]);
    }
  }
  return events;
}

/**
 * Rounds of asking of a node that has lost its record. If all answer, they show every lost word between
 * them, since each is known to somebody; if one is silent, it may be the only one who knows.
 */
function roundsAfterLoss(
  local: LocalState,
  replies: readonly LocalEvent[],
  locals: readonly LocalState[],
): LocalEvent[][] {
  const set = outsideOf(local);
  const rounds = replies.map((silent) => replies.filter((reply) => reply !== silent));
  const everyone = replies.length === local.size - 1 && locals.at(-1)!.role !== 'lost';
  if (everyone) rounds.push(replies.map((reply) => ({ ...reply, set })));
  // Each with its end, so that no reply of one is counted in another.
  return rounds.map((round) => [{ is: 'timer' }, ...round, { is: 'timer' }]);
}

/** What may come of any one node's losing its disk. */
function losses(locals: readonly LocalState[]): { node: number; next: LocalState }[] {
  return locals.flatMap((local, node) => {
    if (local.role !== 'voter' && local.role !== 'coordinator') return [];
    const others = locals.filter((_, i) => i !== node);
    const shown = others.reduce((set, other) => set | known(other), 0) & signed(local);
    return withoutDisk(local, shown).map((next) => ({ node, next }));
  });
}

/** Its own YES alone, or a receipt: the certificate and any first-hand `applied` but c's. */
function broughtBackBy(lost: Lost, pool: StatementSet): LocalEvent[][] {
  const { me, size } = lost;
  const voters = Array.from({ length: size }, (_, voter) => voter);
  const certificate = voters.reduce((set, voter) => set | statement('yes', voter), 0);
  const events: LocalEvent[][] = [];
  if (has(lost.outside, 'yes', me)) events.push([{ is: 'restore' }]);
  for (const voter of voters.slice(0, -1)) {
    const set = certificate | statement('firstHand', voter);
    if ((set & pool) === set) events.push([{ is: 'receipt', set }]);
  }
  return events;
}

function singles(size: number): StatementSet[] {
  const voters = Array.from({ length: size }, (_, voter) => voter);
  return voters.flatMap((voter) => KINDS.map((kind) => statement(kind, voter)));
}

/** Renamings of the voters that change nothing: those that play the same part. */
function permutations({ size, byzantine }: Options): number[][] {
  const c = size - 1;
  const alike = Array.from({ length: c }, (_, voter) => voter).filter(
    (voter) => !byzantine.includes(voter),
  );
  return orders(alike).map((order) => {
    const names = Array.from({ length: size }, (_, voter) => voter);
    for (const [i, voter] of alike.entries()) names[voter] = order[i]!;
    return names;
  });
}

function orders(items: readonly number[]): number[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((first) =>
    orders(items.filter((item) => item !== first)).map((rest) => [first, ...rest]),
  );
}

/** The first in order of all renamings of a state. */
function canonical(
  state: GlobalState,
  names: readonly (readonly number[])[],
  book: BookOfStates,
): GlobalState {
  let best: GlobalState | undefined;
  for (const [index, to] of names.entries()) {
    const other: number[] = [];
    for (const [node, number] of state.entries()) {
      other[to[node]!] = book.renamed(number, index, to);
    }
    if (best === undefined || isBefore(other, best)) best = other;
  }
  return best!;
}

function isBefore(a: GlobalState, b: GlobalState): boolean {
  for (const [i, number] of a.entries()) {
    if (number !== b[i]) return number < b[i]!;
  }
  return false;
}

function describe(event: LocalEvent): string {
  switch (event.is) {
    case 'evidence':
      return `receives ${spell(event.set)}`;
    case 'doubt':
      return `hears that ${event.from} is in doubt`;
    case 'receipt':
      return `is shown the receipt ${spell(event.set)}`;
    default:
      return event.is;
  }
}
