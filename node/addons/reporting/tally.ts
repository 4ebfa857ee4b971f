/** What the reporting add-on keeps: what was paid, counted once each, and samples of the past. */
import type { AddonStore, Event } from '../define.ts';
import type { Sample } from './community.ts';
import { unitsOf } from './facts.ts';

interface Paid {
  /** Smallest unit, as text. */
  readonly amount: string;
  readonly payments: number;
}

/** Points of a curve; more are thinned out. */
const POINTS_MAX = 400;
const PAGE = 1_000;
/** The last event that is counted: an event that comes twice is counted once. */
const COUNTED = 'counted';

const sampleKey = (equivalent: string, time: number) =>
  `sample/${equivalent}/${String(time).padStart(15, '0')}`;

export class Tally {
  readonly #store: AddonStore;

  constructor(store: AddonStore) {
    this.#store = store;
  }

  /** Takes a payment that has committed into account. */
  async count(event: Event, precision: number): Promise<void> {
    const { cursor, equivalent, amount, state } = event;
    if (cursor === null || amount === null || state !== 'COMMITTED') return;
    const counted = (await this.#store.get(COUNTED)) as string | undefined;
    if (counted !== undefined && !isAfter(cursor, counted)) return;
    const paid = await this.paid(equivalent ?? '');
    const sum = BigInt(paid.amount) + unitsOf(amount, precision);
    await this.#store.write({
      [COUNTED]: cursor,
      [`paid/${equivalent}`]: { amount: String(sum), payments: paid.payments + 1 },
    });
  }

  async paid(equivalent: string): Promise<Paid> {
    const known = await this.#store.get(`paid/${equivalent}`);
    return (known as unknown as Paid | undefined) ?? { amount: '0', payments: 0 };
  }

  /** Keeps a sample, and drops the oldest beyond `kept`. */
  async keep(equivalent: string, sample: Sample, kept: number): Promise<void> {
    const { debt, limits, paid, removed, ...numbers } = sample;
    await this.#store.write({
      [sampleKey(equivalent, sample.time)]: {
        ...numbers,
        debt: String(debt),
        limits: String(limits),
        paid: String(paid),
        removed: String(removed),
      },
    });
    const old = (await this.#keys(equivalent)).slice(0, -kept);
    for (let from = 0; from < old.length; from += 100) {
      const dropped = old.slice(from, from + 100).map((key) => [key, null] as const);
      await this.#store.write(Object.fromEntries(dropped));
    }
  }

  /** Oldest first, thinned out evenly. */
  async samples(equivalent: string): Promise<Sample[]> {
    const rows = await this.#rows(equivalent);
    const step = Math.max(1, Math.ceil(rows.length / POINTS_MAX));
    return rows
      .filter((_, index) => index % step === 0 || index === rows.length - 1)
      .map(({ value }) => {
        const row = value as unknown as Record<keyof Sample, number | string>;
        return {
          time: Number(row.time),
          participants: Number(row.participants),
          lines: Number(row.lines),
          payments: Number(row.payments),
          debt: BigInt(row.debt),
          limits: BigInt(row.limits),
          paid: BigInt(row.paid),
          removed: BigInt(row.removed),
        };
      });
  }

  async #keys(equivalent: string): Promise<string[]> {
    return (await this.#rows(equivalent)).map(({ key }) => key);
  }

  async #rows(equivalent: string): ReturnType<AddonStore['list']> {
    const rows: Awaited<ReturnType<AddonStore['list']>> = [];
    for (;;) {
      const after = rows.at(-1)?.key ?? '';
      const page = await this.#store.list({ prefix: `sample/${equivalent}/`, after, limit: PAGE });
      rows.push(...page);
      if (page.length < PAGE) return rows;
    }
  }
}

/** Cursors of the same books are numbered; those of other books are new. */
function isAfter(cursor: string, counted: string): boolean {
  const [epoch, number] = cursor.split('-');
  const [before, last] = counted.split('-');
  return epoch !== before || Number(number) > Number(last);
}
