/** Signing in at a hub: who may, what the tokens do, and what a crash leaves of them. */
import { describe, expect, it } from 'vitest';
import { ROUTE_LIST } from '../../../node/api/routes.ts';
import type { Visitor } from '../../../node/service/contract.ts';
import type * as shapes from '../../../node/service/shapes.ts';
import { keys } from '../../../node/store/keys.ts';
import { signInEnvelope } from '../../../protocol/member.ts';
import { HostedVillage } from '../engine/hosted.ts';
import { comeBackWith } from '../engine/old-books.ts';
import { faultOf } from '../hub/hub-village.ts';
import { person } from '../machines/sample-payment.ts';

const MINUTE = 60_000;
const HOME = '203.0.113.7';
const nonce = (digit: string) => digit.repeat(32);

async function setup(sessions: object = {}) {
  const hosted = await HostedVillage.open({
    people: ['hub', 'anna'],
    settings: { sessions: { access_ms: 10 * MINUTE, ...sessions } },
    hosted: { hub: ['maria', 'nina'] },
  });
  const { village } = hosted;
  const at = (visitor: Visitor = { address: HOME }) =>
    village.node('hub').reception.serviceFor(visitor);
  const challengeFor = (name: string) =>
    at().challenge!({ public_key: person(name).signer.publicKey }).challenge;
  const envelope = (name: string, challenge = challengeFor(name), by = name, node = 'hub') => {
    const { publicKey } = person(name).signer;
    const { signer } = person(by);
    const key = { publicKey, sign: (message: Uint8Array) => signer.sign(message) };
    const bytes = new Uint8Array(Buffer.from(challenge, 'base64'));
    return Buffer.from(signInEnvelope(key, person(node).pid, bytes)).toString('base64');
  };
  const enter = (sealed: string, address = HOME): Promise<shapes.Tokens> =>
    village.run(at({ address }).signIn!({ envelope: sealed, label: 'phone' }));
  const signIn = (name: string, address?: string) => enter(envelope(name), address);
  const exchange = (token: string, with_: string) =>
    village.run(at().exchangeTokens!({ refresh_token: token, nonce: nonce(with_) }));
  const holder = (token: string) => village.node('hub').reception.holderOf(token);
  const as = (tokens: shapes.Tokens) =>
    at({ address: HOME, signedIn: holder(tokens.access_token) });
  const opens = (token: string) => faultOf(Promise.resolve().then(() => holder(token)));
  return { village, hosted, envelope, challengeFor, enter, signIn, exchange, holder, as, opens };
}
const FINE = 'nothing was refused';

