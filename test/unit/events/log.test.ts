/** Events are numbered without gaps, as durable as what they tell of, and kept up to a bound. */
import { describe, expect, it } from 'vitest';
import type { StoreOp } from '../../../node/ports.ts';
import type * as shapes from '../../../node/service/shapes.ts';
import { RESTORED_MARK } from '../../../node/store/keys.ts';
import { GeoError } from '../../../protocol/errors.ts';
import { Village } from '../engine/harness.ts';

const LINES = ['boris>anna 1000', 'cyril>boris 1000'];
const open = (kept = 100_000) =>
  Village.open({
    people: ['anna', 'boris', 'cyril'],
    lines: LINES,
    settings: { events: { kept } },
  });

const numberIn = (cursor: string | null) => Number(cursor?.split('-')[1]);

async function all(village: Village, name: string): Promise<shapes.Event[]> {
  const found: shapes.Event[] = [];
  for (let after = 'oldest'; ; ) {
    const page = await village.run(village.service(name).events({ after, limit: 3 }));
    if (page.cursor === after) return found;
    found.push(...page.events);
    after = page.cursor;
  }
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.catch((thrown: unknown) => thrown);
  if (!(error instanceof GeoError)) throw new Error('it was not refused');
  return error.details.fault;
}

describe('what happens becomes an event', () => {
  it('of a payment at everyone on its way, with the payee told that it has received', async () => {
    const village = await open();
    const paid = await village.pay('anna', 'cyril', '5');
    await village.calm();
    const about = async (name: string) =>
      (await all(village, name))
        .filter((event) => event.tx_id === paid.tx_id)
        .map(({ topic, role, state, amount, peer }) => ({ topic, role, state, amount, peer }));
    const sum = { state: 'COMMITTED', amount: '5.00' };
    const [anna, cyril] = [village.pid('anna'), village.pid('cyril')];
    expect(await about('anna')).toEqual([
      { topic: 'payment.state', role: 'payer', peer: cyril, ...sum },
    ]);
    expect(await about('boris')).toEqual([
      { topic: 'payment.state', role: 'intermediary', peer: cyril, ...sum },
    ]);
    expect(await about('cyril')).toEqual([
      { topic: 'payment.received', role: 'payee', peer: anna, ...sum },
      { topic: 'payment.state', role: 'payee', peer: anna, ...sum },
    ]);
  });

  it('of a refused payment, once, with its reason', async () => {
    const village = await open();
    const refused = await village.pay('anna', 'cyril', '5000');
    expect(refused.state).toBe('ABORTED');
    const events = (await all(village, 'anna')).filter((event) => event.tx_id === refused.tx_id);
    expect(events.map(({ state }) => state)).toEqual(['ABORTED']);
    expect(events[0]?.reason?.code).toBe(refused.reason?.code);
  });

  it('of a line at both of its ends', async () => {
    const village = await open();
    await village.trust('boris>anna 7');
    const last = async (name: string) =>
      (await all(village, name)).filter(({ topic }) => topic === 'trustline.changed').at(-1);
    const same = { topic: 'trustline.changed', equivalent: 'UAH', amount: '7.00' };
    expect(await last('boris')).toMatchObject({ ...same, role: 'given', state: 'COMMITTED' });
    expect(await last('anna')).toMatchObject({ ...same, role: 'received', state: 'COMMITTED' });
  });
});

describe('a page of some topics', () => {
  it('is bounded by what is wanted, not by what lies in between, and ends where the next begins', async () => {
    const village = await open();
    for (const amount of ['1', '2', '3']) await village.pay('anna', 'cyril', amount);
    await village.calm();
    const topics = 'payment.received';
    const read = (after: string, limit: number) =>
      village.run(village.service('cyril').events({ after, topics, limit }));
    const amounts = ({ events }: shapes.EventPage) => events.map(({ amount }) => amount);
    const first = await read('oldest', 2);
    expect(amounts(first)).toEqual(['1.00', '2.00']);
    const second = await read(first.cursor, 2);
    expect(amounts(second)).toEqual(['3.00']);
    expect(await read(second.cursor, 2)).toEqual({ events: [], cursor: second.cursor });
    expect(second.cursor).toBe((await village.service('cyril').events({})).cursor);
  });
});

