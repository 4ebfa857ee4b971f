/** Commands about add-ons. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { askAddon } from '../../node/api/client.ts';
import type { Addon } from '../../node/service/shapes.ts';
import { command, value } from '../command.ts';
import { daemonEndpoint } from '../daemon-door.ts';
import { usageError } from '../exit.ts';
import { readNamedFile, writeNewFile } from '../files.ts';
import { type Column, facts, harmlessLines, tableOr } from '../page.ts';
import { anyText, oneOf } from '../read.ts';

const TEMPLATE = new URL('../../node/addons/template.ts', import.meta.url);

const COLOURS = {
  starting: 'yellow',
  running: 'green',
  waiting: 'yellow',
  failed: 'red',
  refused: 'red',
  stopped: 'dim',
} as const;

const COLUMNS: readonly Column<Addon>[] = [
  { title: 'ADD-ON', cell: ({ name, source }) => name ?? source },
  { title: 'VERSION', cell: ({ version }) => version ?? '' },
  { title: 'STATE', cell: ({ state }) => state, format: ({ state }) => COLOURS[state] },
  { title: 'READS', cell: ({ asks }) => asks.join(' '), flexible: true },
  { title: 'ROUTES', cell: ({ routes }) => String(routes.length), right: true },
  { title: 'RESTARTS', cell: ({ restarts }) => String(restarts), right: true },
  { title: 'ABOUT', cell: ({ about, reason }) => reason ?? about ?? '', flexible: true },
];

export const addonCommands = [
  command({
    words: 'addons',
    group: 'The node',
    summary: 'Show add-ons: which run, and what each may read',
    details:
      'Add-ons are named in the configuration (`addons.load`); docs/ADDONS.md tells how to write one.',
    examples: ['geo addons', 'geo addons --json'],
    run: async ({ client }) => {
      const rows = await (await client()).addons();
      return {
        json: rows,
        text: (page) =>
          tableOr(page, 'No add-ons. addons.load in the configuration names them.', COLUMNS, rows),
      };
    },
  }),
  command({
    words: 'addons new',
    group: 'The node',
    summary: 'Write the file of a new add-on, to begin with',
    details:
      'The file works as it is. docs/ADDONS.md tells what can be done with it, and how the node is told to run it.',
    examples: ['geo addons new greeter', 'geo addons new greeter --out ~/greeter.ts'],
    arguments: { NAME: 'lower-case letters, digits and hyphens' },
    options: { out: value('--out <FILE>', 'where to write it; NAME.ts if not given', anyText) },
    local: true,
    run: async (_context, { NAME }, { out }) => {
      if (!/^[a-z][a-z0-9-]{0,30}$/.test(NAME)) {
        throw usageError(
          `"${NAME}" cannot be the name of an add-on: lower-case letters, digits and hyphens only.`,
        );
      }
      const file = resolve(out ?? `${NAME}.ts`);
      const template = new TextDecoder().decode(await readNamedFile(fileURLToPath(TEMPLATE)));
      const text = template
        .replaceAll("'./define.ts'", "'geo-node/addon'")
        .replaceAll("'template'", `'${NAME}'`);
      await writeNewFile(file, new TextEncoder().encode(text));
      const load = JSON.stringify([{ use: file, grant: ['books', 'events'] }]);
      return {
        json: { name: NAME, file },
        text: () => `${file} is written. Try it:\n  geo start --set 'addons.load=${load}'`,
      };
    },
  }),
  command({
    words: 'addons call',
    group: 'The node',
    summary: 'Ask an add-on at one of its routes, and show what it answers',
    details: '`geo addons --json` lists the routes.',
    examples: [
      'geo addons call webhook /endpoints',
      'geo addons call webhook /endpoints/shop/replay --method POST',
    ],
    arguments: { NAME: 'name of the add-on', PATH: 'below /addons/NAME, with a query if need be' },
    options: {
      method: value('--method <METHOD>', 'GET if not given', oneOf('GET', 'POST', 'PUT', 'DELETE')),
      body: value('--body <JSON>', 'what is sent along', anyText),
    },
    run: async ({ home }, { NAME, PATH }, { method, body }) => {
      const path = `/addons/${encodeURIComponent(NAME)}/${PATH.replace(/^\/+/, '')}`;
      const text = await askAddon(await daemonEndpoint(home), path, method, body);
      return { json: valueIn(text), text: () => harmlessLines(text) };
    },
  }),
  command({
    words: 'addons restart',
    group: 'The node',
    summary: 'Start an add-on again that was given up',
    details: 'Events that it has not heard yet come then.',
    examples: ['geo addons restart webhook'],
    arguments: { NAME: 'name of the add-on' },
    run: async ({ client }, { NAME }) => {
      const row = await (await client()).restartAddon(NAME);
      return {
        json: row,
        text: (page) =>
          facts(page, [
            ['add-on', row.name ?? row.source],
            ['state', row.state, COLOURS[row.state]],
          ]),
      };
    },
  }),
];

/** What an add-on answers need not be JSON. */
function valueIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
