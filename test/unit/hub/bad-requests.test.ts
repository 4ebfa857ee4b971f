/** Requests to join that somebody else makes, repeats, or makes up. */
import { describe, expect, it } from 'vitest';
import { signInvitationUse } from '../../../protocol/invitation.ts';
import { seal, signedFrame } from '../../../protocol/wire/envelope.ts';
import type { JoinRequest } from '../../../protocol/wire/messages/membership.ts';
import type { Village } from '../engine/harness.ts';
import { change, join, membersOf, openHub } from './hub-village.ts';

/** A request of Anna's, changed, and sent by `from`. */
function send(
  village: Village,
  from: string,
  change: Partial<JoinRequest>,
  signer = 'anna',
): Promise<void> {
  const { publicKey, sign } = village.person(signer).signer;
  const body: JoinRequest = {
    participant_key: village.person('anna').signer.publicKey,
    hub: village.person('hub').pid,
    profile: { kind: 'person', name: 'anna', about: '' },
    nonce: new Uint8Array(16),
    created: village.clock.now(),
    ...change,
  };
  const envelope = seal('JOIN_REQUEST', body, publicKey, (message) => sign(message));
  village.inject(from, 'hub', signedFrame('JOIN_REQUEST', envelope));
  return village.pass(100);
}

const faults = (village: Village): unknown[] =>
  village.log
    .filter(({ node, level }) => node === 'hub' && level === 'warn')
    .map(({ fields }) => fields.fault);

async function acquainted(): Promise<Village> {
  const village = await openHub();
  await village.introduce('anna', 'hub');
  await village.introduce('boris', 'hub');
  return village;
}

describe('a request', () => {
  it.each<[string, string, (village: Village) => Partial<JoinRequest>, string, string]>([
    ['in the name of another', 'boris', () => ({}), 'anna', 'wrong_sender'],
    ['signed by another', 'anna', () => ({}), 'boris', 'bad_signature'],
    ['for another hub', 'anna', (v) => ({ hub: v.person('boris').pid }), 'anna', 'wrong_receiver'],
    [
      'from yesterday',
      'anna',
      (v) => ({ created: v.clock.now() - 86_400_000 }),
      'anna',
      'clock_off',
    ],
    [
      'from tomorrow',
      'anna',
      (v) => ({ created: v.clock.now() + 86_400_000 }),
      'anna',
      'clock_off',
    ],
  ])('%s changes nothing', async (_, from, change, signer, fault) => {
    const village = await acquainted();
    await send(village, from, change(village), signer);
    expect(faults(village)).toContain(fault);
    expect(village.service('hub').hubMembers({})).toEqual([]);
    await join(village, 'boris');
    expect(membersOf(village)).toEqual({ boris: 'active' });
  });

  it("with somebody else's invitation lets nobody in", async () => {
    const village = await openHub({ admission: 'code' });
    await village.introduce('anna', 'hub');
    const { code } = await village.run(village.service('hub').invite({ uses: 5, note: '' }));
    const hub = village.person('hub').pid;
    const invitation = signInvitationUse(code, { participant: village.person('boris').pid, hub });
    await send(village, 'anna', { invitation });
    await send(village, 'anna', {
      invitation: invitation.map((byte, i) => (i === 200 ? byte ^ 1 : byte)),
    });
    expect(village.service('hub').hubMembers({})).toEqual([]);
    expect(village.service('hub').invitations()).toMatchObject([{ used: 0 }]);
  });

  it('that is repeated after the member has left does not bring it back', async () => {
    const village = await openHub();
    await join(village, 'anna');
    const request = village.sent.find(({ type }) => type === 'JOIN_REQUEST')!;
    await village.run(village.service('anna').leave({ hub: village.pid('hub') }));
    await village.kill('anna');
    await village.start('anna');
    await village.introduce('anna', 'hub');
    village.inject('anna', 'hub', request.frame);
    await village.pass(100);
    expect(membersOf(village)).toEqual({ anna: 'left' });
  });

  it('by the hundred costs the hub no more than it allows', async () => {
    const village = await acquainted();
    for (let i = 0; i < 100; i++) await send(village, 'anna', { created: village.clock.now() + i });
    expect(faults(village).filter((fault) => fault === 'too_many_joins').length).toBeGreaterThan(
      80,
    );
    expect(membersOf(village)).toEqual({ anna: 'active' });
  });
});

describe('a reply', () => {
  it('that nobody asked for is refused', async () => {
    const village = await openHub();
    await join(village, 'anna');
    const reply = village.sent.find(({ type }) => type === 'JOIN_REPLY')!;
    await village.introduce('hub', 'boris');
    village.inject('hub', 'boris', reply.frame);
    await village.pass(100);
    expect(village.log).toContainEqual(
      expect.objectContaining({
        node: 'boris',
        fields: expect.objectContaining({ fault: 'not_asked' }),
      }),
    );
    expect(village.service('boris').memberships()).toEqual([]);
  });

  it('that comes again after a suspension does not undo it', async () => {
    const village = await openHub();
    await join(village, 'anna');
    const reply = village.sent.find(({ type }) => type === 'JOIN_REPLY')!;
    await change(village, 'anna', 'suspend');
    await village.pass(50);
    village.fate = ({ type }) => (type === 'JOIN_REQUEST' ? 'drop' : 'deliver');
    await village.pass(61_000);
    village.inject('hub', 'anna', reply.frame);
    await village.pass(100);
    expect(village.service('anna').memberships()).toMatchObject([{ status: 'suspended' }]);
  });
});
