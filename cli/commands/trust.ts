/** Commands about equivalents and trust lines. */
import type { PolicyPatch, TrustLine } from '../../node/service/shapes.ts';
import { type Command, command, list, type Result, value } from '../command.ts';
import { usageError } from '../exit.ts';
import { nameOr, pidsOf } from '../names.ts';
import { type Column, facts, tableOr } from '../page.ts';
import { anyText, onOff, pairs, wholeNumber } from '../read.ts';
import { equivalentsResult } from './equivalent-table.ts';

const PEER = 'contact name, PID, or a unique prefix of one';
const EQ = 'code of the equivalent';

const COLOUR_BY_STATE = { PENDING: 'yellow', COMMITTED: 'green', FAILED: 'red' } as const;

const LINE_COLUMNS: readonly Column<TrustLine>[] = [
  { title: 'DIRECTION', cell: (line) => line.direction },
  { title: 'PEER', cell: (line) => nameOr(line.peer_name, line.peer), flexible: true },
  { title: 'LIMIT', cell: (line) => line.limit, right: true },
  { title: 'DEBT', cell: (line) => line.debt, right: true },
  { title: 'AVAILABLE', cell: (line) => line.available, right: true },
  { title: 'EQ', cell: (line) => line.equivalent },
  { title: 'STATUS', cell: (line) => line.status },
  { title: 'STATE', cell: (line) => line.state, format: (line) => COLOUR_BY_STATE[line.state] },
];

const ACKNOWLEDGED = {
  PENDING: 'not yet; the node repeats it until the other end answers',
  COMMITTED: 'yes',
  FAILED: 'refused',
} as const;

function lineResult(line: TrustLine): Result {
  const { policy } = line;
  const yesNo = (held: boolean) => (held ? 'yes' : 'no');
  return {
    json: line,
    text: (page) =>
      facts(page, [
        [
          line.direction === 'given' ? 'given to' : 'received from',
          nameOr(line.peer_name, line.peer),
        ],
        ['limit', `${line.limit} ${line.equivalent}`],
        ['debt', `${line.debt} ${line.equivalent}`],
        ['available', `${line.available} ${line.equivalent}`],
        ['status', line.status],
        ['acknowledged', ACKNOWLEDGED[line.state], COLOUR_BY_STATE[line.state]],
        ['automatic clearing', yesNo(policy.auto_clearing)],
        ['most that one clearing takes', policy.clearing_limit ?? 'the whole debt'],
        ['debts may pass to other creditors', yesNo(policy.allow_shortening)],
        ['may carry payments of others', yesNo(policy.can_be_intermediate)],
        ['new debt per day', policy.daily_limit ?? 'no limit of its own'],
        ['blocked participants', policy.blocked_participants.join(' ') || 'none'],
        ...(line.failure === null ? [] : ([['failure', line.failure.message, 'red']] as const)),
      ]),
    exit: line.state === 'FAILED' ? 1 : 0,
  };
}

function lineChange(
  words: string,
  summary: string,
  details: string,
  change: 'freezeTrustLine' | 'closeTrustLine',
): Command {
  return command({
    words,
    group: 'Equivalents and trust lines',
    summary,
    details,
    examples: [`geo ${words} bob UAH`],
    arguments: { PEER, EQ },
    run: async ({ client }, given) => {
      const api = await client();
      return lineResult(await api[change]({ peer: given.PEER, equivalent: given.EQ }));
    },
  });
}

