/** After the payments: circles of debt are cleared, and whoever wants to be asked about it is asked. */
import type { Clearing } from '../../node/service/shapes.ts';
import { toUnits } from '../audit/desk.ts';
import type { Balance } from '../audit/record.ts';
import { atOnce, eventually } from '../testnet/at-once.ts';
import { reasonText } from './paying.ts';
import type { Progress } from './progress.ts';
import type { ClearingRow } from './report.ts';
import type { Roster } from './roster.ts';

const NODES_AT_ONCE = 8;
/** Without a hub everyone would look for cycles; after this time nobody else begins to, ms. */
const SEARCHING_MS = 10_000;
/** How long answers may take to arrive and to be voted on, ms. */
const ANSWERED_MS = 30_000;
const POLL_MS = 100;

export interface Clearings {
  readonly rows: readonly ClearingRow[];
  /** All balances from before the first of them. */
  readonly before: readonly Balance[];
}

/** A proposal with who proposed it and what was answered to it, by id of the participant. */
interface Proposed {
  readonly coordinator: string;
  clearing: Clearing;
  readonly answers: Map<string, boolean>;
}

/** Nothing else may be under way, or the balances of before say nothing about clearings. */
export async function clearCircles(roster: Roster, progress: Progress): Promise<Clearings> {
  const finders = roster.community.hub === null ? roster.nodeIds : [roster.community.hub.id];
  return await progress.step(
    'clearings',
    finders.length,
    async (step) => {
      const before = await balances(roster);
      const proposals: Proposed[] = [];
      const started = performance.now();
      // One after the other: two at once would find the same cycle, and each hold the other up.
      for (const [index, coordinator] of finders.entries()) {
        if (performance.now() - started > SEARCHING_MS) break;
        for (const { clearing } of await roster.client(coordinator).clearNow({ dry_run: false })) {
          if (clearing !== null) proposals.push({ coordinator, clearing, answers: new Map() });
        }
        step.update(index + 1, `${proposals.length} circles found`);
      }
      await waitForAnswers(roster, proposals);
      return { before, rows: proposals.map((each) => clearingRow(roster, each)) };
    },
    ({ rows }) => tally(rows),
  );
}

/** What all debts come to, by equivalent, each counted once; smallest unit. */
export function totalDebts(
  books: readonly Balance[],
  equivalents: readonly { readonly code: string; readonly precision: number }[],
): Map<string, bigint> {
  return new Map(
    equivalents.map(({ code, precision }) => {
      const owed = books
        .filter((book) => book.equivalent === code)
        .map((book) => toUnits(book.balance, precision));
      return [code, owed.reduce((sum, amount) => (amount > 0n ? sum + amount : sum), 0n)];
    }),
  );
}

async function balances(roster: Roster): Promise<Balance[]> {
  const all: Balance[] = [];
  await atOnce(NODES_AT_ONCE, roster.ids, async (node) => {
    for (const { peer, equivalent, balance } of await roster.participant(node).books()) {
      all.push({ node, peer: roster.id(peer), equivalent, balance });
    }
  });
  return all;
}

/** Until each proposal has committed or been rejected, or the time is up: then its state tells. */
async function waitForAnswers(roster: Roster, proposals: readonly Proposed[]): Promise<void> {
  await eventually(ANSWERED_MS, POLL_MS, async () => {
    const open = proposals.filter(({ clearing }) => !hasEnded(clearing));
    for (const proposal of open) {
      const { coordinator, clearing, answers } = proposal;
      for (const pid of clearing.waits_for) {
        const id = roster.id(pid);
        if (answers.has(id)) continue;
        const agrees = await answer(roster, id, clearing.tx_id);
        if (agrees !== undefined) answers.set(id, agrees);
      }
      const now = await roster.client(coordinator).transaction(clearing.tx_id);
      if (now.kind !== 'clearing') throw new Error(`${clearing.tx_id} is not a clearing`);
      proposal.clearing = now;
    }
    return open.length === 0 ? true : undefined;
  });
}

/** @returns what was answered; undefined if the question has not arrived yet */
async function answer(roster: Roster, id: string, txId: string): Promise<boolean | undefined> {
  const participant = roster.participant(id);
  const pending = await participant.pendingClearings();
  if (!pending.some((each) => each.tx_id === txId)) return undefined;
  const accept = roster.agreesToClear(id);
  await participant.answerClearing({ tx_id: txId, accept });
  return accept;
}

function hasEnded({ state }: Clearing): boolean {
  return state === 'COMMITTED' || state === 'REJECTED';
}

function clearingRow(roster: Roster, { clearing, answers }: Proposed): ClearingRow {
  const { tx_id, equivalent, cycle, amount, cleared, state, reason } = clearing;
  return {
    tx_id,
    equivalent,
    cycle: cycle.map((pid) => roster.id(pid)),
    amount: cleared ?? amount,
    state,
    reason: reason === null ? null : reasonText(reason),
    answers: [...answers].map(([participant, agrees]) => ({ participant, agrees })),
  };
}

function tally(rows: readonly ClearingRow[]): string {
  const count = (state: string) => rows.filter((row) => row.state === state).length;
  const asked = rows.filter((row) => row.answers.length > 0).length;
  return `${count('COMMITTED')} circles cleared, ${count('REJECTED')} not; ${asked} asked about`;
}
