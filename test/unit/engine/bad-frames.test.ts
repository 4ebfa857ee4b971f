/**
 * What a hostile or broken peer may send: every frame gets a coded answer or is dropped, nothing of
 * it is kept, and the node goes on. Mallory is a stranger who can reach Boris.
 */
import { describe, expect, it } from 'vitest';
import { encodeManifest, openManifest } from '../../../protocol/machines/manifest.ts';
import { DEFAULT_POLICY } from '../../../protocol/machines/trust-line.ts';
import { encode } from '../../../protocol/wire/cbor.ts';
import { bareFrame, openFrame, seal, signedFrame } from '../../../protocol/wire/envelope.ts';
import type { MessageName } from '../../../protocol/wire/message-types.ts';
import type { Manifest, Order } from '../../../protocol/wire/messages/payment.ts';
import type { LineState } from '../../../protocol/wire/messages/trust-line.ts';
import { NOW, type Person, UAH } from '../machines/sample-payment.ts';
import { Village } from './harness.ts';
import { faultsOf } from './village-audit.ts';

const open = () =>
  Village.open({
    people: ['anna', 'boris', 'cyril', 'mallory'],
    lines: ['boris>anna 100', 'cyril>boris 100', 'boris>mallory 10'],
  });

const EMPTY = { votes: [], withdrawals: [], applied: [] };
const HASH = '0'.repeat(64);

function signed(by: Person, type: MessageName, body: object, as = type): Uint8Array {
  const { publicKey, sign } = by.signer;
  return signedFrame(
    as,
    seal(type, body as never, publicKey, (message) => sign(message)),
  );
}

function frameOf(number: unknown, body: unknown): Uint8Array {
  return encode([number, body] as never);
}

/** A trust line of mallory's, as sound as any. */
function line(village: Village, change: Partial<LineState> = {}): LineState {
  return {
    from_key: village.person('mallory').signer.publicKey,
    to: village.person('boris').pid,
    equivalent: UAH,
    precision: 2,
    limit: 500n,
    status: 'active',
    policy: DEFAULT_POLICY,
    sequence: 1,
    changed: NOW,
    ...change,
  };
}

/** Mallory pays Boris 1.00, coordinating herself. */
function order(village: Village, change: Partial<Order> = {}): Order {
  const now = village.clock.now();
  const mallory = village.person('mallory');
  return {
    payer_key: mallory.signer.publicKey,
    payee: village.person('boris').pid,
    equivalent: UAH,
    precision: 2,
    amount: 100n,
    max_hops: 3,
    max_paths: 1,
    avoid: [],
    coordinator: mallory.pid,
    nonce: new Uint8Array(16),
    created: now,
    expires: now + 10_000,
    ...change,
  };
}

function manifest(village: Village, change: Partial<Order> = {}, signer = 'mallory'): Manifest {
  const [mallory, boris] = [village.person('mallory'), village.person('boris')];
  const body = order(village, change);
  const { publicKey, sign } = village.person(signer).signer;
  return {
    kind: 'payment',
    order: seal('PAYMENT_REQUEST', body, publicKey, (message) => sign(message)),
    attempt: 1,
    participants: [mallory.pid, boris.pid],
    agents: [1, 0],
    routes: [{ path: [0, 1], amount: body.amount }],
    voters: [boris.signer.publicKey, mallory.signer.publicKey],
    prepare_by: village.clock.now() + 1_000,
  };
}

function prepare(whole: Manifest): Uint8Array {
  return bareFrame('PAYMENT_PREPARE', { manifest: encodeManifest(whole), contacts: [] });
}

/** What Boris answers Mallory, as `[code, fault]`. */
async function answerTo(village: Village, frame: Uint8Array, from = 'mallory') {
  village.sent.length = 0;
  village.inject(from, 'boris', frame);
  await village.pass(50);
  const answers = village.sent.filter((each) => each.from === 'boris' && each.to === from);
  const errors = answers.flatMap(({ frame: bytes }) => {
    const opened = openFrame(bytes);
    return opened.type === 'ERROR' ? [opened.body] : [];
  });
  return errors.map(({ code, fault }) => [code, fault]);
}

