/** The second half of the story: payments, several at a time, and a node that is killed among them. */
import { randomBytes } from 'node:crypto';
import type { ErrorBody, Payment, PayRequest } from '../../node/service/shapes.ts';
import { GeoError } from '../../protocol/errors.ts';
import type { CommunityPayment, Expectation, PaymentPlan } from '../community/community.ts';
import { atOnce, eventually, pause } from '../testnet/at-once.ts';
import type { Progress } from './progress.ts';
import type { PaymentRow } from './report.ts';
import type { Roster } from './roster.ts';

const PAYMENTS_AT_ONCE = 8;
/** The file's author expects something of these; the fewer compete for a line, the surer it comes true. */
const OWN_PAYMENTS_AT_ONCE = 3;
/** How long a payment may take before its payer's node answers with what it knows, ms. */
const TIMEOUT_MS = 30_000;
/** How long a payer keeps asking a node that is down, ms. */
const PATIENCE_MS = 90_000;
const POLL_MS = 100;
/** How long to wait for the node that is to be killed to be busy with a payment, ms. */
const BUSY_MS = 5_000;
/** How long the killed node stays down: long enough for its peers to notice, ms. */
const DOWN_MS = 500;
/** With fewer generated payments the crash comes among the file's own. */
const CRASH_NEEDS_PAYMENTS = 10;

export interface MadePayment extends PaymentRow {
  /** What the file says will become of it. */
  readonly expect: Expectation | null;
}

export interface Crash {
  readonly victim: string;
  /** All that went down with it: the nodes of its process. */
  readonly died: readonly string[];
  /** Payments that it was in the middle of when it was killed. */
  readonly attempts: number;
  /** From the kill until all answered again. */
  readonly ms: number;
}

export interface Payments {
  readonly rows: readonly MadePayment[];
  readonly crash: Crash | null;
}

/**
 * The file's own payments, several at a time, and when they are done the generated ones, which would
 * otherwise use up lines that the file's author counts on.
 */
export async function payAll(
  roster: Roster,
  own: readonly CommunityPayment[],
  generated: readonly PaymentPlan[],
  progress: Progress,
): Promise<Payments> {
  const total = own.length + generated.length;
  const crashAt =
    generated.length >= CRASH_NEEDS_PAYMENTS
      ? own.length + Math.floor(generated.length / 2)
      : Math.floor(total / 2);
  // By their place in the plan: they end in another order than they begin.
  const made = new Map<number, MadePayment>();
  let begun = 0;
  let crash: Promise<Crash> | null = null;
  return await progress.step(
    'payments',
    total,
    async (step) => {
      const pay = async (plan: PaymentPlan & { readonly expect?: Expectation | null }) => {
        const place = begun++;
        if (place === crashAt && total > 1) {
          crash = crashWhileBusy(roster, victimIn(roster, [...made.values()]), progress);
          // Watched from here on: if a payment fails before it is awaited, it must not go unhandled.
          crash.catch(() => undefined);
        }
        made.set(place, { ...(await makePayment(roster, plan)), expect: plan.expect ?? null });
        step.update(made.size, tally([...made.values()]));
      };
      await atOnce(OWN_PAYMENTS_AT_ONCE, own, pay);
      await atOnce(PAYMENTS_AT_ONCE, generated, pay);
      const rows = [...made].toSorted(([a], [b]) => a - b).map(([, row]) => row);
      return { rows, crash: await crash };
    },
    ({ rows }) => tally(rows),
  );
}

function tally(rows: readonly PaymentRow[]): string {
  const count = (state: string) => rows.filter((row) => row.state === state).length;
  return `${count('COMMITTED')} committed, ${count('ABORTED')} refused`;
}

