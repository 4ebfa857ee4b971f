/** The members' own door: the signature is the authority, and nobody sees what is not theirs. */
import { describe, expect, it } from 'vitest';
import { nativeVerify } from '../../../node/platform/native-ed25519.ts';
import type { GeoError } from '../../../protocol/errors.ts';
import { bareFrame, signedFrame } from '../../../protocol/wire/envelope.ts';
import type { MemberQuery } from '../../../protocol/wire/messages/agent.ts';
import { person } from '../machines/sample-payment.ts';
import type { VillageOptions } from './harness.ts';
import { HostedVillage, sealBy } from './hosted.ts';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

async function setup(settings: object = {}, more: Partial<VillageOptions> = {}) {
  const hosted = await HostedVillage.open({
    people: ['hub', 'anna'],
    settings,
    ...more,
    hosted: { hub: ['maria', 'nina', 'oleh'] },
  });
  await hosted.trust('hub', 'nina>maria 100');
  await hosted.trust('hub', 'oleh>nina 100');
  const { village } = hosted;
  const service = village.service('hub');
  const query = (name: string, change: Partial<MemberQuery> = {}, signer = name) =>
    text(
      sealBy(person(signer), 'MEMBER_QUERY', {
        member_key: person(name).signer.publicKey,
        agent: person('hub').pid,
        created: village.clock.now(),
        ...change,
      }),
    );
  const faultOf = (work: Promise<unknown>) =>
    village.run(
      work.then(
        () => 'done',
        (error: GeoError) => error.details.fault,
      ),
    );
  return { hosted, village, service, query, faultOf };
}

describe('what a member signs', () => {
  it('is done, and answered with what has become of it', async () => {
    const { hosted, village, service } = await setup();
    const { bytes, tx } = hosted.order('maria', 'oleh', '30', 'hub');
    const frame = text(signedFrame('PAYMENT_REQUEST', bytes));
    const done = await village.run(service.submitEnvelope({ frame }));
    expect(done).toMatchObject({
      member: person('maria').pid,
      payment: { tx_id: tx, state: 'COMMITTED', role: 'payer', amount: '30.00' },
    });
    // Again: the same payment, paid once.
    expect(await village.run(service.submitEnvelope({ frame }))).toEqual(done);
    expect(hosted.owes('hub', 'maria', 'nina')).toBe(30);
  });

  it('is refused with a reason, and changes nothing', async () => {
    const { hosted, service, faultOf } = await setup();
    const submit = (type: Parameters<typeof signedFrame>[0], envelope: Uint8Array) =>
      faultOf(service.submitEnvelope({ frame: text(signedFrame(type, envelope)) }));
    const order = (...args: Parameters<HostedVillage['order']>) => hosted.order(...args).bytes;
    const now = hosted.village.clock.now();
    expect(await submit('PAYMENT_REQUEST', order('maria', 'oleh', '1', 'anna'))).toBe(
      'not_a_coordinator',
    );
    expect(await submit('PAYMENT_REQUEST', order('stranger', 'oleh', '1', 'hub'))).toBe(
      'not_a_coordinator',
    );
    expect(await submit('PAYMENT_REQUEST', order('maria', 'maria', '1', 'hub'))).toBe(
      'payment_to_self',
    );
    const late = { created: now - 60_000, expires: now - 1 };
    expect(await submit('PAYMENT_REQUEST', order('maria', 'oleh', '1', 'hub', late))).toBe(
      'order_expired',
    );
    expect(
      await submit('TRUST_LINE_CREATE', hosted.line('nina', 'maria', '1', { sequence: 1 })),
    ).toBe('stale_sequence');
    expect(await submit('TRUST_LINE_CREATE', hosted.line('stranger', 'maria', '1'))).toBe(
      'not_served',
    );
    expect(
      await submit('TRUST_LINE_CREATE', hosted.line('maria', 'nina', '1', { precision: 3 })),
    ).toBe('precision_differs');
    const ping = bareFrame('PING', { nonce: new Uint8Array(8) });
    expect(await faultOf(service.submitEnvelope({ frame: text(ping) }))).toBe('not_for_members');
    expect(await faultOf(service.submitEnvelope({ frame: 'AAAA' }))).toBe('bad_cbor');
    expect(await hosted.faults()).toEqual([]);
  });

  it('may not lower a limit under what is owed', async () => {
    const { hosted, village, service, faultOf } = await setup();
    expect(await hosted.pay('hub', 'maria', 'oleh', '30')).toBe('COMMITTED');
    const line = (limit: string) =>
      faultOf(
        service.submitEnvelope({
          frame: text(signedFrame('TRUST_LINE_CREATE', hosted.line('nina', 'maria', limit))),
        }),
      );
    expect(await line('29')).toBe('limit_below_debt');
    expect(await line('30')).toBe('done');
    await village.calm();
    expect(await hosted.pay('hub', 'maria', 'nina', '1')).toMatch(/^ABORTED/);
  });

  it('is looked at only so often, before its signature is checked', async () => {
    const { hosted, service, faultOf } = await setup({
      hub: { enabled: true, signed_per_second: 2 },
    });
    const frame = text(
      signedFrame('PAYMENT_REQUEST', hosted.order('maria', 'oleh', '1', 'hub').bytes),
    );
    const faults = await Promise.all(
      [1, 2, 3].map(() => faultOf(service.submitEnvelope({ frame }))),
    );
    expect(faults.filter((fault) => fault === 'too_many_requests')).toHaveLength(1);
  });
});