/** Why Boris votes NO, as `[code, fault]`. */
async function voteOn(village: Village, whole: Manifest) {
  village.sent.length = 0;
  village.inject('mallory', 'boris', prepare(whole));
  await village.pass(50);
  return village.sent.flatMap(({ from, frame }): unknown[] => {
    if (from !== 'boris') return [];
    const opened = openFrame(frame);
    if (opened.type !== 'PAYMENT_PREPARE_ACK') return [];
    const { yes, code, fault } = opened.body;
    return yes ? ['YES'] : [[code, fault]];
  });
}

async function expectUnharmed(village: Village): Promise<void> {
  expect(await village.pay('anna', 'cyril', '1')).toMatchObject({ state: 'COMMITTED' });
  expect(await village.calm()).toBe(true);
  expect(await faultsOf(village)).toEqual([]);
}

describe('bytes that are no frame', () => {
  const ping = bareFrame('PING', { nonce: new Uint8Array(8) });
  const nested = new Uint8Array(60_000).fill(0x81);
  const cases: readonly [string, Uint8Array, string][] = [
    ['a lone zero', Uint8Array.of(0), 'bad_frame'],
    ['text', encode('hello'), 'bad_frame'],
    ['an array of one', encode([112]), 'bad_frame'],
    ['an array of three', encode([112, new Uint8Array(0), 1]), 'bad_frame'],
    ['a number that is text', frameOf('112', new Uint8Array(0)), 'bad_frame'],
    ['a number beyond 2^53', frameOf(2n ** 60n, new Uint8Array(0)), 'bad_frame'],
    ['a body that is no byte string', frameOf(112, 'x'), 'bad_frame'],
    ['an unknown number', frameOf(9_999, new Uint8Array(0)), 'unknown_message'],
    ['a negative number', frameOf(-1, new Uint8Array(0)), 'unknown_message'],
    ['a truncated one', ping.subarray(0, ping.length - 1), 'bad_cbor'],
    ['one with a byte behind it', Uint8Array.of(...ping, 0), 'bad_cbor'],
    ['a head that is not the shortest', Uint8Array.of(0x98, 2, ...ping.subarray(1)), 'bad_cbor'],
    ['an indefinite length', Uint8Array.of(0x9f, ...ping.subarray(1), 0xff), 'bad_cbor'],
    ['a float', Uint8Array.of(0x82, 0xf9, 0x3c, 0, 0x40), 'bad_cbor'],
    ['a tag', Uint8Array.of(0xc1, ...ping), 'bad_cbor'],
    [
      'a length that promises gigabytes',
      Uint8Array.of(0x82, 0x18, 112, 0x5a, 0x7f, 255, 255, 255),
      'bad_cbor',
    ],
    ['sixty thousand nested arrays', nested, 'bad_cbor'],
    ['an empty body', frameOf(112, new Uint8Array(0)), 'bad_cbor'],
    ['a body of another shape', frameOf(112, encode({ nonce: new Uint8Array(7) })), 'bad_message'],
    [
      'a body with a field too many',
      frameOf(112, encode({ nonce: new Uint8Array(8), x: 1 })),
      'bad_message',
    ],
    ['a bare body where its author must sign', frameOf(1, encode({})), 'bad_envelope'],
  ];

  it.each(cases)('%s', async (_, frame, fault) => {
    const village = await open();
    expect(await answerTo(village, frame)).toEqual([['E009', fault]]);
    await expectUnharmed(village);
  });

  it('an ERROR is never answered, so that errors cannot echo', async () => {
    const village = await open();
    const frame = bareFrame('ERROR', { code: 'E010', fault: 'x', text: 'y' });
    expect(await answerTo(village, frame)).toEqual([]);
  });
});

