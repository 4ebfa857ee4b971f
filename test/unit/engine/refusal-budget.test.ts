/** What a stranger can make a node keep by naming it in manifests that it must refuse. */
import { describe, expect, it } from 'vitest';
import { encodeManifest } from '../../../protocol/machines/manifest.ts';
import { bareFrame, openFrame, seal } from '../../../protocol/wire/envelope.ts';
import type { Manifest } from '../../../protocol/wire/messages/payment.ts';
import { UAH } from '../machines/sample-payment.ts';
import { Village } from './harness.ts';

const BUDGET = 64 * 1024;
const DAY_MS = 24 * 3600 * 1000;
const EMPTY = { votes: [], withdrawals: [], applied: [] };

const open = () =>
  Village.open({
    people: ['anna', 'boris', 'eve'],
    lines: ['boris>anna 100'],
    settings: { limits: { refused_bytes_per_day: BUDGET } },
  });

/** `from` pays Boris, coordinating itself; there need be no line between them. */
function manifest(village: Village, from: string, nonce: number): Manifest {
  const { pid, signer } = village.person(from);
  const boris = village.person('boris');
  const now = village.clock.now();
  const order = {
    payer_key: signer.publicKey,
    payee: boris.pid,
    equivalent: UAH,
    precision: 2,
    amount: 100n,
    max_hops: 3,
    max_paths: 1,
    avoid: [],
    coordinator: pid,
    nonce: Uint8Array.from({ length: 16 }, (_, i) => (i < 4 ? (nonce >> (8 * i)) & 0xff : 0)),
    created: now,
    expires: now + 10_000,
  };
  return {
    kind: 'payment',
    order: seal('PAYMENT_REQUEST', order, signer.publicKey, (message) => signer.sign(message)),
    attempt: 1,
    participants: [pid, boris.pid],
    agents: [1, 0],
    routes: [{ path: [0, 1], amount: 100n }],
    voters: [boris.signer.publicKey, signer.publicKey],
    prepare_by: now + 1_000,
  };
}

const query = (bytes: Uint8Array) =>
  bareFrame('STATUS_QUERY', { manifest: bytes, round: 1, evidence: EMPTY });
const prepare = (bytes: Uint8Array) =>
  bareFrame('PAYMENT_PREPARE', { manifest: bytes, contacts: [] });

/** What Boris answers to one frame: message types, or the fault of a refusal. */
async function answer(village: Village, from: string, frame: Uint8Array): Promise<string[]> {
  village.sent.length = 0;
  village.inject(from, 'boris', frame);
  await village.pass(20);
  return village.sent
    .filter((passing) => passing.from === 'boris' && passing.to === from)
    .map((passing) => {
      const opened = openFrame(passing.frame);
      return opened.type === 'ERROR' ? opened.body.fault : opened.type;
    });
}

const kept = async (village: Village) => {
  let entries = 0;
  for await (const [key] of village.disk('boris').scan({ gte: 'manifest/', lt: 'manifest0' })) {
    if (key !== '') entries++;
  }
  return entries;
};

/** Asks until Boris has had enough; returns how many he has answered. */
async function exhaust(
  village: Village,
  frameOf: (bytes: Uint8Array) => Uint8Array,
): Promise<number> {
  for (let asked = 0; ; asked++) {
    const frame = frameOf(encodeManifest(manifest(village, 'eve', asked)));
    const [said] = await answer(village, 'eve', frame);
    if (said === 'too_many_refusals') return asked;
    expect(said).toBe(frameOf === query ? 'STATUS_REPLY' : 'PAYMENT_PREPARE_ACK');
  }
}

describe('a stranger that names a node in payments which it must refuse', () => {
  it.each([
    ['by asking for outcomes', query],
    ['by proposing them', prepare],
  ] as const)('fills no more than the budget %s', async (_how, frameOf) => {
    const village = await open();
    await village.introduce('eve', 'boris');
    const size = encodeManifest(manifest(village, 'eve', 0)).length;
    const before = await kept(village);
    const answered = await exhaust(village, frameOf);
    expect(answered).toBe(Math.floor(BUDGET / size));
    expect(await kept(village)).toBe(before + answered);
  });

  it('takes nothing from a neighbour', async () => {
    const village = await open();
    await village.introduce('eve', 'boris');
    await exhaust(village, query);
    const stranded = query(encodeManifest(manifest(village, 'anna', 1)));
    expect(await answer(village, 'anna', stranded)).toEqual(['STATUS_REPLY']);
    expect((await village.pay('anna', 'boris', '5')).state).toBe('COMMITTED');
  });

  it('is answered again when the day is over, and the same as before where there is a record', async () => {
    const village = await open();
    await village.introduce('eve', 'boris');
    const first = encodeManifest(manifest(village, 'eve', 0));
    await exhaust(village, query);
    expect(await answer(village, 'eve', query(first))).toEqual(['STATUS_REPLY']);
    await village.pass(DAY_MS);
    const later = encodeManifest(manifest(village, 'eve', 9_999));
    expect(await answer(village, 'eve', query(later))).toEqual(['STATUS_REPLY']);
  });
});
