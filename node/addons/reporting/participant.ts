/** The report of one participant in one equivalent. Pure. */
import { type Facts, linesOf, nameIn, share, sum, textOf } from './facts.ts';

export interface NeighbourRow {
  readonly pid: string;
  readonly name: string;
  /** Owed by the neighbour, and to it. */
  readonly owes_me: string;
  readonly i_owe: string;
  readonly trust_given: string;
  readonly trust_received: string;
  /** Part of the limit that is used, 0 to 1; null: there is no limit. */
  readonly given_used: number | null;
  readonly received_used: number | null;
}

export interface ParticipantReport {
  readonly equivalent: string;
  readonly scope: Facts['scope'];
  readonly participant: string;
  readonly name: string;
  readonly total_debt: string;
  readonly total_credit: string;
  readonly net: string;
  readonly trust_given: string;
  readonly trust_received: string;
  readonly given_used: number | null;
  readonly received_used: number | null;
  readonly neighbours: readonly NeighbourRow[];
}

export function participantReport(facts: Facts, participant: string): ParticipantReport {
  const { equivalent, precision, scope } = facts;
  const lines = linesOf(facts.edges);
  const given = lines.filter(({ from }) => from === participant);
  const received = lines.filter(({ to }) => to === participant);
  const text = (units: bigint) => textOf(units, precision);
  const limits = (of: typeof lines) => sum(of.map(({ limit }) => limit));
  const debts = (of: typeof lines) => sum(of.map(({ debt }) => debt));
  const pids = [...new Set([...given.map(({ to }) => to), ...received.map(({ from }) => from)])];
  const neighbours = pids.map((pid) => {
    const mine = given.find(({ to }) => to === pid) ?? NO_LINE;
    const theirs = received.find(({ from }) => from === pid) ?? NO_LINE;
    return {
      pid,
      name: nameIn(facts, pid),
      owes_me: text(mine.debt),
      i_owe: text(theirs.debt),
      trust_given: text(mine.limit),
      trust_received: text(theirs.limit),
      given_used: share(mine.debt, mine.limit),
      received_used: share(theirs.debt, theirs.limit),
    };
  });
  return {
    equivalent,
    scope,
    participant,
    name: nameIn(facts, participant),
    total_debt: text(debts(received)),
    total_credit: text(debts(given)),
    net: text(debts(given) - debts(received)),
    trust_given: text(limits(given)),
    trust_received: text(limits(received)),
    given_used: share(debts(given), limits(given)),
    received_used: share(debts(received), limits(received)),
    neighbours: neighbours.sort((a, b) => a.name.localeCompare(b.name)),
  };
}

const NO_LINE = { limit: 0n, debt: 0n };
