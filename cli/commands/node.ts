/** Commands about the running node itself. */
import type { Status } from '../../node/service/shapes.ts';
import { command, type Result } from '../command.ts';
import { facts, type Page } from '../page.ts';
import { oneOf } from '../read.ts';

function statusText(page: Page, status: Status): string {
  return facts(page, [
    ['participant', status.pid],
    ['participation', status.participation, status.participation === 'active' ? 'green' : 'yellow'],
    ['version', status.version],
    ['started', status.started],
    ['API', status.api],
    ['public API', status.public_api ?? 'off (public.enabled)'],
    ['addresses', status.addresses.join(' ') || 'none'],
    ['peers connected', String(status.peers_connected)],
    ['trust lines', String(status.trust_lines)],
    ['edges', String(status.edges)],
    [
      'edges not compared',
      String(status.edges_not_compared),
      status.edges_not_compared === 0 ? undefined : 'yellow',
    ],
    [
      'edges in dispute',
      String(status.edges_disputed),
      status.edges_disputed === 0 ? undefined : 'red',
    ],
    ['audited', status.audited ?? 'not yet since the start'],
    [
      'invariants broken',
      String(status.invariants_broken),
      status.invariants_broken === 0 ? undefined : 'red',
    ],
    ...status.checksums.map(
      ({ equivalent, checksum }) => [`checksum ${equivalent}`, checksum] as const,
    ),
    ['attempts live', String(status.attempts_live)],
    [
      'attempts in doubt',
      String(status.attempts_in_doubt),
      status.attempts_in_doubt === 0 ? undefined : 'yellow',
    ],
    ['outbox', String(status.outbox)],
    ['payments recovered', String(status.recovered)],
    ...(status.restored === null ? [] : ([['restored', status.restored]] as const)),
    ['store', status.store, status.store === 'ok' ? 'green' : 'red'],
  ]);
}

function statusResult(status: Status): Result {
  return { json: status, text: (page) => statusText(page, status) };
}

export const nodeCommands = [
  command({
    words: 'status',
    group: 'The node',
    summary: 'Show whether the node is well: connections, edges, payments under way, store',
    examples: ['geo status', 'geo status --json'],
    run: async ({ client }) => statusResult(await (await client()).status()),
  }),
  command({
    words: 'participation',
    group: 'The node',
    summary: 'Take part in payments, or only let debts be repaid',
    details:
      'A frozen participant starts and carries nothing new. What it owes and what it is owed can still be repaid.',
    examples: ['geo participation frozen', 'geo participation active'],
    arguments: { STATE: 'active or frozen' },
    run: async ({ client }, { STATE }) => {
      const state = oneOf('active', 'frozen')(STATE);
      return statusResult(await (await client()).setParticipation(state));
    },
  }),
];