export const trustCommands = [
  command({
    words: 'equivalent define',
    group: 'Equivalents and trust lines',
    summary: 'Define what debts can be measured in',
    examples: [
      'geo equivalent define UAH --precision 2 --name "Ukrainian hryvnia"',
      'geo equivalent define HOURS --precision 1 --meta backed_by="an hour of work"',
    ],
    arguments: { CODE: '1 to 16 of A-Z, 0-9 and _' },
    options: {
      precision: value(
        '--precision <N>',
        'digits after the point, 0 to 8; required, and the same at every node',
        wholeNumber(0, 8),
      ),
      name: value('--name <TEXT>', 'full name, for people', anyText),
      meta: list('--meta <NAME=TEXT...>', 'further facts for people'),
    },
    run: async ({ client }, { CODE }, { precision, name, meta }) => {
      if (precision === undefined) {
        throw usageError('--precision is missing: how many digits may stand after the point?');
      }
      const metadata = { ...(name === undefined ? {} : { name }), ...pairs(meta) };
      const equivalent = await (await client()).defineEquivalent({
        code: CODE,
        precision,
        metadata,
      });
      return {
        json: equivalent,
        text: () =>
          `${equivalent.code} is defined with ${equivalent.precision} digits after the point.`,
      };
    },
  }),
  command({
    words: 'equivalent list',
    group: 'Equivalents and trust lines',
    summary: 'List the equivalents that this node knows',
    examples: ['geo equivalent list'],
    run: async ({ client }) => {
      const equivalents = await (await client()).equivalents();
      return equivalentsResult(
        equivalents,
        'No equivalents yet. Define one with `geo equivalent define CODE`.',
      );
    },
  }),
  command({
    words: 'trust set',
    group: 'Equivalents and trust lines',
    summary: 'Let a peer owe you up to a limit: create or change the trust line',
    details:
      'Policy that is not named stays as it is. The line holds at once for this node; the peer is told until it acknowledges.',
    examples: [
      'geo trust set bob 500 UAH',
      'geo trust set bob 500 UAH --can-be-intermediate off --daily-limit 50',
      'geo trust set bob 500 UAH --block carol dave',
    ],
    arguments: { PEER, LIMIT: 'the most that the peer may owe you', EQ },
    options: {
      autoClearing: value('--auto-clearing <on|off>', 'clear cycles without asking', onOff),
      clearingLimit: value(
        '--clearing-limit <AMOUNT|none>',
        'most that one clearing takes from what the peer owes you; 0 for nothing',
        anyText,
      ),
      allowShortening: value(
        '--allow-shortening <on|off>',
        'let debts on this line pass to another creditor, and new ones come from that, within the limit',
        onOff,
      ),
      canBeIntermediate: value(
        '--can-be-intermediate <on|off>',
        'let payments of others pass over this line',
        onOff,
      ),
      dailyLimit: value('--daily-limit <AMOUNT|none>', 'most new debt per UTC day', anyText),
      block: list(
        '--block <PEER...>',
        'participants whose payments may not pass; replaces the list',
      ),
      unblockAll: { kind: 'flag', flags: '--unblock-all', text: 'empty that list' },
    },
    run: async ({ client }, given, options) => {
      const api = await client();
      const { autoClearing, clearingLimit, allowShortening, canBeIntermediate } = options;
      const { dailyLimit, block, unblockAll } = options;
      const policy: PolicyPatch = {
        ...(autoClearing === undefined ? {} : { auto_clearing: autoClearing }),
        ...(clearingLimit === undefined
          ? {}
          : { clearing_limit: clearingLimit === 'none' ? null : clearingLimit }),
        ...(allowShortening === undefined ? {} : { allow_shortening: allowShortening }),
        ...(canBeIntermediate === undefined ? {} : { can_be_intermediate: canBeIntermediate }),
        ...(dailyLimit === undefined
          ? {}
          : { daily_limit: dailyLimit === 'none' ? null : dailyLimit }),
        ...(block.length === 0 && !unblockAll
          ? {}
          : { blocked_participants: await pidsOf(api, block) }),
      };
      const line = await api.setTrustLine({
        peer: given.PEER,
        equivalent: given.EQ,
        limit: given.LIMIT,
        ...(Object.keys(policy).length === 0 ? {} : { policy }),
      });
      return lineResult(line);
    },
  }),
  lineChange(
    'trust freeze',
    'Freeze a trust line: no new debt',
    'What is owed can still be repaid and cleared. `geo trust set` makes the line active again.',
    'freezeTrustLine',
  ),
  lineChange(
    'trust close',
    'Close a trust line that carries no debt',
    'A line with debt cannot be closed: freeze it, or set its limit to the debt.',
    'closeTrustLine',
  ),
  command({
    words: 'trust list',
    group: 'Equivalents and trust lines',
    summary: 'List the trust lines given and received',
    examples: ['geo trust list', 'geo trust list --json'],
    run: async ({ client }) => {
      const lines = await (await client()).trustLines();
      return {
        json: lines,
        text: (page) =>
          tableOr(
            page,
            'No trust lines yet. Give one with `geo trust set PEER LIMIT EQ`.',
            LINE_COLUMNS,
            lines,
          ),
      };
    },
  }),
];
