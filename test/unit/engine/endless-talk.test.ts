/** Two ends that never agree on their books: what they have to say to each other is bounded in time. */
import { beforeEach, describe, expect, it } from 'vitest';
import { EDGE_TALK } from '../../../node/engine/edges/watches.ts';
import type { MemoryStore } from '../../../node/store/memory.ts';
import { type Hash, hashFromBytes } from '../../../protocol/identity/pid.ts';
import { bareFrame } from '../../../protocol/wire/envelope.ts';
import { type Passing, Village } from './harness.ts';
import { comeBackWith, digestOf, edgeBetween } from './old-books.ts';
import { faultsOf } from './village-audit.ts';

const MINUTE_MS = 60_000;
/** What may be heard of one edge in a minute; each is answered with a digest and a list, or two pages of receipts. */
const HEARD_MAX = EDGE_TALK.burst + EDGE_TALK.perSecond * (MINUTE_MS / 1000);
const ANSWERS_MAX = 2;

let village: Village;
/** Frames that no node has made. */
let invented: WeakSet<Uint8Array>;
let drawn: number;

beforeEach(async () => {
  village = await Village.open({ people: ['anna', 'boris'], lines: ['boris>anna 100'] });
  for (let i = 0; i < 3; i++) await village.pay('anna', 'boris', '1');
  await village.calm();
  invented = new WeakSet();
  drawn = 0;
});

function isTalk({ type }: Passing): boolean {
  return type === 'EDGE_DIGEST' || type === 'EDGE_HISTORY';
}

function say(from: string, to: string, frame: Uint8Array): void {
  invented.add(frame);
  village.inject(from, to, frame);
}

/** A book that is another with every frame, and wants an answer. */
function lie(from: string, to: string): void {
  drawn++;
  const book = digestOf(village, from, to);
  const count = book.count + (drawn % 2);
  const claim = { ...book, balance: BigInt(drawn), count, answer: true };
  say(from, to, bareFrame('EDGE_DIGEST', claim));
}

const PAUSE_MS = 2;
const soon = (work: () => void) => village.clock.after(PAUSE_MS, work);

function appliedBy(disk: MemoryStore): Hash[] {
  return disk
    .snapshot()
    .filter(([key]) => key.startsWith('applied/'))
    .map(([, value]) => hashFromBytes(value));
}

/** What `name` says about its books in one minute. */
async function saidBy(name: string): Promise<number> {
  village.sent.length = 0;
  await village.pass(MINUTE_MS);
  const said = village.sent.filter(
    (passing) => passing.from === name && isTalk(passing) && !invented.has(passing.frame),
  );
  return said.length;
}

describe('what is said about an edge in a minute', () => {
  it('is bounded where one end lies, and answers whatever it hears', async () => {
    village.fate = (passing) => {
      if (!isTalk(passing) || invented.has(passing.frame)) return 'deliver';
      if (passing.to === 'boris') soon(() => lie('boris', 'anna'));
      return passing.from === 'boris' ? 'drop' : 'deliver';
    };
    lie('boris', 'anna');
    const said = await saidBy('anna');
    expect(said).toBeGreaterThan(EDGE_TALK.burst);
    expect(said).toBeLessThanOrEqual(ANSWERS_MAX * HEARD_MAX);
  });

  it('is bounded where both change whatever their nodes say', async () => {
    village.fate = (passing) => {
      if (!isTalk(passing) || invented.has(passing.frame)) return 'deliver';
      soon(() => lie(passing.from, passing.to));
      return 'drop';
    };
    lie('boris', 'anna');
    expect(await saidBy('anna')).toBeLessThanOrEqual(ANSWERS_MAX * HEARD_MAX);
  });

  it('is bounded where one end asks for the same receipts again and again', async () => {
    village.fate = (passing) =>
      isTalk(passing) && passing.from === 'boris' && !invented.has(passing.frame)
        ? 'drop'
        : 'deliver';
    const about = edgeBetween(village, 'boris', 'anna');
    const wanted = appliedBy(village.disk('anna'));
    const part = { base: 0, offset: 0, complete: false, wanted };
    for (let at = 0; at < MINUTE_MS; at += 5) {
      village.clock.after(at, () =>
        say('boris', 'anna', bareFrame('EDGE_HISTORY', { ...about, ...part })),
      );
    }
    const said = await saidBy('anna');
    expect(said).toBeGreaterThan(EDGE_TALK.burst);
    expect(said).toBeLessThanOrEqual(ANSWERS_MAX * HEARD_MAX);
  });

  it('is not so little that honest ends find no way to the same books', async () => {
    const old = village.disk('boris').snapshot();
    for (let i = 0; i < 70; i++) await village.pay('anna', 'boris', '0.01');
    await village.calm();
    await comeBackWith(village, 'boris', old);
    expect(await village.calm()).toBe(true);
    expect(await faultsOf(village)).toEqual([]);
  });
});
