/** Commands for operators of a hub: invitations, equivalents, operators and journal. */
import type { Client } from '../../node/api/client.ts';
import { HUB_ROUTES } from '../../node/api/routes/hub.ts';
import type { HubAct, Invitation, Operator } from '../../node/service/shapes.ts';
import { type Command, type Context, command, flag, list, type Result, value } from '../command.ts';
import { usageError } from '../exit.ts';
import { nameOr } from '../names.ts';
import { type Column, facts, tableOr } from '../page.ts';
import { anyText, oneOf, pairs, wholeNumber } from '../read.ts';
import { contextAtUrl, isUrl } from './at.ts';
import { equivalentsResult } from './equivalent-table.ts';
import { GROUP, memberCommands, REASON, shortTime } from './hub-members.ts';
import { reportCommands } from './hub-reports.ts';

const DAY_MS = 24 * 3_600_000;
const NO_EQUIVALENTS =
  'Nothing yet. Add an equivalent: geo hub equivalents add CODE --precision N.';

const INVITATION_COLUMNS: readonly Column<Invitation>[] = [
  { title: 'NAME', cell: ({ id }) => id.slice(0, 10) },
  {
    title: 'STATUS',
    cell: ({ status }) => status.replace('_', ' '),
    format: ({ status }) => (status === 'open' ? 'green' : 'dim'),
  },
  { title: 'USED', cell: ({ used, uses }) => `${used} of ${uses}`, right: true },
  { title: 'EXPIRES', cell: ({ expires }) => shortTime(expires) },
  { title: 'BY', cell: ({ by }) => nameOr(null, by) },
  { title: 'NOTE', cell: ({ note }) => note, flexible: true },
];

const ACT_COLUMNS: readonly Column<HubAct>[] = [
  { title: 'NO', cell: ({ number }) => String(number), right: true },
  { title: 'TIME', cell: ({ time }) => shortTime(time) },
  { title: 'ACTOR', cell: ({ actor }) => nameOr(null, actor) },
  { title: 'ROLE', cell: ({ role }) => role },
  { title: 'ACT', cell: ({ act }) => act },
  { title: 'SUBJECT', cell: ({ subject }) => subject, flexible: true },
  { title: 'CHANGE', cell: changeOf, flexible: true },
  { title: 'REASON', cell: ({ reason }) => reason, flexible: true },
];

