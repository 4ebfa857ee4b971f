/** Commands about this participant's memberships in communities. */
import type { Membership, Participant } from '../../node/service/shapes.ts';
import { command, type Result, value } from '../command.ts';
import { type Column, facts, tableOr } from '../page.ts';
import { anyText, oneOf, wholeNumber } from '../read.ts';
import { alsoAtUrl } from './at.ts';

const GROUP = 'Communities';

const COLOUR_BY_STATUS = {
  pending: 'yellow',
  refused: 'red',
  active: 'green',
  suspended: 'red',
  left: 'dim',
  deleted: 'dim',
} as const;

const SENTENCES = {
  pending: 'An operator has to approve it; the node asks again by itself.',
  refused: '',
  active: '',
  suspended: 'Nothing new is taken on; debts can be repaid and cleared.',
  left: '',
  deleted: '',
} as const;

function stateOf({ status, wish }: Membership): string {
  if (wish === 'leave') return 'leaving';
  return status ?? 'asked';
}

const COLUMNS: readonly Column<Membership>[] = [
  { title: 'COMMUNITY', cell: ({ community }) => community, flexible: true },
  { title: 'HUB', cell: ({ hub }) => hub, flexible: true },
  {
    title: 'STATUS',
    cell: stateOf,
    format: ({ status }) => (status === null ? 'yellow' : COLOUR_BY_STATUS[status]),
  },
  { title: 'COUNTS IN', cell: ({ equivalents }) => equivalents.join(' '), flexible: true },
  { title: 'REASON', cell: ({ reason }) => reason, flexible: true },
];

function membershipResult(membership: Membership): Result {
  const { status, community, about, hub, reason, fault, equivalents, conflicts } = membership;
  const sentence =
    status === null
      ? 'The hub has not answered; the node asks again by itself.'
      : SENTENCES[status];
  const refused = fault !== null || status === 'refused' || status === 'deleted';
  return {
    json: membership,
    text: (page) =>
      facts(page, [
        ['community', community || 'no name'],
        ...(about === '' ? [] : ([['about', about]] as const)),
        ['hub', hub],
        ['status', stateOf(membership), status === null ? 'yellow' : COLOUR_BY_STATUS[status]],
        ...(reason === '' ? [] : ([['reason', reason, refused ? 'red' : undefined]] as const)),
        ...(sentence === '' || refused ? [] : ([['next', sentence]] as const)),
        ['counts in', equivalents.join(' ') || 'nothing told yet'],
        ...(conflicts.length === 0
          ? []
          : ([
              [
                'counted otherwise here',
                `${conflicts.join(' ')}: another precision, so no lines with members in it`,
                'red',
              ],
            ] as const)),
      ]),
    exit: refused ? 1 : 0,
  };
}

const PARTICIPANT_COLUMNS: readonly Column<Participant>[] = [
  { title: 'NAME', cell: ({ name }) => name, flexible: true },
  { title: 'PID', cell: ({ pid }) => pid, flexible: true },
  { title: 'KIND', cell: ({ kind }) => kind },
  {
    title: 'STATUS',
    cell: ({ active }) => (active ? 'active' : 'suspended'),
    format: ({ active }) => (active ? 'green' : 'red'),
  },
  { title: 'ABOUT', cell: ({ about }) => about, flexible: true },
];

const participantsCommand = alsoAtUrl(
  command({
    words: 'participants',
    group: GROUP,
    summary: 'Find members of the community of a hub',
    examples: ['geo participants bakery --at https://hub.example:4849', 'geo participants'],
    arguments: {
      '[SEARCH]': 'part of a name or of what it says about itself, or the beginning of a PID',
    },
    options: {
      limit: value('--limit <N>', 'at most N; 100 if not given', wholeNumber(1, 1_000)),
    },
    run: async ({ client }, { '[SEARCH]': search }, { limit }) => {
      const page = await (await client()).participants({
        ...(search === '' ? {} : { search }),
        ...(limit === undefined ? {} : { limit }),
      });
      return {
        json: page,
        text: (screen) => tableOr(screen, 'Nobody.', PARTICIPANT_COLUMNS, page.items),
      };
    },
  }),
);

export const membershipCommands = [
  participantsCommand,
  command({
    words: 'join',
    group: GROUP,
    summary: 'Ask a hub to be taken into its community',
    details:
      'The hub answers at once, or when an operator has decided; the node asks again by itself until then. What the community counts in is defined here as well.',
    examples: [
      'geo join /dns4/hub.example.org/tcp/4848 --name Anna',
      'geo join /ip4/192.0.2.7/tcp/4848 --code 7K3M-QX0P-2VBN-C5TA --kind organization --name Bakery',
    ],
    arguments: { ADDRESS: 'multiaddr of the hub' },
    options: {
      code: value('--code <CODE>', 'invitation code', anyText),
      name: value('--name <TEXT>', 'how the community shall call you', anyText),
      about: value('--about <TEXT>', 'something about you', anyText),
      kind: value(
        '--kind <KIND>',
        'person (unless said otherwise), organization or hub',
        oneOf('person', 'organization', 'hub'),
      ),
    },
    run: async ({ client }, { ADDRESS }, { code, name = '', about = '', kind = 'person' }) => {
      const request = { address: ADDRESS, name, about, kind };
      const api = await client();
      return membershipResult(await api.join(code === undefined ? request : { ...request, code }));
    },
  }),
  command({
    words: 'memberships',
    group: GROUP,
    summary: 'List the communities that this participant belongs to',
    examples: ['geo memberships'],
    run: async ({ client }) => {
      const memberships = await (await client()).memberships();
      return {
        json: memberships,
        text: (page) => tableOr(page, 'None. Join one: geo join ADDRESS.', COLUMNS, memberships),
      };
    },
  }),
  command({
    words: 'leave',
    group: GROUP,
    summary: 'Leave a community',
    details: 'Lines and debts stay as they are: they are between participants.',
    examples: ['geo leave 8opHzTAn'],
    arguments: { HUB: 'PID of the hub, or a unique prefix of it' },
    run: async ({ client }, { HUB }) =>
      membershipResult(await (await client()).leave({ hub: HUB })),
  }),
];
