/** Commands about a hub's passes over all debts of its community. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '../../node/api/client.ts';
import type { ClearingPass } from '../../node/service/shapes.ts';
import { command, type Result } from '../command.ts';
import { type Column, type Fact, facts, tableOr } from '../page.ts';

/** Between two looks at a pass that is under way, ms. */
const LOOK_MS = 500;

const COLOUR_BY_STATE = {
  SEARCHING: 'yellow',
  CLEARING: 'yellow',
  DONE: 'green',
  CANCELLED: 'red',
} as const;

const isUnderWay = ({ state }: ClearingPass) => state === 'SEARCHING' || state === 'CLEARING';

function progressText({ cycles, tried, cleared, equivalent }: ClearingPass): string {
  if (cycles === null) return 'Looking at the debts of the community …';
  return `${tried} of ${cycles} circles tried, ${cleared} ${equivalent} of debt cleared …`;
}

function passFacts(pass: ClearingPass): Fact[] {
  const { equivalent, state, began, debts, total, optimum, planned, cycles } = pass;
  const sum = (amount: string | null) => `${amount ?? '0'} ${equivalent}`;
  const found: Fact[] =
    debts === null
      ? []
      : [
          ['debts', `${debts}, together ${sum(total)}`],
          ['could be cleared', `${sum(optimum)} at most`],
          ['circles found', `${cycles ?? 0}, worth ${sum(planned)}`],
        ];
  return [
    ['state', state, COLOUR_BY_STATE[state]],
    ['began', began],
    ...found,
    ['circles cleared', `${pass.committed} of ${pass.tried} tried`],
    ['debt cleared', sum(pass.cleared)],
  ];
}

/** Until it has ended, telling how far it is whenever that has changed. */
async function followed(
  api: Client,
  begun: ClearingPass,
  talk: (line: string) => void,
): Promise<ClearingPass> {
  let pass = begun;
  let told = '';
  while (isUnderWay(pass)) {
    const line = progressText(pass);
    if (line !== told) talk(line);
    told = line;
    await pause(LOOK_MS);
    const newest = await api.clearingPasses();
    pass = newest.find(({ equivalent }) => equivalent === begun.equivalent) ?? pass;
  }
  return pass;
}

function newestPasses(passes: readonly ClearingPass[]): Result {
  const columns: readonly Column<ClearingPass>[] = [
    { title: 'EQ', cell: ({ equivalent }) => equivalent },
    { title: 'STATE', cell: ({ state }) => state, format: ({ state }) => COLOUR_BY_STATE[state] },
    { title: 'BEGAN', cell: ({ began }) => began },
    { title: 'CIRCLES', cell: ({ cycles }) => String(cycles ?? ''), right: true },
    { title: 'CLEARED', cell: ({ committed }) => String(committed), right: true },
    { title: 'DEBT CLEARED', cell: ({ cleared }) => cleared, right: true },
  ];
  return {
    json: passes,
    text: (page) => tableOr(page, 'There was no pass since the start.', columns, passes),
  };
}

export const clearingPassCommands = [
  command({
    words: 'clear pass',
    group: 'Clearing',
    summary: 'On a hub: clear what can be cleared in the whole community, now',
    details:
      'The hub looks at all debts that it knows of, finds the circles that together clear the most, and proposes each as a clearing of its own: whoever wants to be asked is asked. Payments go on meanwhile. Tells how far it is until it ends; if you interrupt it, the hub goes on. A hub also does this by itself: see clearing.pass_ms and clearing.pass_share_percent.',
    examples: ['geo clear pass UAH', 'geo clear pass'],
    arguments: { '[EQ]': 'code of the equivalent; left out: only show the newest passes' },
    run: async ({ client, talk }, given) => {
      const api = await client();
      const EQ = given['[EQ]'];
      if (EQ === '') return newestPasses(await api.clearingPasses());
      const pass = await followed(api, await api.beginPass({ equivalent: EQ }), talk);
      return {
        json: pass,
        text: (page) => facts(page, passFacts(pass)),
        exit: pass.state === 'CANCELLED' ? 1 : 0,
      };
    },
  }),
  command({
    words: 'clear cancel',
    group: 'Clearing',
    summary: 'On a hub: end the pass that is under way',
    details:
      'It ends after the circle that it is at. What has been cleared stays cleared, and whoever was asked may still answer.',
    examples: ['geo clear cancel'],
    run: async ({ client }) => {
      const pass = await (await client()).cancelPass();
      return { json: pass, text: (page) => facts(page, passFacts(pass)) };
    },
  }),
];
