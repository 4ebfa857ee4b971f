/** Commands about who votes for this participant, and about books on their way between agents. */
import { resolve } from 'node:path';
import type { Account } from '../../node/service/shapes.ts';
import { command, type Result, value } from '../command.ts';
import { facts } from '../page.ts';
import { anyText, wholeNumber } from '../read.ts';

const GROUP = 'Members without a node';
const DAYS_MAX = 3_650;

function agentResult(account: Account): Result {
  const { agent } = account;
  return {
    json: account,
    text: (page) =>
      facts(page, [
        ['participant', account.member, 'bold'],
        ['votes for it', agent === null ? 'this node' : agent.pid],
        ...(agent?.expires ? ([['until', agent.expires]] as const) : []),
      ]),
  };
}

export const agentCommands = [
  command({
    words: 'agent grant',
    group: GROUP,
    summary: 'Let a hub vote for this participant; this node stops',
    details:
      'The hub must have taken you in (`geo join`), and no payment may be under way. It and the agents of your neighbours are told until they know. Your books follow by themselves from the neighbours, or at once with `geo agent export` here and `geo agent import` there.',
    examples: ['geo agent grant hub', 'geo agent grant 8opHzTAn --days 30'],
    arguments: { PEER: 'contact name, PID, or a unique prefix of one' },
    options: { days: value('--days <N>', '365 unless said', wholeNumber(1, DAYS_MAX)) },
    run: async ({ client }, { PEER }, { days = 365 }) =>
      agentResult(await (await client()).grantAgent({ peer: PEER, days })),
  }),
  command({
    words: 'agent revoke',
    group: GROUP,
    summary: 'Vote for this participant by this node again',
    examples: ['geo agent revoke'],
    run: async ({ client }) => agentResult(await (await client()).revokeAgent()),
  }),
  command({
    words: 'agent export',
    group: GROUP,
    summary: 'Write all books of this participant, or of a member, into a new file',
    examples: ['geo agent export anna.geo', 'geo agent export maria.geo --member 8opHzTAn'],
    arguments: { FILE: 'a file that is not there yet' },
    options: {
      member: value('--member <PEER>', 'of whom; this participant itself unless said', anyText),
    },
    run: async ({ client }, { FILE }, { member }) => {
      const file = resolve(FILE);
      const request = member === undefined ? { file } : { file, peer: member };
      const done = await (await client()).exportBooks(request);
      return { json: done, text: () => `Saved ${done.file}, ${done.bytes} bytes.` };
    },
  }),
  command({
    words: 'agent import',
    group: GROUP,
    summary: 'Take over the books of a participant that this node serves',
    details:
      'Every part is checked as if it were new; what is known already changes nothing, so it can be repeated.',
    examples: ['geo agent import maria.geo'],
    arguments: { FILE: 'as `geo member export` or `geo agent export` has written it' },
    run: async ({ client }, { FILE }) => {
      const done = await (await client()).importBooks({ file: resolve(FILE) });
      return {
        json: done,
        text: (page) =>
          facts(page, [
            ['participant', done.member],
            ['edges', String(done.edges)],
            ['payments that were new here', String(done.applied)],
          ]),
      };
    },
  }),
];
