/** Commands about other participants: connections and contact names. */
import type { Peer } from '../../node/service/shapes.ts';
import { command } from '../command.ts';
import { splitAddress } from '../names.ts';
import { type Column, facts, tableOr } from '../page.ts';

const PEER_COLUMNS: readonly Column<Peer>[] = [
  { title: 'NAME', cell: (peer) => peer.name ?? '' },
  { title: 'PID', cell: (peer) => peer.pid, flexible: true },
  {
    title: 'CONNECTED',
    cell: (peer) => (peer.connected ? 'yes' : 'no'),
    format: (peer) => (peer.connected ? 'green' : 'dim'),
  },
  { title: 'ADDRESSES', cell: (peer) => peer.addresses.join(' '), flexible: true },
];

export const peerCommands = [
  command({
    words: 'peers',
    group: 'Peers',
    summary: 'List the peers that this node knows',
    examples: ['geo peers'],
    run: async ({ client }) => {
      const peers = await (await client()).peers();
      return {
        json: peers,
        text: (page) =>
          tableOr(page, 'No peers yet. Try `geo connect ADDRESS`.', PEER_COLUMNS, peers),
      };
    },
  }),
  command({
    words: 'connect',
    group: 'Peers',
    summary: 'Connect to a peer by its address',
    examples: ['geo connect /ip4/192.0.2.7/tcp/4848'],
    arguments: { ADDRESS: 'multiaddr, as `geo id` of the other node prints it' },
    run: async ({ client }, { ADDRESS }) => {
      const peer = await (await client()).connect(ADDRESS);
      return { json: peer, text: () => `Connected to ${peer.pid}.` };
    },
  }),
  command({
    words: 'contact add',
    group: 'Peers',
    summary: 'Give a participant a name, and say where it can be reached',
    examples: [
      'geo contact add bob 8opHzTAnfzRpPEx21XtnrVTX28YQuCpAjcn1PczScKh2',
      'geo contact add bob 8opHzTAnfzRpPEx21XtnrVTX28YQuCpAjcn1PczScKh2@/ip4/192.0.2.7/tcp/4848',
    ],
    arguments: {
      NAME: 'how you call the participant: no spaces, no @, no /',
      PID: 'its PID, and after @ a multiaddr if you know one',
    },
    run: async ({ client }, { NAME, PID }) => {
      const where = splitAddress(PID);
      const contact = await (await client()).addContact({ name: NAME, ...where });
      return {
        json: contact,
        text: (page) =>
          facts(page, [
            ['name', contact.name],
            ['PID', contact.pid],
            ['addresses', contact.addresses.join(' ') || 'none known'],
          ]),
      };
    },
  }),
  command({
    words: 'contact list',
    group: 'Peers',
    summary: 'List the names that you gave',
    examples: ['geo contact list'],
    run: async ({ client }) => {
      const contacts = await (await client()).contacts();
      return {
        json: contacts,
        text: (page) =>
          tableOr(
            page,
            'No contacts yet. Add one with `geo contact add NAME PID`.',
            [
              { title: 'NAME', cell: ({ name }) => name },
              { title: 'PID', cell: ({ pid }) => pid, flexible: true },
              { title: 'ADDRESSES', cell: ({ addresses }) => addresses.join(' '), flexible: true },
            ],
            contacts,
          ),
      };
    },
  }),
];
