/** Events: what happened, for programs. */
import { setTimeout as pause } from 'node:timers/promises';
import { followEvents } from '../../node/api/follow.ts';
import type { Event } from '../../node/service/shapes.ts';
import { command, flag, value } from '../command.ts';
import { daemonEndpoint } from '../daemon-door.ts';
import { type NameOf, namesKnownTo } from '../names.ts';
import { type Column, harmless, tableOr } from '../page.ts';
import { anyText, wholeNumber } from '../read.ts';
import { AT_URL, contextAtUrl } from './at.ts';

function eventColumns(nameOf: NameOf): readonly Column<Event>[] {
  return [
    { title: 'CURSOR', cell: ({ cursor }) => cursor ?? '' },
    { title: 'TIME', cell: ({ time }) => time },
    {
      title: 'TOPIC',
      cell: ({ topic }) => topic,
      format: ({ topic }) => (topic === 'integrity.alert' ? 'red' : undefined),
    },
    { title: 'STATE', cell: ({ state }) => state ?? '' },
    { title: 'PEER', cell: ({ peer }) => (peer === null ? '' : nameOf(peer)), flexible: true },
    { title: 'AMOUNT', cell: ({ amount }) => amount ?? '', right: true },
    { title: 'EQ', cell: ({ equivalent }) => equivalent ?? '' },
    { title: 'WHAT', cell: ({ text, tx_id }) => text ?? tx_id ?? '', flexible: true },
  ];
}

const lineOf = (event: Event, nameOf: NameOf) =>
  harmless(
    eventColumns(nameOf)
      .map(({ cell }) => cell(event))
      .filter((cell) => cell !== '')
      .join('  '),
  );

export const eventCommands = [
  command({
    words: 'events',
    group: 'Books',
    summary: 'Show events after a cursor, or follow them as they happen',
    details:
      'Every event has a cursor; a program that keeps the last one it has seen misses and repeats nothing, over lost connections and restarts. What is not kept any more is refused (exit code 1): read the books again then.',
    examples: [
      'geo events --after oldest --limit 20',
      'geo events --follow --topics payment.received --json',
    ],
    options: {
      after: value(
        '--after <CURSOR>',
        'of the last event seen; "oldest": all that are kept (as without it, unless followed)',
        anyText,
      ),
      topics: value('--topics <LIST>', 'only these, separated by commas', anyText),
      limit: value('--limit <N>', 'at most N; 100 if not given', wholeNumber(1, 1_000)),
      follow: flag('--follow', 'go on until interrupted; without --after from now on'),
      at: AT_URL,
    },
    run: async (context, _given, { after, topics, limit, follow, at }) => {
      const { client, home } = at === undefined ? context : contextAtUrl(context, at);
      const api = await client();
      const nameOf = await namesKnownTo(api);
      const wanted = topics === undefined ? {} : { topics };
      if (follow) {
        const events = followEvents({
          endpoint: async () => {
            if (at === undefined) return daemonEndpoint(home);
            const { sessionEndpoint } = await import('../session-door.ts');
            return sessionEndpoint(home, at);
          },
          renews: at !== undefined,
          ...wanted,
          ...(after === undefined ? {} : { after }),
          // An interrupt ends the process.
          signal: new AbortController().signal,
          pause,
        });
        for await (const event of events) {
          context.print({ json: event, text: () => lineOf(event, nameOf) });
        }
        return null;
      }
      const page = await api.events({
        ...wanted,
        after: after ?? 'oldest',
        ...(limit === undefined ? {} : { limit }),
      });
      return {
        json: page,
        text: (screen) =>
          tableOr(screen, 'No events after that.', eventColumns(nameOf), page.events),
      };
    },
  }),
];
