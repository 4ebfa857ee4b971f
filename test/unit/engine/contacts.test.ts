/** Contacts and their addresses: who answers must be who was meant. */
import { beforeEach, describe, expect, it } from 'vitest';
import { distinctAddresses } from '../../../node/peers/names.ts';
import { person } from '../machines/sample-payment.ts';
import { Village } from './harness.ts';
import { HostedVillage } from './hosted.ts';

let village: Village;

beforeEach(async () => {
  village = await Village.open({ people: ['anna', 'boris', 'cyril'] });
});

describe('a contact', () => {
  it('at whose address somebody else answers is refused and not kept', async () => {
    const [address] = village.service('cyril').identity().addresses;
    const added = village
      .service('anna')
      .addContact({ name: 'boris', pid: village.pid('boris'), address: address! });
    await expect(village.run(added)).rejects.toMatchObject({
      code: 'E005',
      details: { fault: 'wrong_peer', answering: village.pid('cyril') },
    });
    expect(village.service('anna').contacts()).toEqual([]);
  });

  it('that answers itself is kept with its address', async () => {
    const [address] = village.service('boris').identity().addresses;
    const pid = village.pid('boris');
    await village.run(
      village.service('anna').addContact({ name: 'boris', pid, address: address! }),
    );
    expect(village.service('anna').contacts()).toEqual([
      { name: 'boris', pid, addresses: [address] },
    ]);
  });

  it('that cannot be reached now is kept all the same', async () => {
    const [address] = village.service('boris').identity().addresses;
    await village.kill('boris');
    const pid = village.pid('boris');
    await village.run(
      village.service('anna').addContact({ name: 'boris', pid, address: address! }),
    );
    expect(village.service('anna').contacts()).toMatchObject([{ name: 'boris', pid }]);
  });
});

describe('a member without a node', () => {
  const open = () => HostedVillage.open({ people: ['hub', 'anna'], hosted: { hub: ['maria'] } });

  it('is a contact at the address of its hub, which shows its word', async () => {
    const { village } = await open();
    const anna = village.service('anna');
    const [address] = village.service('hub').identity().addresses;
    const { pid } = person('maria');
    await village.run(anna.addContact({ name: 'maria', pid, address: address! }));
    expect(anna.contacts()).toEqual([{ name: 'maria', pid, addresses: [address] }]);
    const stranger = { name: 'oleh', pid: person('oleh').pid, address: address! };
    await expect(village.run(anna.addContact(stranger))).rejects.toMatchObject({ code: 'E005' });
  });

  it('is found by way of a contact, and then gets the line that waits for it', async () => {
    const { village } = await open();
    const anna = village.service('anna');
    await village.introduce('anna', 'hub');
    await village.run(anna.addContact({ name: 'the hub', pid: village.pid('hub') }));
    const { pid } = person('maria');
    await village.run(anna.setTrustLine({ peer: pid, equivalent: 'UAH', limit: '5' }));
    await village.calm();
    expect(village.sent.map(({ type }) => type)).toContain('AGENT_QUERY');
    expect(anna.trustLines()).toMatchObject([{ peer: pid, state: 'COMMITTED' }]);
  });
});

describe('addresses', () => {
  it('with and without the identity at their end are one', () => {
    const plain = '/ip4/192.0.2.7/tcp/4848';
    const whole = `${plain}/p2p/12D3KooWPeer`;
    expect(distinctAddresses([plain, whole])).toEqual([whole]);
    expect(distinctAddresses([whole, plain, whole])).toEqual([whole]);
  });

  it('over different relays are two', () => {
    const over = (relay: string) =>
      `/ip4/192.0.2.9/tcp/1/p2p/${relay}/p2p-circuit/p2p/12D3KooWPeer`;
    const both = [over('12D3KooWOne'), over('12D3KooWTwo')];
    expect(distinctAddresses(both)).toEqual(both);
  });
});
