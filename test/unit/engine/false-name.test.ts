/** A frame that names one attempt and carries the manifest of another changes nothing twice. */
import { expect, it } from 'vitest';
import { hashOf } from '../../../protocol/identity/pid.ts';
import { bareFrame, openFrame } from '../../../protocol/wire/envelope.ts';
import { Village } from './harness.ts';

const LINES = ['boris>anna 100'];

it.each(['anna', 'boris'])('the record of %s is not begun anew', async (victim) => {
  const village = await Village.open({ people: ['anna', 'boris'], lines: LINES });
  await village.pay('anna', 'boris', '5');
  expect(await village.calm()).toBe(true);
  const framesOf = (type: string) =>
    village.sent.filter((passing) => passing.type === type).map(({ frame }) => openFrame(frame));
  const prepare = framesOf('PAYMENT_PREPARE').at(-1);
  const commit = framesOf('PAYMENT_COMMIT').at(-1);
  if (prepare?.type !== 'PAYMENT_PREPARE' || commit?.type !== 'PAYMENT_COMMIT') {
    throw new Error('the payment went without PREPARE and COMMIT');
  }
  const bytes = prepare.body.manifest;
  const manifest = hashOf(Uint8Array.of(1));
  const frame = bareFrame('PAYMENT_COMMIT', { ...commit.body, manifest, bytes });
  village.inject(victim === 'anna' ? 'boris' : 'anna', victim, frame);
  await village.pass(60_000);
  expect(village.owes('anna', 'boris')).toBe(5);
  for (const [name, peer] of [
    ['anna', 'boris'],
    ['boris', 'anna'],
  ] as const) {
    expect(village.book(name, peer)).toMatchObject({ count: 1, held: '0.00' });
  }
});