describe('signed things', () => {
  it('of another type: the signature is worth nothing for this one', async () => {
    const village = await open();
    const mallory = village.person('mallory');
    const frame = signed(mallory, 'TRUST_LINE_UPDATE', line(village), 'TRUST_LINE_CREATE');
    expect(await answerTo(village, frame)).toEqual([['E005', 'bad_signature']]);
    expect(village.service('boris').trustLines()).toHaveLength(3);
    await expectUnharmed(village);
  });

  it('of another signer', async () => {
    const village = await open();
    const frame = signed(village.person('anna'), 'TRUST_LINE_CREATE', line(village));
    expect(await answerTo(village, frame)).toEqual([['E005', 'bad_signature']]);
  });

  it('with one bit turned', async () => {
    const village = await open();
    const frame = signed(village.person('mallory'), 'TRUST_LINE_CREATE', line(village));
    frame[frame.length - 1]! ^= 1;
    expect(await answerTo(village, frame)).toEqual([['E005', 'bad_signature']]);
  });

  it('of the right signer are taken: the cases above are refused for nothing else', async () => {
    const village = await open();
    const frame = signed(village.person('mallory'), 'TRUST_LINE_CREATE', line(village));
    expect(await answerTo(village, frame)).toEqual([]);
    expect(village.service('boris').trustLines()).toHaveLength(4);
  });

  it('with an amount of 2^63, or below 0', async () => {
    const village = await open();
    const mallory = village.person('mallory');
    const sound = signed(mallory, 'TRUST_LINE_CREATE', line(village, { limit: 2n ** 63n - 1n }));
    const most = Buffer.from(encode(2n ** 63n - 1n));
    for (const amount of [2n ** 63n, -1n * 2n ** 62n]) {
      const frame = Buffer.from(sound);
      Buffer.from(encode(amount)).copy(frame, frame.indexOf(most));
      expect(await answerTo(village, new Uint8Array(frame))).toEqual([['E009', 'bad_message']]);
    }
  });
});

describe('messages from somebody who has no say', () => {
  it('a PREPARE that does not come from its coordinator', async () => {
    const village = await open();
    const frame = prepare(manifest(village));
    expect(await answerTo(village, frame, 'anna')).toEqual([['E006', 'wrong_sender']]);
  });

  it('a manifest of others', async () => {
    const village = await open();
    const others = manifest(village);
    const cyril = village.person('cyril');
    const whole = {
      ...others,
      order: signedOrder(village, { payee: cyril.pid }),
      participants: [village.person('mallory').pid, cyril.pid],
      voters: [cyril.signer.publicKey, others.voters[1]!],
    };
    expect(await answerTo(village, prepare(whole))).toEqual([['E006', 'not_a_voter']]);
  });

  it.each(['STATUS_QUERY', 'WITHDRAW_REQUEST'] as const)(
    'a %s of one who is no voter',
    async (type) => {
      const village = await open();
      const about = { manifest: encodeManifest(manifest(village)), evidence: EMPTY };
      const frame =
        type === 'STATUS_QUERY' ? bareFrame(type, { ...about, round: 1 }) : bareFrame(type, about);
      expect(await answerTo(village, frame, 'anna')).toEqual([['E006', 'not_a_voter']]);
    },
  );

  it('an order for this node to coordinate', async () => {
    const village = await open();
    const frame = signed(village.person('mallory'), 'PAYMENT_REQUEST', order(village));
    expect(await answerTo(village, frame)).toEqual([['E006', 'not_a_coordinator']]);
  });

  it('an acknowledgement of a line that is not the sender’s to acknowledge', async () => {
    const village = await open();
    const frame = bareFrame('TRUST_LINE_ACK', {
      from: village.person('boris').pid,
      to: village.person('anna').pid,
      equivalent: UAH,
      sequence: 1,
      accepted: false,
    });
    expect(await answerTo(village, frame)).toEqual([['E006', 'wrong_sender']]);
  });

  it.each(['PAYMENT_COMMIT', 'PAYMENT_ABORT', 'STATUS_REPLY'] as const)(
    'a %s about what nobody knows is dropped',
    async (type) => {
      const village = await open();
      const about = { tx: HASH, attempt: 1, manifest: HASH, evidence: EMPTY } as never;
      const frame =
        type === 'STATUS_REPLY'
          ? bareFrame(type, { ...(about as object), round: 0, stance: 'doubt' } as never)
          : bareFrame(type, about);
      expect(await answerTo(village, frame)).toEqual([]);
      await expectUnharmed(village);
    },
  );
});

