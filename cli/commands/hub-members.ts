/** Commands for operators of a hub: the community in numbers, and its members. */
import type { HubStats, Member, MemberChangeRequest } from '../../node/service/shapes.ts';
import { parsePid } from '../../protocol/identity/pid.ts';
import { type Command, command, flag, type Result, value } from '../command.ts';
import { usageError } from '../exit.ts';
import { type Column, facts, type Page, tableOr } from '../page.ts';
import { anyText, oneOf, wholeNumber } from '../read.ts';

export const GROUP = 'The hub of a community';
const MEMBERS_SHOWN = 100;
export const REASON = value('--reason <TEXT>', 'why; stands in the journal', anyText);

const COLOUR_BY_STATUS = {
  pending: 'yellow',
  refused: 'red',
  active: 'green',
  suspended: 'red',
  left: 'dim',
  deleted: 'dim',
} as const;

/** To the minute: the second is in `--json`. */
export const shortTime = (time: string): string => time.slice(0, 16).replace('T', ' ');

const MEMBER_COLUMNS: readonly Column<Member>[] = [
  { title: 'NAME', cell: (member) => member.name, flexible: true },
  { title: 'PID', cell: (member) => member.pid, flexible: true },
  { title: 'KIND', cell: (member) => member.kind },
  {
    title: 'STATUS',
    cell: (member) => member.status,
    format: (member) => COLOUR_BY_STATUS[member.status],
  },
  { title: 'SINCE', cell: (member) => shortTime(member.since) },
  {
    title: 'NODE',
    cell: ({ hosted, connected }) => (hosted ? 'hosted' : connected ? 'connected' : 'away'),
  },
  { title: 'REASON', cell: (member) => member.reason, flexible: true },
];

function memberResult(member: Member): Result {
  const { pid, name, about, kind, status, reason, hosted, connected } = member;
  return {
    json: member,
    text: (page) =>
      facts(page, [
        ['name', name || 'none'],
        ['PID', pid],
        ['kind', kind],
        ...(about === '' ? [] : ([['about', about]] as const)),
        ['status', status, COLOUR_BY_STATUS[status]],
        ...(reason === '' ? [] : ([['reason', reason]] as const)),
        ['since', member.since],
        ['node', hosted ? 'none: the hub votes for it' : connected ? 'connected' : 'away'],
      ]),
  };
}

function memberChange(
  act: MemberChangeRequest['act'],
  summary: string,
  details: string,
  example: string,
): Command {
  return command({
    words: `hub members ${act}`,
    group: GROUP,
    summary,
    details,
    examples: [example],
    arguments: { MEMBER: 'PID, or a unique prefix of one' },
    options: { reason: REASON },
    run: async ({ client }, { MEMBER }, { reason = '' }) =>
      memberResult(await (await client()).changeMember({ member: MEMBER, act, reason })),
  });
}

function statsText(page: Page, stats: HubStats): string {
  const { members } = stats;
  return facts(page, [
    ['community', stats.community || 'no name'],
    ...(stats.about === '' ? [] : ([['about', stats.about]] as const)),
    ['admission', stats.admission],
    ['active members', `${members.active}, ${stats.connected} with a connected node`],
    ['without a node', String(stats.hosted)],
    ['waiting', String(members.pending), members.pending > 0 ? 'yellow' : undefined],
    ['suspended', String(members.suspended)],
    ['left, deleted, refused', `${members.left}, ${members.deleted}, ${members.refused}`],
    ['open invitations', String(stats.invitations_open)],
    ['further operators', String(stats.operators)],
    ['counts in', stats.equivalents.join(' ') || 'nothing yet: geo hub equivalents add CODE'],
    ...stats.index.map(
      ({ equivalent, participants, edges, differing, stale }) =>
        [
          `index of ${equivalent}`,
          [
            `${edges} edges of ${participants} participants`,
            ...(differing > 0 ? [`${differing} told differently by their ends`] : []),
            ...(stale > 0 ? [`${stale} not reported for long`] : []),
          ].join(', '),
          differing + stale > 0 ? 'yellow' : undefined,
        ] as const,
    ),
    ...(stats.disagreements === 0
      ? []
      : ([
          ['reports disagree', `on ${stats.disagreements} edges: geo hub disagreements`, 'yellow'],
        ] as const)),
    ...Object.entries(stats.reports_refused).map(
      ([fault, count]) => ['reports refused', `${count} for ${fault}`, 'yellow'] as const,
    ),
    ['journal', `${stats.acts} acts, newest ${stats.head ?? 'none'}`],
    ...(stats.unconfirmed
      ? ([
          [
            'restored',
            'nobody takes on anything new until `geo hub members confirm`; see docs/OPERATOR.md',
            'red',
          ],
        ] as const)
      : []),
  ]);
}

