/** Trust lines and their delivery between whole nodes. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../../protocol/machines/trust-line.ts';
import { seal, signedFrame } from '../../../protocol/wire/envelope.ts';
import type { LineState } from '../../../protocol/wire/messages/trust-line.ts';
import { UAH } from '../machines/sample-payment.ts';
import { Village } from './harness.ts';
import { faultsOf } from './village-audit.ts';

const pair = (lines: readonly string[] = []) => Village.open({ people: ['anna', 'boris'], lines });

async function expectSound(village: Village): Promise<void> {
  expect(await village.calm()).toBe(true);
  expect(await faultsOf(village)).toEqual([]);
}

const linesAt = (village: Village, name: string) =>
  village
    .service(name)
    .trustLines()
    .map(({ direction, limit, status, state, sequence }) => [
      direction,
      limit,
      status,
      state,
      sequence,
    ]);

describe('a trust line', () => {
  it('is in force at its owner at once, and COMMITTED once the other end has it', async () => {
    const village = await pair();
    await village.introduce('anna', 'boris');
    const request = { peer: village.pid('boris'), equivalent: 'UAH', limit: '10' };
    const line = await village.run(village.service('anna').setTrustLine(request));
    expect(line).toMatchObject({
      direction: 'given',
      limit: '10.00',
      state: 'PENDING',
      sequence: 1,
    });
    await expectSound(village);
    expect(linesAt(village, 'anna')).toEqual([['given', '10.00', 'active', 'COMMITTED', 1]]);
    expect(linesAt(village, 'boris')).toEqual([['received', '10.00', 'active', 'COMMITTED', 1]]);
  });

  it('of either direction are two lines of one edge', async () => {
    const village = await pair(['anna>boris 10', 'boris>anna 7']);
    await expectSound(village);
    expect(village.service('anna').books()).toHaveLength(1);
    expect(village.book('anna', 'boris')).toMatchObject({
      limit_given: '10.00',
      limit_received: '7.00',
    });
  });

  it('reaches the other end in its newest version, whatever is lost and repeated on the way', async () => {
    const village = await pair(['anna>boris 1']);
    let passed = 0;
    village.fate = ({ type }) => {
      if (!type.startsWith('TRUST_LINE')) return 'deliver';
      passed++;
      return passed % 3 === 0 ? 'duplicate' : passed % 3 === 1 ? 'drop' : 150;
    };
    for (const limit of ['2', '3', '4', '5']) await village.trust(`anna>boris ${limit}`);
    await expectSound(village);
    expect(linesAt(village, 'boris')).toEqual([['received', '5.00', 'active', 'COMMITTED', 5]]);
  });

  it('waits for a peer that is away, and reaches it when it is back', async () => {
    const village = await pair(['anna>boris 1']);
    await village.kill('boris');
    const request = { peer: village.pid('boris'), equivalent: 'UAH', limit: '9' };
    await village.run(village.service('anna').setTrustLine(request));
    await village.pass(60_000);
    expect(village.service('anna').status().outbox).toBe(1);
    const tries = village.sent.filter(({ type }) => type === 'TRUST_LINE_UPDATE').length;
    expect(tries).toBeGreaterThan(3);
    await village.start('boris');
    await expectSound(village);
    expect(linesAt(village, 'boris')).toEqual([['received', '9.00', 'active', 'COMMITTED', 2]]);
  });

  it('is not forgotten by an owner that restarts before the acknowledgement', async () => {
    const village = await pair(['anna>boris 1']);
    village.fate = ({ type }) => (type.startsWith('TRUST_LINE') ? 'drop' : 'deliver');
    await village.trust('anna>boris 6');
    await village.kill('anna');
    village.fate = () => 'deliver';
    await village.start('anna');
    await expectSound(village);
    expect(linesAt(village, 'boris')).toEqual([['received', '6.00', 'active', 'COMMITTED', 2]]);
  });

  it('is acknowledged again when it comes again', async () => {
    const village = await pair(['anna>boris 1']);
    let lost = 0;
    village.fate = ({ type }) => (type === 'TRUST_LINE_ACK' && ++lost <= 2 ? 'drop' : 'deliver');
    await village.trust('anna>boris 2');
    await expectSound(village);
    expect(lost).toBeGreaterThan(2);
    expect(linesAt(village, 'anna')[0]).toContain('COMMITTED');
  });

  it('FAILED, with the reason, if the other end does not know the equivalent; sent again later, it passes', async () => {
    const village = await pair(['anna>boris 1']);
    const define = (name: string) =>
      village.run(
        village.service(name).defineEquivalent({ code: 'HOUR', precision: 1, metadata: {} }),
      );
    await define('anna');
    const request = { peer: village.pid('boris'), equivalent: 'HOUR', limit: '4.5' };
    await village.run(village.service('anna').setTrustLine(request));
    await village.calm();
    const line = () =>
      village
        .service('anna')
        .trustLines()
        .find(({ equivalent }) => equivalent === 'HOUR');
    expect(line()).toMatchObject({
      state: 'FAILED',
      failure: { code: 'E009', details: { fault: 'unknown_equivalent' } },
    });
    await define('boris');
    await village.run(village.service('anna').setTrustLine(request));
    await expectSound(village);
    expect(line()).toMatchObject({ state: 'COMMITTED', failure: null, sequence: 2 });
  });

  it('FAILED if the other end counts with another precision', async () => {
    const village = await pair(['anna>boris 1']);
    for (const [name, precision] of [
      ['anna', 1],
      ['boris', 3],
    ] as const) {
      await village.run(
        village.service(name).defineEquivalent({ code: 'HOUR', precision, metadata: {} }),
      );
    }
    const request = { peer: village.pid('boris'), equivalent: 'HOUR', limit: '4' };
    await village.run(village.service('anna').setTrustLine(request));
    await village.calm();
    expect(village.service('anna').trustLines()).toContainEqual(
      expect.objectContaining({
        state: 'FAILED',
        failure: expect.objectContaining({
          details: expect.objectContaining({ fault: 'precision_differs' }),
        }),
      }),
    );
  });
});

describe('a line that is not the sender’s to give', () => {
  const body = (village: Village, change: Partial<LineState> = {}): LineState => ({
    from_key: village.person('anna').signer.publicKey,
    to: village.person('boris').pid,
    equivalent: UAH,
    precision: 2,
    limit: 50_000n,
    status: 'active',
    policy: DEFAULT_POLICY,
    sequence: 99,
    changed: 0,
    ...change,
  });

  it.each([
    ['signed by another', 'carl', 'boris', 'bad_signature'],
    ['that leads to somebody else', 'anna', 'carl', 'wrong_receiver'],
    ['that leads to its owner', 'boris', 'boris', 'line_to_self'],
  ])('%s', async (_, signer, receiver, fault) => {
    const village = await Village.open({
      people: ['anna', 'boris', 'carl'],
      lines: ['anna>boris 1', 'carl>boris 1'],
    });
    const owner = signer === 'boris' ? 'boris' : 'anna';
    const line = body(village, {
      from_key: village.person(owner).signer.publicKey,
      to: village.person(receiver).pid,
    });
    const { publicKey, sign } = village.person(signer).signer;
    const envelope = seal('TRUST_LINE_UPDATE', line, publicKey, (message) => sign(message));
    village.inject('carl', 'boris', signedFrame('TRUST_LINE_UPDATE', envelope));
    await village.pass(100);
    expect(village.log).toContainEqual(
      expect.objectContaining({ node: 'boris', fields: expect.objectContaining({ fault }) }),
    );
    expect(village.book('boris', 'anna').limit_received).toBe('1.00');
    await expectSound(village);
  });

  it('may be passed on by anyone: the owner’s signature is what counts', async () => {
    const village = await Village.open({
      people: ['anna', 'boris', 'carl'],
      lines: ['anna>boris 1', 'carl>boris 1'],
    });
    const { publicKey, sign } = village.person('anna').signer;
    const envelope = seal('TRUST_LINE_UPDATE', body(village), publicKey, (message) =>
      sign(message),
    );
    village.inject('carl', 'boris', signedFrame('TRUST_LINE_UPDATE', envelope));
    await village.pass(100);
    expect(village.book('boris', 'anna').limit_received).toBe('500.00');
  });
});
