/** Account links: who may sign in with a password and a code, what that opens, and what a stranger learns. */
import { base32nopad } from '@scure/base';
import { describe, expect, it } from 'vitest';
import type { NewLink } from '../../../node/service/shapes.ts';
import { codeAt, stepOf } from '../../../node/sessions/one-time-code.ts';
import { HostedVillage } from '../engine/hosted.ts';
import { comeBackWith } from '../engine/old-books.ts';
import { faultOf } from '../hub/hub-village.ts';
import { person } from '../machines/sample-payment.ts';
import { signInRequest } from './signing-in.ts';

const FINE = 'nothing was refused';
const STEP_MS = 30_000;
const NAME = 'Maria@Example.org';
const PASSWORD = 'correct horse battery';

async function setup(links = true) {
  const hosted = await HostedVillage.open({
    people: ['hub'],
    settings: { sessions: { links } },
    hosted: { hub: ['maria', 'nina'] },
  });
  const { village } = hosted;
  /** Passwords take real time, in which a little of the village's passes as well. */
  async function done<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    work.then(end, end);
    while (!isOver) {
      await village.pass(1);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return work;
  }
  const at = (address: string) => village.node('hub').reception.serviceFor({ address });
  const link = (who: string, name = NAME): Promise<NewLink> => {
    const { envelope } = signInRequest(village, 'hub', who);
    return done(at('home').makeLink!({ envelope, name, password: PASSWORD }));
  };
  const codeOf = ({ otpauth }: NewLink) =>
    codeAt(
      base32nopad.decode(new URL(otpauth).searchParams.get('secret')!),
      Math.floor(village.clock.now() / STEP_MS),
    );
  const enter = (code: string, change: { name?: string; password?: string } = {}, from = 'home') =>
    done(at(from).signInByLink!({ name: NAME, password: PASSWORD, code, label: '', ...change }));
  return { village, at, done, link, codeOf, enter };
}

describe('one-time codes', () => {
  it('are those of RFC 6238', () => {
    const secret = new TextEncoder().encode('12345678901234567890');
    // Appendix B, SHA-1, the last six of its eight digits.
    for (const [seconds, code] of [
      [59, '287082'],
      [1_111_111_109, '081804'],
      [1_234_567_890, '005924'],
      [20_000_000_000, '353130'],
    ] as const) {
      expect(codeAt(secret, Math.floor(seconds / 30))).toBe(code);
      expect(stepOf(secret, code, seconds * 1_000, 0)).toBe(Math.floor(seconds / 30));
      expect(stepOf(secret, code, (seconds + 90) * 1_000, 0)).toBeUndefined();
    }
  });
});

describe('an account link', () => {
  it('signs in to read one’s own books, once for each code', async () => {
    const { village, link, codeOf, enter } = await setup();
    const made = await link('maria');
    const code = codeOf(made);
    const { access_token, participant } = await enter(code, { name: ' maria@EXAMPLE.org ' });
    expect(participant).toBe(person('maria').pid);
    const { reception } = village.node('hub');
    const signedIn = reception.holderOf(access_token);
    expect(signedIn).toMatchObject({ role: null });
    expect(reception.serviceFor({ address: '', signedIn }).debts!()).toEqual([]);
    expect(await faultOf(enter(code))).toBe('sign_in_failed');
    await village.pass(STEP_MS);
    expect(await faultOf(enter(codeOf(made)))).toBe(FINE);
    expect(await faultOf(enter(made.recovery[0]!))).toBe(FINE);
    expect(await faultOf(enter(made.recovery[0]!))).toBe('sign_in_failed');
  });

  it('gives every wrong attempt one answer, and then makes it wait wherever it comes from', async () => {
    const { village, link, codeOf, enter } = await setup();
    const made = await link('maria');
    const wrong = { password: 'correct horse batterie' };
    expect(await faultOf(enter(codeOf(made), { name: 'nobody@example.org' }))).toBe(
      'sign_in_failed',
    );
    expect(await faultOf(enter('000000'))).toBe('sign_in_failed');
    for (let i = 0; i < 4; i++) {
      expect(await faultOf(enter(codeOf(made), wrong, `net ${i}`))).toBe('sign_in_failed');
    }
    expect(await faultOf(enter(codeOf(made), {}, 'another'))).toBe('sign_in_locked');
    expect(await faultOf(enter('0'.repeat(6), { name: 'nobody@example.org' }))).toBe(
      'sign_in_failed',
    );
    await village.pass(2_000);
    expect(await faultOf(enter(codeOf(made), {}, 'another'))).toBe(FINE);
  });

  it('is made and ended by the key, for a name that no other member has', async () => {
    const { village, at, done, link, codeOf, enter } = await setup();
    const made = await link('maria');
    expect(await faultOf(link('nina'))).toBe('name_taken');
    expect(await faultOf(link('nina', 'no name'))).toBe('bad_name');
    expect(await faultOf(link('stranger', 's@example.org'))).toBe('sign_in_failed');
    expect(await faultOf(link('hub', 'hub@example.org'))).toBe('key_only');
    const row = { participant: person('maria').pid, name: 'maria@example.org' };
    expect(village.service('hub').links()).toMatchObject([row]);
    await village.restart('hub');
    expect(await faultOf(enter(codeOf(made)))).toBe(FINE);
    const { envelope } = signInRequest(village, 'hub', 'maria');
    await done(at('home').endLink!({ envelope }));
    await village.pass(STEP_MS);
    expect(await faultOf(enter(codeOf(made)))).toBe('sign_in_failed');
    expect(village.service('hub').links()).toEqual([]);
  });

  it('gives no role, and none signs in who has one', async () => {
    const { village, link, codeOf, enter } = await setup();
    const made = await link('maria');
    const { access_token } = await enter(codeOf(made));
    const operator = person('maria').pid;
    await village.run(
      village.service('hub').appointOperator({ operator, role: 'admin', reason: '' }),
    );
    const { reception } = village.node('hub');
    const signedIn = reception.holderOf(access_token);
    expect(signedIn.role).toBeNull();
    expect(reception.serviceFor({ address: '', signedIn }).links).toBeUndefined();
    await village.pass(STEP_MS);
    expect(await faultOf(enter(codeOf(made)))).toBe('sign_in_failed');
  });

  it('is not there unless the hub wants it, and no backup brings it back', async () => {
    expect(await faultOf((await setup(false)).link('maria'))).toBe('no_links');
    const { village, link, codeOf, enter } = await setup();
    const made = await link('maria');
    await comeBackWith(village, 'hub', village.disk('hub').snapshot());
    expect(await faultOf(enter(codeOf(made)))).toBe('sign_in_failed');
    const stored = Buffer.concat(
      village
        .disk('hub')
        .snapshot()
        .map(([, value]) => value),
    );
    for (const secret of [PASSWORD, ...made.recovery]) expect(stored.includes(secret)).toBe(false);
  });
});