describe('an order that cannot be honoured gets a NO with its reason', () => {
  it.each([
    ['expired', { expires: -1, created: -2_000 }, ['E007', 'order_expired']],
    ['from a clock far ahead', { created: 200_000, expires: 210_000 }, ['E009', 'clock_off']],
    [
      'that lives longer than a day',
      { created: 0, expires: 2 * 86_400_000 },
      ['E009', 'order_life'],
    ],
    ['in an equivalent unknown here', { equivalent: 'XYZ' }, ['E004', 'no_line']],
    ['that counts with another precision', { precision: 4 }, ['E009', 'precision_differs']],
    ['above what trust allows', { amount: 1_001n }, ['E002', 'insufficient_capacity']],
    ['of 2^63 − 1', { amount: 2n ** 63n - 1n }, ['E002', 'insufficient_capacity']],
  ])('%s', async (_, { created, expires, ...change }: Record<string, unknown>, reason) => {
    const village = await open();
    const now = village.clock.now();
    const times = { ...at(now, 'created', created), ...at(now, 'expires', expires) };
    expect(await voteOn(village, manifest(village, { ...change, ...times } as never))).toEqual([
      reason,
    ]);
    await expectUnharmed(village);
  });

  it('a sound one gets a YES: those above are refused for nothing else', async () => {
    const village = await open();
    expect(await voteOn(village, manifest(village))).toEqual(['YES']);
  });

  it('a node whose own clock is far off says so to its user, and pays again once it is right', async () => {
    const village = await open();
    village.setClock('anna', 600_000);
    const refused = await village.pay('anna', 'cyril', '1');
    expect(refused).toMatchObject({ state: 'ABORTED', reason: { code: 'E009' } });
    expect(refused.reason?.details.fault).toBe('clock_off');
    village.setClock('anna', 0);
    await village.pass(1_000);
    await expectUnharmed(village);
  });
});

describe('replayed', () => {
  it('every frame of a payment again, from its sender and from a stranger: nothing changes', async () => {
    const village = await open();
    village.sent.length = 0;
    await village.pay('anna', 'cyril', '7');
    await village.calm();
    const before = village.names.map((name) => village.service(name).books());
    const frames = [...village.sent];
    for (const { from, to, frame } of [...frames, ...frames.toReversed()]) {
      village.inject(from, to, frame);
      village.inject('mallory', to === 'mallory' ? 'boris' : to, frame);
    }
    await village.pass(5_000);
    expect(village.names.map((name) => village.service(name).books())).toEqual(before);
    await expectUnharmed(village);
  });

  it('an old version of a trust line: acknowledged, not adopted', async () => {
    const village = await open();
    village.sent.length = 0;
    await village.trust('boris>anna 50');
    const old = village.sent.find(({ type }) => type === 'TRUST_LINE_UPDATE')!;
    await village.trust('boris>anna 60');
    village.inject('mallory', 'anna', old.frame);
    village.inject('boris', 'anna', old.frame);
    await village.pass(100);
    expect(village.book('anna', 'boris').limit_received).toBe('60.00');
    await expectUnharmed(village);
  });
});

describe('a forged vote', () => {
  it('is dropped: the coordinator counts only what the voter itself has signed', async () => {
    const village = await open();
    await village.learnRoutes('anna', 'cyril', '5');
    village.fate = ({ type, from }) =>
      type === 'PAYMENT_PREPARE_ACK' && from === 'cyril' ? 'drop' : 'deliver';
    const paying = village.begin('anna', 'cyril', '5');
    await village.pass(50);
    village.fate = () => 'deliver';
    const sent = village.sent.findLast(({ type }) => type === 'PAYMENT_PREPARE')!;
    const opened = openFrame(sent.frame);
    if (opened.type !== 'PAYMENT_PREPARE') throw new Error('not a PREPARE');
    const { tx, attempt, hash } = openManifest(opened.body.manifest);
    const vote = { tx, attempt, manifest: hash, yes: true };
    village.inject('cyril', 'anna', signed(village.person('mallory'), 'PAYMENT_PREPARE_ACK', vote));
    village.inject(
      'mallory',
      'anna',
      signed(village.person('mallory'), 'PAYMENT_PREPARE_ACK', vote),
    );
    expect(await village.run(paying)).toMatchObject({
      state: 'ABORTED',
      reason: { details: { fault: 'votes_missing' } },
    });
    await expectUnharmed(village);
  });
});

function signedOrder(village: Village, change: Partial<Order>): Uint8Array {
  const { publicKey, sign } = village.person('mallory').signer;
  return seal('PAYMENT_REQUEST', order(village, change), publicKey, (message) => sign(message));
}

/** A time of an order, relative to now, if there is one. */
function at(now: number, name: string, offset: unknown): Record<string, number> {
  return typeof offset === 'number' ? { [name]: now + offset } : {};
}