describe('signing in', () => {
  it('lets a hosted member read its own books and nobody else’s', async () => {
    const { hosted, village, signIn, as } = await setup();
    await hosted.trust('hub', 'nina>maria 100');
    const { bytes, tx } = hosted.order('maria', 'nina', '30', 'hub');
    hosted.deliver('hub', 'PAYMENT_REQUEST', bytes);
    await village.calm();
    const maria = as(await signIn('maria'));
    expect(maria.debts!()).toMatchObject([{ debtor: person('maria').pid, amount: '30.00' }]);
    expect(maria.balance!()).toMatchObject([{ i_owe: '30.00', owed_to_me: '0.00' }]);
    expect(await village.run(maria.transaction!(tx))).toMatchObject({ role: 'payer' });
    const shown = maria.edge!({ peer: person('nina').pid, equivalent: 'UAH' });
    expect(shown).toMatchObject({ peer_name: null, mine: { balance: '-30.00' }, finding: null });
    const nobodys = () => maria.edge!({ peer: person('hub').pid, equivalent: 'UAH' });
    expect(await faultOf(Promise.resolve().then(nobodys))).toBe('no_edge');
    expect(maria.pay).toBeUndefined();
    expect(maria.hubMembers).toBeUndefined();
    const hub = as(await signIn('hub'));
    expect(hub.debts!()).toEqual([]);
    expect(await faultOf(village.run(hub.transaction!(tx)))).toBe('unknown_transaction');
    expect(hub.hubMembers!({})).toHaveLength(2);
  });

  it('answers every row of the table that is for them, and no other', async () => {
    const { signIn, as } = await setup();
    const rowsOf = (...access: string[]) =>
      ROUTE_LIST.filter((route) => access.includes(route.access)).map(({ name }) => name);
    const all = rowsOf('member', 'auditor', 'operator', 'admin');
    const closed = (service: object) => rowsOf('local').filter((name) => name in service);
    const [maria, hub] = [as(await signIn('maria')), as(await signIn('hub'))];
    expect(Object.keys(maria)).toEqual(expect.arrayContaining(rowsOf('member')));
    expect(Object.keys(hub)).toEqual(expect.arrayContaining(all));
    expect([...closed(maria), ...closed(hub)]).toEqual([]);
  });

  it('lets a member find others of its community, and ways to pay them', async () => {
    const { hosted, village, signIn, as } = await setup();
    await hosted.trust('hub', 'nina>maria 100');
    const maria = as(await signIn('maria'));
    const [nina, own] = [person('nina').pid, person('maria').pid];
    const found = (query: shapes.ParticipantsQuery) => maria.participants!(query);
    expect(found({ search: 'NIN' })).toMatchObject({ items: [{ pid: nina, name: 'nina' }] });
    expect(found({ search: nina.slice(0, 9) }).items).toHaveLength(1);
    expect(found({ search: 'nobody' })).toEqual({ items: [], next: null });
    const first = found({ limit: 1 });
    const second = found({ limit: 1, cursor: first.next! });
    expect([...first.items, ...second.items].map(({ pid }) => pid).sort()).toEqual(
      [nina, own].sort(),
    );
    expect(second.next).toBeNull();
    const ways = (amount: string, peer = nina.slice(0, 9)) =>
      village.run(maria.routes!({ peer, equivalent: 'UAH', amount }));
    expect(await ways('30')).toMatchObject({
      routes: [{ path: [own, nina], amount: '30.00' }],
      enough: true,
    });
    expect(await ways('130')).toMatchObject({ payable: '100.00', enough: false });
    expect(await faultOf(ways('1', 'nobody'))).toBe('unknown_member');
    const elsewhere = as(await signIn('hub'));
    expect(
      await faultOf(village.run(elsewhere.routes!({ peer: nina, equivalent: 'UAH', amount: '1' }))),
    ).toBe(FINE);
  });

  it.each([
    ['a stranger', 'stranger', undefined, undefined],
    ['another’s key', 'maria', 'nina', undefined],
    ['a signature for another node', 'maria', 'maria', 'anna'],
  ])('refuses %s with the one answer', async (_what, name, by, node) => {
    const { envelope, challengeFor, enter } = await setup();
    const sealed = envelope(name, challengeFor(name), by, node);
    expect(await faultOf(enter(sealed))).toBe('sign_in_failed');
  });

  it('takes a challenge once, for its key, for two minutes, and from this run of the node', async () => {
    const { village, envelope, challengeFor, enter } = await setup();
    const once = envelope('maria');
    await enter(once);
    expect(await faultOf(enter(once))).toBe('sign_in_failed');
    expect(await faultOf(enter(envelope('maria', challengeFor('nina'))))).toBe('sign_in_failed');
    const late = envelope('maria');
    await village.pass(2 * MINUTE);
    expect(await faultOf(enter(late))).toBe('sign_in_failed');
    const before = envelope('maria');
    await village.restart('hub');
    expect(await faultOf(enter(before))).toBe('sign_in_failed');
    for (const made of ['', 'AAAA', Buffer.alloc(60).toString('base64')]) {
      expect(await faultOf(enter(envelope('maria', made)))).toBe('sign_in_failed');
    }
  });

  it('locks out who fails from one address, and not the participant elsewhere', async () => {
    const { village, envelope, challengeFor, enter, signIn } = await setup();
    const wrong = () => enter(envelope('maria', challengeFor('maria'), 'nina'));
    for (let i = 0; i < 5; i++) expect(await faultOf(wrong())).toBe('sign_in_failed');
    await expect(wrong()).rejects.toMatchObject({
      details: { fault: 'sign_in_locked', retry_after_s: 1 },
    });
    expect(await faultOf(signIn('maria'))).toBe('sign_in_locked');
    expect(await faultOf(signIn('nina'))).toBe(FINE);
    expect(await faultOf(signIn('maria', '198.51.100.1'))).toBe(FINE);
    await village.pass(1_000);
    expect(await faultOf(signIn('maria'))).toBe(FINE);
  });

  it('is over with the membership', async () => {
    const { village, signIn, opens, exchange } = await setup();
    const tokens = await signIn('maria');
    expect(await opens(tokens.access_token)).toBe(FINE);
    const service = village.service('hub');
    const change = (act: 'suspend' | 'remove') =>
      village.run(service.changeMember({ member: person('maria').pid, act, reason: 'a test' }));
    await change('suspend');
    expect(await opens(tokens.access_token)).toBe(FINE);
    await village.kill('hub');
    await village.disk('hub').write([{ type: 'del', key: keys.agent(person('maria').pid) }]);
    await village
      .disk('hub')
      .write([{ type: 'del', key: keys.shelf('member', person('maria').pid) }]);
    await village.start('hub');
    expect(await opens(tokens.access_token)).toBe('bad_token');
    expect(await faultOf(exchange(tokens.refresh_token, 'a'))).toBe('session_ended');
  });
});

