/** Copies of the store, and its way back. The key is not in them. */
import { resolve } from 'node:path';
import type { IncrementalBackup } from '../../node/service/shapes.ts';
import { command, flag, type Result, value } from '../command.ts';
import { usageError } from '../exit.ts';
import { facts, type Page } from '../page.ts';
import { spaced } from '../progress.ts';
import { anyText } from '../read.ts';

const NEXT =
  'Start the node with `geo start`: it compares every edge with its other end and has what is missing proved to it before it takes part again.';

function keptText(page: Page, kept: IncrementalBackup): string {
  return facts(page, [
    ['kept in', kept.directory],
    ['generation', kept.generation],
    ['batch', String(kept.batch)],
    ['segments', String(kept.segments)],
    ['bytes', String(kept.bytes)],
    ['waiting', `${kept.waiting_bytes} bytes`, kept.problem === null ? undefined : 'yellow'],
    ['complete at', kept.complete],
    ...(kept.problem === null ? [] : ([['problem', kept.problem, 'red']] as const)),
  ]);
}

function keptResult(kept: readonly IncrementalBackup[]): Result {
  return {
    json: kept,
    text: (page) =>
      kept.map((each) => keptText(page, each)).join('\n') || 'No incremental backup is kept.',
  };
}

export const backupCommand = command({
  words: 'backup',
  group: 'The node',
  summary: 'Copy the whole store into one file while the node runs, or keep a copy up to date',
  details:
    'The file holds the books as they are at this moment, not the key: keep the recovery words, or key.json, elsewhere. It is readable by you alone and appears under its name only when it is complete. It is written by the node, and never over another file. With --incremental the node keeps a copy in a directory from now on, over restarts too: a full one, then every change, a second later at most. Any moment since can be restored (`geo restore DIR --to TIME`). Without arguments: what is kept, and how far it has come.',
  examples: [
    'geo backup ~/backups/anna-2026-03-01.geo',
    'geo backup --incremental /mnt/other-disk/anna',
    'geo backup',
  ],
  arguments: { '[FILE]': 'new file' },
  options: {
    incremental: value(
      '--incremental <DIR>',
      'keep a copy there from now on; if one is kept there, bring it up to date now',
      anyText,
    ),
    anew: flag('--anew', 'with --incremental: begin with a new full copy in any case'),
    stop: flag('--stop', 'keep the copy no longer; its files stay'),
  },
  run: async ({ client }, given, { incremental, anew, stop }) => {
    const file = given['[FILE]'];
    if ([file !== '', incremental !== undefined, stop].filter(Boolean).length > 1) {
      throw usageError('Give a FILE, --incremental DIR or --stop: one of them.');
    }
    const api = await client();
    if (stop) return keptResult(await api.endBackup());
    if (incremental !== undefined) {
      return keptResult([await api.keepBackup({ directory: resolve(incremental), anew })]);
    }
    if (file === '') return keptResult(await api.keptBackups());
    const backup = await api.backup(resolve(file));
    return {
      json: backup,
      text: (page) =>
        facts(page, [
          ['backup', backup.file],
          ['entries', String(backup.entries)],
          ['bytes', String(backup.bytes)],
        ]),
    };
  },
});

/** A batch of an incremental backup by its number, or a time. @throws GeoError E009 `usage` */
function pointIn(text: string): { readonly number: number } | { readonly time: number } {
  if (/^\d{1,15}$/.test(text)) return { number: Number(text) };
  const time = Date.parse(text);
  if (Number.isNaN(time)) {
    throw usageError(
      `"${text}" is neither a time nor the number of a batch; write for example 2026-03-01T12:00:00Z.`,
    );
  }
  return { time };
}

export const restoreCommands = [
  command({
    words: 'restore',
    group: 'The node',
    summary: 'Make the store of a home from a backup',
    details:
      'For a home whose key is there and whose store is lost: make the key from its words first (`geo init --words -`). Books that are there are never replaced. What was paid after the backup comes back from the peers, with certificates, when the node starts. The directory of an incremental backup is restored to its end, or to the point that --to names.',
    examples: [
      'geo restore ~/backups/anna-2026-03-01.geo --home ~/anna',
      'geo restore /mnt/other-disk/anna --to 2026-03-01T12:00:00Z',
    ],
    arguments: {
      BACKUP: 'file that `geo backup` has written, or directory that `--incremental` has named',
    },
    options: {
      to: value('--to <POINT>', 'a time (ISO 8601, UTC) or the number of a batch', pointIn),
    },
    local: true,
    run: async ({ home, talk }, { BACKUP }, { to }) => {
      const { restoreHome } = await import('../../node/home/setup.ts');
      const { pid, entries, edges, point } = await restoreHome(home, resolve(BACKUP), {
        ...(to === undefined ? {} : { to }),
        progress: spaced((done) => talk(`${done} entries and changes restored …`)),
      });
      const until = point && {
        batch: point.number,
        batches: point.batches,
        time: new Date(point.time).toISOString(),
      };
      return {
        json: { pid, home: home.directory, entries, edges, until: until ?? null },
        text: (page) =>
          broughtBack(page, pid, [
            ['entries', String(entries)],
            ['edges', String(edges)],
            ...(until === undefined
              ? []
              : ([
                  ['up to batch', `${until.batch}, ${until.batches} after the full copy`],
                  ['of', until.time],
                ] as const)),
          ]),
      };
    },
  }),
  command({
    words: 'migrate',
    group: 'The node',
    summary: 'Bring the store of a home to the version of this program',
    details:
      'Does what `geo start` does by itself, without starting the node: for a look at how long it takes, or to have it done beforehand. The store is copied into a file of the home first (`before-migration-TIME.geo`). It may be interrupted at any moment; the next run goes on. The store must not be in use.',
    examples: ['geo migrate --home ~/anna'],
    local: true,
    run: async ({ home, talk }) => {
      const { openCurrentBooks } = await import('../../node/home/upgrade.ts');
      const tell = spaced((changes) => talk(`${changes} changes written …`));
      const { store, migrated } = await openCurrentBooks(home, {
        progress: (_, changes) => tell(changes),
      });
      await store.close();
      return {
        json: { home: home.directory, migrated: migrated ?? null },
        text: (page) =>
          migrated === undefined
            ? 'The store has the version of this program already.'
            : facts(page, [
                ['version', `${migrated.from} to ${migrated.to}`],
                ['changes', String(migrated.changes)],
                ['copy of before', migrated.backup ?? 'made by an earlier run'],
              ]),
      };
    },
  }),
  command({
    words: 'rebuild',
    group: 'The node',
    summary: 'Begin an empty store for a key whose books are lost without a backup',
    details:
      'The last resort. Payments that a peer can prove come back from that peer, trust lines too; equivalents, contacts and history do not. Books that are there are never replaced.',
    examples: ['geo rebuild --home ~/anna'],
    local: true,
    run: async ({ home }) => {
      const { rebuildStore } = await import('../../node/home/setup.ts');
      const { pid } = await rebuildStore(home);
      return {
        json: { pid, home: home.directory },
        text: (page) => broughtBack(page, pid, []),
      };
    },
  }),
];

function broughtBack(
  page: Page,
  pid: string,
  more: readonly (readonly [string, string])[],
): string {
  return [facts(page, [['PID', pid, 'bold'], ...more]), '', NEXT].join('\n');
}