export const memberCommands = [
  command({
    words: 'hub stats',
    group: GROUP,
    summary: 'Show the community in numbers',
    examples: ['geo hub stats'],
    run: async ({ client }) => {
      const stats = await (await client()).hubStats();
      return { json: stats, text: (page) => statsText(page, stats) };
    },
  }),
  command({
    words: 'hub members',
    group: GROUP,
    summary: 'List the members, and who asks to be one',
    details:
      'In the order of their PIDs, 100 at a time unless said otherwise. Where more follow, --after goes on from the last one.',
    examples: [
      'geo hub members',
      'geo hub members --status pending',
      'geo hub members --hosted --name maria --limit 20',
    ],
    options: {
      status: value(
        '--status <STATUS>',
        'those of one status only',
        oneOf('pending', 'refused', 'active', 'suspended', 'left', 'deleted'),
      ),
      kind: value(
        '--kind <KIND>',
        'those of one kind only',
        oneOf('person', 'organization', 'hub'),
      ),
      name: value('--name <TEXT>', 'those with this in their name', anyText),
      hosted: flag('--hosted', 'those without a node of their own'),
      ownNode: flag('--own-node', 'those with a node of their own'),
      after: value('--after <PID>', 'those that follow this one', anyText),
      limit: value('--limit <N>', 'how many at most; 100 if not given', wholeNumber(1, 10_000)),
    },
    run: async ({ client, talk }, _given, options) => {
      const { status, kind, name, hosted, ownNode, after, limit = MEMBERS_SHOWN } = options;
      if (hosted && ownNode) throw usageError('--hosted and --own-node exclude each other.');
      const api = await client();
      const members = await api.hubMembers({
        limit,
        ...(status === undefined ? {} : { status }),
        ...(kind === undefined ? {} : { kind }),
        ...(name === undefined ? {} : { name }),
        ...(hosted || ownNode ? { hosted } : {}),
        ...(after === undefined ? {} : { after: parsePid(after) }),
      });
      if (members.length === limit) talk(`There may be more: --after ${members.at(-1)!.pid}`);
      return {
        json: members,
        text: (page) =>
          tableOr(page, 'No members. Make an invitation: geo hub invite.', MEMBER_COLUMNS, members),
      };
    },
  }),
  memberChange(
    'approve',
    'Take in somebody who waits, or was refused',
    '',
    'geo hub members approve 8opHzTAn',
  ),
  memberChange(
    'refuse',
    'Refuse somebody who waits',
    'The participant is told the reason.',
    'geo hub members refuse 8opHzTAn --reason "not from here"',
  ),
  memberChange(
    'suspend',
    'Let a member take on nothing new',
    'What it owes and is owed can still be repaid and cleared. The member is told the reason.',
    'geo hub members suspend 8opHzTAn --reason "lost her key"',
  ),
  memberChange('reinstate', 'End a suspension', '', 'geo hub members reinstate 8opHzTAn'),
  memberChange(
    'remove',
    'Remove somebody who owes nothing and is owed nothing',
    'The profile is forgotten. Only an operator can take the participant in again, whatever code it brings.',
    'geo hub members remove 8opHzTAn --reason "moved away"',
  ),
  command({
    words: 'hub members confirm',
    group: GROUP,
    summary: 'After a backup was restored: say that the members are as they should be',
    details:
      'Until then nobody takes on anything new: who was suspended or removed after the backup was made stands in the list as before. Compare it with the newest hash and acts that you have noted (docs/OPERATOR.md).',
    examples: ['geo hub members confirm --reason "compared with the list of March"'],
    options: { reason: REASON },
    run: async ({ client }, _given, { reason }) => {
      if (reason === undefined) throw usageError('Say how you have made sure: --reason TEXT.');
      const stats = await (await client()).confirmMembers({ reason });
      return { json: stats, text: (page) => statsText(page, stats) };
    },
  }),
];