describe('tokens', () => {
  it('hold for their time, over restarts, and are exchanged for new ones', async () => {
    const { village, signIn, exchange, holder, opens } = await setup();
    const first = await signIn('maria');
    await village.restart('hub');
    expect(await opens(first.access_token)).toBe(FINE);
    const stream = holder(first.access_token);
    const isInForce = () => village.node('hub').reception.isInForce(stream);
    await village.pass(10 * MINUTE);
    expect(await opens(first.access_token)).toBe('bad_token');
    expect(isInForce()).toBe(false);
    const second = await exchange(first.refresh_token, 'a');
    expect(isInForce()).toBe(true);
    expect(second.session).toBe(first.session);
    expect(await opens(second.access_token)).toBe(FINE);
    for (const wrong of ['', 'x', second.refresh_token, `${second.access_token}A`]) {
      expect(await opens(wrong)).toBe('bad_token');
    }
    for (const wrong of ['x', second.access_token, 'ger_AAAA', `ger_${'A'.repeat(64)}`]) {
      expect(await faultOf(exchange(wrong, 'a'))).toBe('session_ended');
    }
  });

  it('of the past end the whole session, and a restart does not bring it back', async () => {
    const { village, signIn, exchange, opens } = await setup();
    const first = await signIn('maria');
    const other = await signIn('maria');
    const second = await exchange(first.refresh_token, 'a');
    expect(await opens(first.access_token)).toBe('bad_token');
    expect(await faultOf(exchange(first.refresh_token, 'b'))).toBe('token_reused');
    await village.restart('hub');
    expect(await opens(second.access_token)).toBe('bad_token');
    expect(await faultOf(exchange(second.refresh_token, 'a'))).toBe('session_ended');
    expect(await opens(other.access_token)).toBe(FINE);
  });

  it('can be asked for again with the same nonce until the next exchange', async () => {
    const { signIn, exchange } = await setup();
    const first = await signIn('maria');
    const second = await exchange(first.refresh_token, 'a');
    expect(await exchange(first.refresh_token, 'a')).toEqual(second);
    await exchange(second.refresh_token, 'b');
    expect(await faultOf(exchange(first.refresh_token, 'a'))).toBe('token_reused');
  });

  it.each(['kill-before', 'kill-after'] as const)(
    'survive a crash in the middle of an exchange (%s): the client asks again',
    async (fate) => {
      const { village, signIn, exchange, opens } = await setup();
      const first = await signIn('maria');
      village.life('hub').fate = (ops) =>
        ops.some(({ key }) => key.startsWith('session/')) ? fate : 'write';
      void exchange(first.refresh_token, 'a').catch(() => undefined);
      await village.pass(100);
      expect(village.isUp('hub')).toBe(false);
      await village.start('hub');
      // Either the exchange happened or it did not: the old access token says which.
      expect(await opens(first.access_token)).toBe(fate === 'kill-before' ? FINE : 'bad_token');
      const second = await exchange(first.refresh_token, 'a');
      expect(await opens(second.access_token)).toBe(FINE);
      const third = await exchange(second.refresh_token, 'b');
      expect(await opens(third.access_token)).toBe(FINE);
      expect(await faultOf(exchange(first.refresh_token, 'c'))).toBe('token_reused');
    },
  );

  it('are told to nobody before they are durable', async () => {
    const { village, signIn, exchange, opens } = await setup();
    const first = await signIn('maria');
    village.life('hub').fate = () => 'refuse';
    expect(await faultOf(exchange(first.refresh_token, 'a'))).toBe('store_write_failed');
    village.life('hub').fate = () => 'write';
    await village.pass(5_000);
    expect(await opens(first.access_token)).toBe(FINE);
    expect(await faultOf(exchange(first.refresh_token, 'b'))).toBe(FINE);
  });

  it('stand in no file: the store has hashes only', async () => {
    const { village, signIn } = await setup();
    const { access_token, refresh_token } = await signIn('maria');
    const stored = Buffer.concat(
      village
        .disk('hub')
        .snapshot()
        .map(([, value]) => value),
    );
    for (const token of [access_token, refresh_token]) {
      const secret = Buffer.from(token.slice(4), 'base64url').subarray(16);
      expect(stored.includes(secret)).toBe(false);
    }
  });

  it('that were made before a backup are worth nothing in the restored books', async () => {
    const { village, signIn, opens } = await setup();
    const { access_token } = await signIn('maria');
    await comeBackWith(village, 'hub', village.disk('hub').snapshot());
    expect(await opens(access_token)).toBe('bad_token');
    expect(await opens((await signIn('maria')).access_token)).toBe(FINE);
  });
});