describe('what is cleared', () => {
  const people = ['anna', 'boris', 'cyril'];
  const lines = ['boris>anna 100', 'cyril>boris 100', 'anna>cyril 100'];

  it('tells of every state that it goes through, at whoever proposes and whoever is asked', async () => {
    const village = await Village.open({ people, lines });
    await village.trust('cyril>boris 100', { auto_clearing: false });
    await village.pay('anna', 'boris', '30');
    await village.pay('boris', 'cyril', '20');
    await village.pay('cyril', 'anna', '10');
    await village.calm();
    const cycle = people.map((name) => village.pid(name));
    const { tx_id: tx } = await village.run(
      village.service('boris').clearCycle({ cycle, equivalent: 'UAH', amount: '10' }),
    );
    await village.calm();
    const answer = { tx_id: tx, accept: true };
    await village.run(village.service('cyril').answerClearing(answer));
    await village.calm();
    for (const name of ['boris', 'cyril']) {
      const events = (await all(village, name)).filter((event) => event.tx_id === tx);
      expect(events.map(({ topic, state }) => `${topic} ${state}`)).toEqual([
        'clearing.proposed PROPOSED',
        'clearing.state WAITING_CONFIRMATIONS',
        'clearing.done COMMITTED',
      ]);
    }
  });

  it('becomes an event at everyone in the circle', async () => {
    const village = await Village.open({ people, lines });
    await village.pay('anna', 'boris', '30');
    await village.pay('boris', 'cyril', '20');
    await village.pay('cyril', 'anna', '10');
    await village.calm();
    const cycle = people.map((name) => village.pid(name));
    const service = village.service('anna');
    const { tx_id: tx } = await village.run(
      service.clearCycle({ cycle, equivalent: 'UAH', amount: '10' }),
    );
    await village.calm();
    for (const name of people) {
      const events = (await all(village, name)).filter((event) => event.tx_id === tx);
      expect(events).toMatchObject([
        { topic: 'clearing.state', state: 'NEW' },
        { topic: 'clearing.done', state: 'COMMITTED', amount: '10.00', equivalent: 'UAH' },
      ]);
    }
  });
});

describe('a cursor', () => {
  it('goes on where it was, over kills around every write', async () => {
    const village = await open();
    const seen: shapes.Event[] = [];
    let cursor = (await village.run(village.service('cyril').events({}))).cursor;
    const read = async () => {
      const page = await village.run(village.service('cyril').events({ after: cursor }));
      seen.push(...page.events);
      cursor = page.cursor;
    };
    const first = numberIn(cursor) + 1;
    const paid: string[] = [];
    for (let i = 0; i < 12; i++) {
      const touches = (ops: readonly StoreOp[]) => ops.some(({ key }) => key.startsWith('event/'));
      const kill = i % 2 === 0 ? 'kill-before' : 'kill-after';
      village.life('cyril').fate = (ops) => (i % 3 < 2 && touches(ops) ? kill : 'write');
      const work = village.begin('anna', 'cyril', '1').catch(() => undefined);
      await village.pass(500);
      await read().catch(() => undefined);
      if (!village.isUp('cyril')) await village.restart('cyril');
      const payment = await village.run(work);
      await village.calm();
      if (payment?.state === 'COMMITTED') paid.push(payment.tx_id);
      await read();
    }
    expect(paid.length).toBeGreaterThan(0);
    const received = seen.filter(({ topic }) => topic === 'payment.received');
    expect(received.map((event) => event.tx_id).sort()).toEqual([...paid].sort());
    expect(seen.map((event) => numberIn(event.cursor))).toEqual(seen.map((_, i) => first + i));
  });

  it('is gone when what followed it is no longer kept, also after a restart', async () => {
    const village = await open(100);
    const { cursor } = await village.run(village.service('anna').events({ after: 'oldest' }));
    for (let i = 0; i < 100; i++) await village.pay('anna', 'boris', '0.01');
    await village.calm();
    for (const again of [false, true]) {
      if (again) await village.restart('anna');
      const service = village.service('anna');
      expect(await refusal(village.run(service.events({ after: '0-0' })))).toBe('cursor_too_old');
      const kept = await all(village, 'anna');
      expect(kept).toHaveLength(100);
      expect(numberIn(cursor)).toBeLessThan(numberIn(kept[0]!.cursor));
      const stored = village.disk('anna').snapshot();
      expect([...stored].filter(([key]) => key.startsWith('event/'))).toHaveLength(100);
    }
  });

  it('of books that were restored since, or that never was one, is refused', async () => {
    const village = await open();
    const service = village.service('anna');
    for (const after of ['0-99999', 'zz-1']) {
      expect(await refusal(village.run(service.events({ after })))).toBe('cursor_of_other_books');
    }
    for (const after of ['', '1', '0-', '0-x', '0--1']) {
      expect(await refusal(village.run(service.events({ after })))).toBe('bad_cursor');
    }
    expect(await refusal(village.run(service.events({ topics: 'weather' })))).toBe('unknown_topic');
    const { cursor } = await village.run(service.events({}));
    await village.kill('anna');
    const now = new TextEncoder().encode(String(village.clock.now()));
    await village.disk('anna').write([{ type: 'put', key: `meta/${RESTORED_MARK}`, value: now }]);
    await village.restart('anna');
    const restored = village.service('anna').events({ after: cursor });
    expect(await refusal(village.run(restored))).toBe('cursor_of_other_books');
  });

  it('survives a write that failed and was on the disk all the same', async () => {
    const village = await open();
    const before = (await all(village, 'cyril')).length;
    let surfaced = false;
    village.life('cyril').fate = (ops) => {
      if (surfaced || !ops.some(({ key }) => key.startsWith('event/'))) return 'write';
      surfaced = true;
      return 'surface';
    };
    await village.pay('anna', 'cyril', '1');
    await village.calm();
    await village.pay('anna', 'cyril', '2');
    await village.calm();
    expect(surfaced).toBe(true);
    const events = await all(village, 'cyril');
    expect(events.map((event) => numberIn(event.cursor))).toEqual(events.map((_, i) => i + 1));
    const received = events.slice(before).filter(({ topic }) => topic === 'payment.received');
    expect(received.map(({ amount }) => amount)).toEqual(['1.00', '2.00']);
  });
});