function changeOf({ before, after }: HubAct): string {
  const plain = (json: string) => json.replaceAll(/["{}]/g, '').replaceAll(',', ', ');
  return [before, after]
    .filter((json) => json !== '')
    .map(plain)
    .join(' → ');
}

function operatorsResult(operators: readonly Operator[]): Result {
  return {
    json: operators,
    text: (page) =>
      tableOr(
        page,
        'No operators.',
        [
          { title: 'PID', cell: ({ pid }) => pid, flexible: true },
          { title: 'NAME', cell: ({ name }) => name ?? '', flexible: true },
          { title: 'ROLE', cell: ({ role }) => role },
          { title: 'SINCE', cell: ({ since }) => (since === null ? 'the hub' : shortTime(since)) },
        ],
        operators,
      ),
  };
}

const commands = [
  ...memberCommands,
  ...reportCommands,
  command({
    words: 'hub invite',
    group: GROUP,
    summary: 'Make an invitation code',
    details:
      'The code is shown once: the hub keeps nothing that it could be made from. Give it to whoever shall join.',
    examples: ['geo hub invite', 'geo hub invite --uses 20 --days 3 --note "for the choir"'],
    options: {
      uses: value(
        '--uses <N>',
        'how many may join with it; 1 unless said otherwise',
        wholeNumber(1, 1_000_000),
      ),
      days: value('--days <N>', 'how long it is good', wholeNumber(1, 400)),
      note: value('--note <TEXT>', 'what it is for; stands in the journal', anyText),
    },
    run: async ({ client }, _given, { uses = 1, days, note = '' }) => {
      const made = await (await client()).invite({
        uses,
        note,
        ...(days === undefined ? {} : { life_ms: days * DAY_MS }),
      });
      return {
        json: made,
        text: (page) =>
          facts(page, [
            ['code', made.code, 'bold'],
            ['name', made.id.slice(0, 10)],
            ['uses', String(made.uses)],
            ['expires', made.expires],
          ]),
      };
    },
  }),
  command({
    words: 'hub invite list',
    group: GROUP,
    summary: 'List the invitations, and how often each was used',
    examples: ['geo hub invite list'],
    run: async ({ client }) => {
      const invitations = await (await client()).invitations();
      return {
        json: invitations,
        text: (page) => tableOr(page, 'No invitations.', INVITATION_COLUMNS, invitations),
      };
    },
  }),
  command({
    words: 'hub invite revoke',
    group: GROUP,
    summary: 'Make an invitation code worthless',
    examples: ['geo hub invite revoke 3fa9c1 --reason "posted in public"'],
    arguments: { NAME: 'name of the invitation, or a unique beginning of it' },
    options: { reason: REASON },
    run: async ({ client }, { NAME }, { reason = '' }) => {
      const revoked = await (await client()).revokeInvitation({ invitation: NAME, reason });
      return {
        json: revoked,
        text: () =>
          `Revoked; ${revoked.used} of ${revoked.uses} had joined with it. They stay what they are.`,
      };
    },
  }),
  command({
    words: 'hub equivalents',
    group: GROUP,
    summary: 'List what the community counts in',
    examples: ['geo hub equivalents'],
    run: async ({ client }) =>
      equivalentsResult(await (await client()).offeredEquivalents(), NO_EQUIVALENTS),
  }),
  command({
    words: 'hub equivalents withdraw',
    group: GROUP,
    summary: 'Count no more in an equivalent',
    details:
      'Who joins does not take it over, and hosted members give no wider lines in it; nodes of their own decide for themselves. What is owed stays, and can be repaid and cleared. `geo hub equivalents add` ends that.',
    examples: ['geo hub equivalents withdraw HOUR --reason "we count in UAH alone now"'],
    arguments: { CODE: '1 to 16 of A-Z, 0-9 and _' },
    options: { reason: REASON },
    run: async ({ client }, { CODE }, { reason = '' }) =>
      equivalentsResult(
        await (await client()).withdrawEquivalent({ code: CODE, reason }),
        NO_EQUIVALENTS,
      ),
  }),
  command({
    words: 'hub equivalents add',
    group: GROUP,
    summary: 'Count in one more equivalent; joined nodes take it over',
    examples: ['geo hub equivalents add HOUR --precision 1 --name "an hour of work"'],
    arguments: { CODE: '1 to 16 of A-Z, 0-9 and _' },
    options: {
      precision: value('--precision <N>', 'digits after the point; required', wholeNumber(0, 8)),
      name: value('--name <TEXT>', 'full name, for people', anyText),
      meta: list('--meta <NAME=TEXT...>', 'further facts for people'),
      reason: REASON,
    },
    run: async ({ client }, { CODE }, { precision, name, meta, reason = '' }) => {
      if (precision === undefined) {
        throw usageError('--precision is missing: how many digits may stand after the point?');
      }
      const metadata = { ...(name === undefined ? {} : { name }), ...pairs(meta) };
      const request = { code: CODE, precision, metadata, reason };
      const added = await (await client()).offerEquivalent(request);
      return { json: added, text: () => `The community counts in ${added.code} now.` };
    },
  }),
  command({
    words: 'hub operators',
    group: GROUP,
    summary: 'List who may do operator acts',
    examples: ['geo hub operators'],
    run: async ({ client }) => operatorsResult(await (await client()).operators()),
  }),
  command({
    words: 'hub operators set',
    group: GROUP,
    summary: 'Give a participant a role, or take it',
    details:
      'An auditor reads; an operator also decides about members and invitations; an admin also about equivalents, operators and restored members.',
    examples: [
      'geo hub operators set bob operator',
      'geo hub operators set bob none --reason "moved away"',
    ],
    arguments: {
      PEER: 'contact name, PID, or a unique prefix of one',
      ROLE: 'admin, operator, auditor or none',
    },
    options: { reason: REASON },
    run: async ({ client }, { PEER, ROLE }, { reason = '' }) => {
      const role = oneOf('admin', 'operator', 'auditor', 'none')(ROLE);
      const request = { operator: PEER, role: role === 'none' ? null : role, reason };
      return operatorsResult(await (await client()).appointOperator(request));
    },
  }),
  command({
    words: 'hub audit',
    group: GROUP,
    summary: 'Show the journal: who did what to whom, and why',
    details:
      'Each act holds the hash of the one before. Note the newest hash now and then, away from the hub: --verify --head HASH shows later that nothing up to it was changed or taken out.',
    examples: ['geo hub audit', 'geo hub audit --after 120', 'geo hub audit --verify --head 5e8c…'],
    options: {
      after: value('--after <N>', 'acts above this number only', wholeNumber(0, 999_999_999)),
      limit: value(
        '--limit <N>',
        'how many at most; 100 unless said otherwise',
        wholeNumber(1, 10_000),
      ),
      verify: flag('--verify', 'check the whole chain instead'),
      head: value('--head <HASH>', 'with --verify: the newest hash at some earlier time', anyText),
    },
    run: async ({ client }, _given, { after, limit, verify, head }) => {
      const api = await client();
      if (!verify) {
        if (head !== undefined) throw usageError('--head goes with --verify.');
        const acts = await api.hubActs({
          ...(after === undefined ? {} : { after }),
          ...(limit === undefined ? {} : { limit }),
        });
        return {
          json: acts,
          text: (page) => tableOr(page, 'Nothing was done yet.', ACT_COLUMNS, acts),
        };
      }
      const check = await api.checkJournal(head === undefined ? {} : { head });
      return {
        json: check,
        text: (page) =>
          facts(page, [
            ['journal', check.held ? 'holds' : 'does not hold', check.held ? 'green' : 'red'],
            ['acts', String(check.acts)],
            ['newest', check.head ?? 'none'],
            ...(check.held ? [] : ([['problem', check.problem, 'red']] as const)),
          ]),
        exit: check.held ? 0 : 1,
      };
    },
  }),
];

/** Each of them for the hub of this home, or with --at for another that has given this participant a role: signed over the network, or by a session. */
export const hubCommands = commands.map(operable);

function operable(row: Command): Command {
  return {
    ...row,
    options: {
      ...row.options,
      at: value(
        '--at <HUB>',
        'another hub, as an operator of it: contact name or PID of its node, or the URL of its public API where this home has signed in (geo sign-in)',
        anyText,
      ),
    },
    run: (context, given, { at, ...options }) =>
      row.run(at === undefined ? context : contextAt(context, String(at)), given, options),
  };
}

function contextAt(context: Context, hub: string): Context {
  if (isUrl(hub)) return contextAtUrl(context, hub);
  return {
    ...context,
    client: async () => {
      const client = await context.client();
      const remote = Object.keys(HUB_ROUTES).map((method) => [
        method,
        async (argument?: unknown) =>
          (await client.operateAt({ hub, method, argument: argument ?? {} })).result,
      ]);
      return {
        ...client,
        ...(Object.fromEntries(remote) as Pick<Client, keyof typeof HUB_ROUTES>),
      };
    },
  };
}
