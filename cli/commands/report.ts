/** `geo report`: what the add-on `reporting` serves, on the screen or in a file. */
import { resolve } from 'node:path';
import { askAddon } from '../../node/api/client.ts';
import { GeoError } from '../../protocol/errors.ts';
import { command, value } from '../command.ts';
import { daemonEndpoint } from '../daemon-door.ts';
import { usageError } from '../exit.ts';
import { writeNewFile } from '../files.ts';
import { type Fact, facts, harmlessLines } from '../page.ts';
import { anyText, oneOf } from '../read.ts';

const SUBJECTS = ['participant', 'community'];

export const reportCommand = command({
  words: 'report',
  group: 'Books',
  summary: 'Report debts, trust and how they are spread, as figures, CSV or a picture',
  details:
    'Of a participant: debts, credit, trust and how far it is used, by neighbour. Of the community: concentration, idle and saturated lines, velocity, clearing and growth; at a node that is no hub, of its own edges. Made by the add-on `reporting`, which the configuration has to name (docs/ADDONS.md).',
  examples: [
    'geo report',
    'geo report community --equivalent UAH --format csv --out figures.csv',
    'geo report community --format svg --picture heatmap --out debts.svg',
  ],
  arguments: { '[SUBJECT]': 'participant (if left out) or community' },
  options: {
    participant: value('--participant <WHO>', 'PID or name; you, if not given', anyText),
    equivalent: value('--equivalent <CODE>', 'may be left out where there is only one', anyText),
    format: value('--format <FORMAT>', 'json, csv or svg', oneOf('json', 'csv', 'svg')),
    picture: value(
      '--picture <PICTURE>',
      'of an SVG: chart, graph (of trust) or heatmap (of debts)',
      oneOf('chart', 'graph', 'heatmap'),
    ),
    out: value('--out <FILE>', 'a new file to write to', anyText),
  },
  run: async ({ home }, given, { participant, equivalent, format, picture, out }) => {
    const subject = given['[SUBJECT]'] || 'participant';
    if (!SUBJECTS.includes(subject)) {
      throw usageError(`A report is of a ${SUBJECTS.join(' or a ')}, not of "${subject}".`);
    }
    const query = new URLSearchParams(
      Object.entries({ participant, equivalent, format, picture }).filter(
        (pair): pair is [string, string] => pair[1] !== undefined,
      ),
    );
    const path = `/addons/reporting/${subject}?${query}`;
    const text = await askAddon(await daemonEndpoint(home), path).catch((error: unknown) => {
      throw withAdvice(error);
    });
    if (out !== undefined) {
      const file = resolve(out);
      await writeNewFile(file, new TextEncoder().encode(text));
      return { json: { file }, text: () => `${file} is written.` };
    }
    if (format === 'csv' || format === 'svg') {
      return { json: { [format]: text }, text: () => harmlessLines(text) };
    }
    const report: unknown = JSON.parse(text);
    return {
      json: report,
      text: (page) => (format === 'json' ? harmlessLines(text) : facts(page, figures('', report))),
    };
  },
});

/** Every figure of a report on a line of its own, lists by their numbers. */
function figures(prefix: string, report: unknown): Fact[] {
  if (typeof report !== 'object' || report === null) {
    return [[prefix, report === null ? '-' : String(report)]];
  }
  return Object.entries(report).flatMap(([key, inner]: [string, unknown]) => {
    const name = Array.isArray(report) ? String(Number(key) + 1) : key.replaceAll('_', ' ');
    return figures(prefix === '' ? name : `${prefix}, ${name}`, inner);
  });
}

function withAdvice(error: unknown): unknown {
  if (!(error instanceof GeoError) || error.details.fault !== 'no_such_addon') return error;
  return new GeoError(
    error.code,
    'The add-on `reporting` is not loaded. Add it to addons.load in the configuration and start the node again: {use: reporting, grant: [node, books, clearing, hub, events]}.',
    error.details,
  );
}