describe('a payment that only this hub votes on', () => {
  it('is one turn and one write, of all of it or of nothing', async () => {
    const { hosted, village, service, faultOf } = await setup();
    const { bytes, tx } = hosted.order('maria', 'oleh', '30', 'hub');
    const frame = text(signedFrame('PAYMENT_REQUEST', bytes));
    const writes: string[][] = [];
    const life = village.life('hub');
    const fate = (what: 'refuse' | 'write') => {
      writes.length = 0;
      life.fate = (ops) => {
        writes.push(ops.map(({ key }) => key));
        return what;
      };
    };
    fate('refuse');
    expect(await faultOf(service.submitEnvelope({ frame }))).toMatch(/^store_/);
    expect(hosted.owes('hub', 'maria', 'nina')).toBe(0);
    fate('write');
    await village.pass(5_000);
    expect(village.disk('hub').get(`tx/${tx}`)).toBeUndefined();
    fate('write');
    expect(await faultOf(service.submitEnvelope({ frame }))).toBe('done');
    const prefixes = writes.map((written) => written.map((key) => key.slice(0, key.indexOf('/'))));
    expect(prefixes).toHaveLength(1);
    for (const kind of ['tx', 'manifest', 'attempt', 'said', 'edge', 'applied', 'account']) {
      expect(prefixes[0]).toContain(kind);
    }
    expect(hosted.owes('hub', 'maria', 'nina')).toBe(30);
    expect(await hosted.faults()).toEqual([]);
  });
});

describe('an order whose signature is checked on another thread', () => {
  async function checkedAside() {
    const checks: (() => void)[] = [];
    const set = await setup(
      {},
      {
        verifyAside: (...claim) =>
          new Promise((resolve) => checks.push(() => resolve(nativeVerify(...claim)))),
      },
    );
    const { bytes } = set.hosted.order('maria', 'oleh', '30', 'hub');
    const forged = bytes.slice();
    forged[forged.length - 40]! ^= 1;
    const submit = (envelope: Uint8Array) =>
      set.faultOf(
        set.service.submitEnvelope({ frame: text(signedFrame('PAYMENT_REQUEST', envelope)) }),
      );
    const finishChecks = async (count: number) => {
      await set.village.clock.settle();
      expect(checks).toHaveLength(count);
      for (const finish of checks.splice(0)) finish();
    };
    return { ...set, bytes, forged, submit, finishChecks };
  }

  it('is paid once, however often it comes meanwhile, and checked once', async () => {
    const { hosted, bytes, submit, finishChecks } = await checkedAside();
    const all = [submit(bytes), submit(bytes), submit(bytes)];
    expect(hosted.owes('hub', 'maria', 'nina')).toBe(0);
    await finishChecks(1);
    expect(await Promise.all(all)).toEqual(['done', 'done', 'done']);
    await finishChecks(0);
    expect(hosted.owes('hub', 'maria', 'nina')).toBe(30);
  });

  it('does not suffer from a forgery of the same order that came first', async () => {
    const { hosted, bytes, forged, submit, finishChecks } = await checkedAside();
    const first = submit(forged);
    const second = submit(bytes);
    await finishChecks(1);
    expect(await first).toBe('bad_signature');
    await finishChecks(1);
    expect(await second).toBe('done');
    expect(hosted.owes('hub', 'maria', 'nina')).toBe(30);
    expect(await hosted.faults()).toEqual([]);
  });
});

describe('what a member sees', () => {
  it('is its own account, and payments in which it takes part', async () => {
    const { hosted, village, service, query, faultOf } = await setup();
    const { tx, bytes } = hosted.order('maria', 'nina', '30', 'hub');
    hosted.deliver('hub', 'PAYMENT_REQUEST', bytes);
    await village.calm();
    const account = await village.run(service.memberAccount({ query: query('maria') }));
    expect(account).toMatchObject({
      member: person('maria').pid,
      agent: { pid: person('hub').pid, sequence: 1, serves: true },
      trust_lines: [{ direction: 'received', limit: '100.00', debt: '30.00' }],
      balance: [{ i_owe: '30.00', owed_to_me: '0.00', can_spend: '70.00' }],
    });
    expect(account.history.map(({ text }) => text)).toContain('paid');
    const seen = (name: string) => service.memberTransaction({ query: query(name), tx_id: tx });
    expect(await village.run(seen('nina'))).toMatchObject({ role: 'payee', state: 'COMMITTED' });
    expect(await faultOf(seen('oleh'))).toBe('unknown_transaction');
  });

  it('needs a fresh signature of the member, made for this hub', async () => {
    const { village, service, query, faultOf } = await setup();
    const ask = (text: string) => faultOf(service.memberAccount({ query: text }));
    expect(await ask(query('maria'))).toBe('done');
    expect(await ask(query('maria', {}, 'nina'))).toBe('bad_signature');
    expect(await ask(query('maria', { agent: person('anna').pid }))).toBe('wrong_receiver');
    expect(await ask(query('maria', { created: village.clock.now() - 121_000 }))).toBe(
      'query_expired',
    );
    expect(await ask(query('maria', { created: village.clock.now() + 121_000 }))).toBe(
      'query_expired',
    );
    expect(await ask('AAAA')).toBe('bad_envelope');
  });
});
