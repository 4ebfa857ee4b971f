/** Copies of the store, and its way back. The key is not in them. */
import { resolve } from 'node:path';
import { command } from '../command.ts';
import { facts, type Page } from '../page.ts';

const NEXT =
  'Start the node with `geo start`: it compares every edge with its other end and has what is missing proved to it before it takes part again.';

export const backupCommand = command({
  words: 'backup',
  group: 'The node',
  summary: 'Copy the whole store into one file while the node runs',
  details:
    'The file holds the books as they are at this moment, not the key: keep the recovery words, or key.json, elsewhere. It is readable by you alone and appears under its name only when it is complete. It is written by the node, and never over another file.',
  examples: ['geo backup ~/backups/anna-2026-03-01.geo'],
  arguments: { FILE: 'new file' },
  run: async ({ client }, { FILE }) => {
    const backup = await (await client()).backup(resolve(FILE));
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

export const restoreCommands = [
  command({
    words: 'restore',
    group: 'The node',
    summary: 'Make the store of a home from a backup',
    details:
      'For a home whose key is there and whose store is lost: make the key from its words first (`geo init --words -`). Books that are there are never replaced. What was paid after the backup comes back from the peers, with certificates, when the node starts.',
    examples: ['geo restore ~/backups/anna-2026-03-01.geo --home ~/anna'],
    arguments: { FILE: 'file that `geo backup` has written' },
    local: true,
    run: async ({ home }, { FILE }) => {
      const { restoreHome } = await import('../../node/home/setup.ts');
      const { pid, entries, edges } = await restoreHome(home, resolve(FILE));
      return {
        json: { pid, home: home.directory, entries, edges },
        text: (page) =>
          broughtBack(page, pid, [
            ['entries', String(entries)],
            ['edges', String(edges)],
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