describe('sessions', () => {
  it('are listed and ended by their participant, and all of them by the owner of the node', async () => {
    const { village, signIn, as, opens } = await setup();
    const phone = await signIn('maria');
    await village.pass(1_000);
    const desk = await signIn('maria');
    const nina = await signIn('nina');
    const maria = as(desk);
    expect(maria.sessions!()).toMatchObject([
      { session: desk.session, current: true, label: 'phone' },
      { session: phone.session, current: false },
    ]);
    expect(await faultOf(village.run(maria.endSession!(nina.session)))).toBe('unknown_session');
    expect(await village.run(maria.endSession!(phone.session.slice(0, 12)))).toMatchObject({
      session: phone.session,
    });
    expect(await opens(phone.access_token)).toBe('bad_token');
    expect(village.service('hub').sessions()).toHaveLength(2);
    await village.run(village.service('hub').endSession(nina.session));
    expect(await opens(nina.access_token)).toBe('bad_token');
  });

  it('of one participant are bounded: the one used longest ago ends', async () => {
    const { village, signIn, opens } = await setup({ per_participant: 2, kept: 3 });
    const entered = [];
    for (let i = 0; i < 3; i++) {
      entered.push(await signIn('maria'));
      await village.pass(1_000);
    }
    expect(await opens(entered[0]!.access_token)).toBe('bad_token');
    expect(await opens(entered[1]!.access_token)).toBe(FINE);
    await signIn('nina');
    expect(await faultOf(signIn('nina'))).toBe('too_many_sessions');
  });
});