/** One payment, asked for with one nonce until its payer's node answers, however often that node goes down. */
async function makePayment(roster: Roster, plan: PaymentPlan): Promise<PaymentRow> {
  const { from, to, equivalent } = plan;
  const amount = roster.text(plan.amount, equivalent);
  const request: PayRequest = {
    peer: roster.pid(to),
    equivalent,
    amount,
    timeout_ms: TIMEOUT_MS,
    nonce: randomBytes(16).toString('hex'),
  };
  const planned = { from, to, equivalent, amount };
  const started = performance.now();
  const elapsed = () => Math.round(performance.now() - started);
  try {
    const payment = await eventually(PATIENCE_MS, POLL_MS, () =>
      payUnlessDown(roster, from, request),
    );
    if (payment !== undefined) return paymentRow(roster, planned, payment, elapsed());
    const reason = `E007 daemon_unreachable: the node of ${from} did not come back`;
    return { ...planned, tx_id: null, state: 'NEW', reason, routes: [], ms: elapsed() };
  } catch (error) {
    if (!(error instanceof GeoError)) throw error;
    // Refused before there was an order: nothing happened anywhere.
    const reason = reasonText(error.toJSON());
    return { ...planned, tx_id: null, state: 'ABORTED', reason, routes: [], ms: elapsed() };
  }
}

async function payUnlessDown(
  roster: Roster,
  from: string,
  request: PayRequest,
): Promise<Payment | undefined> {
  try {
    return await roster.participant(from).pay(request);
  } catch (error) {
    const fault = error instanceof GeoError ? error.details.fault : '';
    if (fault === 'daemon_gone' || fault === 'daemon_unreachable') return undefined;
    throw error;
  }
}

/** A payment as the report has it, from what its payer's node says. */
export function paymentRow(
  roster: Roster,
  planned: Pick<PaymentRow, 'from' | 'to' | 'equivalent' | 'amount'>,
  payment: Payment,
  ms: number,
): PaymentRow {
  const { tx_id, state, reason, routes } = payment;
  return {
    ...planned,
    tx_id,
    state,
    reason: reason === null ? null : reasonText(reason),
    routes: routes.map(({ path, amount }) => ({ path: path.map((pid) => roster.id(pid)), amount })),
    ms,
  };
}

/** As rows of the report have it. */
export function reasonText({ code, details, message }: ErrorBody): string {
  return `${code} ${details.fault}: ${message}`;
}

/** Whose loss hurts most: the hub, or the busiest. */
function victimIn(roster: Roster, rows: readonly PaymentRow[]): string {
  return roster.community.hub?.id ?? busiest(roster, rows);
}

/** The active participant that most payments went through so far. */
function busiest(roster: Roster, rows: readonly PaymentRow[]): string {
  const scores = new Map<string, number>();
  const score = (id: string, points: number) => scores.set(id, (scores.get(id) ?? 0) + points);
  const { participants, trustLines } = roster.community;
  for (const row of rows) {
    for (const { path } of row.routes) {
      // A carried payment outweighs any number of lines, which decide only among equals.
      for (const id of path.slice(1, -1)) score(id, trustLines.length * 2);
    }
  }
  for (const { from, to } of trustLines) {
    score(from, 1);
    score(to, 1);
  }
  const active = participants.filter((each) => each.participation === 'active');
  const ranked = active.toSorted((a, b) => (scores.get(b.id) ?? 0) - (scores.get(a.id) ?? 0));
  return (ranked[0] ?? participants[0]!).id;
}

/** Waits until the node is in the middle of a payment, kills it there, and starts it again. */
async function crashWhileBusy(roster: Roster, victim: string, progress: Progress): Promise<Crash> {
  const { net } = roster;
  const attempts = await eventually(BUSY_MS, 0, async () => {
    const { attempts_live } = await roster.client(victim).status();
    return attempts_live > 0 ? attempts_live : undefined;
  });
  const died = await net.kill(victim);
  const started = performance.now();
  const others = died.length > 1 ? ` and ${died.length - 1} more nodes of its process` : '';
  progress.say(
    `  SIGKILL to ${roster.name(victim)}${others}, in the middle of ${attempts ?? 0} payments`,
  );
  await pause(DOWN_MS);
  await net.restart(victim);
  const ms = Math.round(performance.now() - started);
  progress.say(`  ${roster.name(victim)}${others} back after ${(ms / 1000).toFixed(1)} s`);
  return { victim, died, attempts: attempts ?? 0, ms };
}
