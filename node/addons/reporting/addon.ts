/**
 * Reports of a participant and of the community, as JSON, CSV or a picture. What they are reckoned
 * from is asked of the node when somebody asks; only what is gone by then is kept here: what was
 * paid, and how large everything was at earlier times.
 */
import { type AddonRequest, type AddonResponse, type Caller, defineAddon, z } from '../define.ts';
import { clearedIn, factsIn } from './collect.ts';
import { communityReport, measure, type Sample } from './community.ts';
import { type Facts, sum } from './facts.ts';
import { participantReport } from './participant.ts';
import { growthChart, participantChart } from './pictures/charts.ts';
import { debtHeatMap } from './pictures/heat-map.ts';
import { trustGraph } from './pictures/trust-graph.ts';
import { communityCsv, participantCsv } from './tables.ts';
import { Tally } from './tally.ts';

const Config = z.strictObject({
  /** Between two samples for growth and velocity. */
  sample_ms: z.int().min(1_000).max(2_000_000_000).default(3_600_000),
  samples_kept: z.int().min(2).max(20_000).default(5_000),
});

const Query = z.strictObject({
  equivalent: z.string().max(40).optional(),
  participant: z.string().max(80).optional(),
  format: z.enum(['json', 'csv', 'svg']).default('json'),
  picture: z.enum(['chart', 'graph', 'heatmap']).default('chart'),
});
type Query = z.infer<typeof Query>;

/** A request that cannot be answered, and what to do about it. */
class Wrong extends Error {}

export default defineAddon({
  name: 'reporting',
  version: '1.0.0',
  about: 'Reports of participants and of the community, as JSON, CSV and pictures.',
  capabilities: ['node', 'books', 'clearing', 'hub', 'events'],
  config: Config,

  setup: ({ config, node, store, ...at }) => {
    const tally = new Tally(store);

    async function precisionOf(code: string): Promise<number | undefined> {
      return (await node.equivalents()).find((each) => each.code === code)?.precision;
    }

    async function sampleOf(facts: Facts): Promise<Sample> {
      const { equivalent, precision, edges } = facts;
      const { lines, debt, limits, participants } = measure(edges);
      const { amount, payments } = await tally.paid(equivalent);
      const cleared = await clearedIn(node, equivalent, precision);
      return {
        time: Date.now(),
        participants,
        lines: lines.length,
        debt,
        limits,
        paid: BigInt(amount),
        payments,
        removed: sum(cleared.map(({ removed }) => removed)),
      };
    }

    async function factsFor({ equivalent }: Query): Promise<Facts> {
      const known = await node.equivalents();
      const codes = known.map(({ code }) => code);
      const code = equivalent ?? (codes.length === 1 ? codes[0] : undefined);
      const found = known.find((each) => each.code === code);
      if (found !== undefined) return factsIn(node, found.code, found.precision);
      const there = codes.length === 0 ? 'none is defined yet' : codes.join(', ');
      throw new Wrong(
        code === undefined
          ? `Say in which equivalent: ${there}.`
          : `There is no equivalent "${code}" here: ${there}.`,
      );
    }

    async function participant(query: Query, caller: Caller | null): Promise<AddonResponse> {
      const facts = await factsFor(query);
      const own = caller?.participant ?? (await node.identity()).pid;
      const wanted = query.participant ?? own;
      // Before anything is looked up: who is there is not theirs to find out.
      if (caller !== null && !caller.isOperator && wanted !== own) return NOT_YOURS;
      const pid = participantIn(facts, wanted);
      const report = participantReport(facts, pid);
      if (query.format === 'csv') return csv(participantCsv(report));
      if (query.format === 'json') return { body: report };
      if (query.picture === 'chart') return svg(participantChart(report));
      const edges = facts.edges.filter(({ low, high }) => low === pid || high === pid);
      return svg(pictureOf(query, { ...facts, edges }));
    }

    async function community(query: Query): Promise<AddonResponse> {
      const facts = await factsFor(query);
      if (query.format === 'svg' && query.picture !== 'chart') return svg(pictureOf(query, facts));
      const { equivalent, precision } = facts;
      const samples = [...(await tally.samples(equivalent)), await sampleOf(facts)];
      const cleared = await clearedIn(node, equivalent, precision);
      const report = communityReport(facts, samples, cleared);
      if (query.format === 'csv') return csv(communityCsv(report));
      return query.format === 'json' ? { body: report } : svg(growthChart(report));
    }

    const served =
      (report: (query: Query, caller: Caller | null) => Promise<AddonResponse>) =>
      async ({ query, caller }: AddonRequest<Query>) => {
        try {
          return await report(query, caller);
        } catch (error) {
          if (error instanceof Wrong) return wrong(error.message);
          throw error;
        }
      };
    at.route('GET', '/participant', served(participant), {
      access: 'member',
      summary:
        'What one participant owes and is owed, and its lines; the own one unless said otherwise',
      query: Query,
    });
    at.route('GET', '/community', served(community), {
      access: 'auditor',
      summary:
        'Debts, lines, concentration, velocity, clearing and growth of all that this node knows',
      query: Query,
    });

    at.onEvents(['payment.state'], async (event) => {
      const { equivalent } = event;
      const precision = equivalent === null ? undefined : await precisionOf(equivalent);
      if (precision !== undefined) await tally.count(event, precision);
    });

    at.every('sample', config.sample_ms, async () => {
      for (const { code, precision } of await node.equivalents()) {
        const facts = await factsIn(node, code, precision);
        await tally.keep(code, await sampleOf(facts), config.samples_kept);
      }
    });
  },
});

function pictureOf({ picture }: Query, facts: Facts): string {
  return picture === 'graph' ? trustGraph(facts) : debtHeatMap(facts);
}

const csv = (body: string): AddonResponse => ({ type: 'text/csv; charset=utf-8', body });
const svg = (body: string): AddonResponse => ({ type: 'image/svg+xml; charset=utf-8', body });

/** In the form of the node's own refusals. */
function wrong(message: string): AddonResponse {
  return { status: 400, body: { code: 'E009', message, details: { fault: 'bad_request' } } };
}

const NOT_YOURS: AddonResponse = {
  status: 403,
  body: {
    code: 'E006',
    message: 'Reports of others are for operators and auditors of the community.',
    details: { fault: 'not_allowed' },
  },
};

/** @param text a PID, a name, or a unique beginning of a PID */
function participantIn({ edges, names }: Facts, text: string): string {
  const pids = new Set(edges.flatMap(({ low, high }) => [low, high]));
  for (const [pid, name] of names) {
    if (name === text) return pid;
    pids.add(pid);
  }
  const [found, second] = [...pids].filter((pid) => pid.startsWith(text));
  if (found === undefined) {
    // Somebody without an edge has a report too: of nothing.
    if (/^[1-9A-HJ-NP-Za-km-z]{40,50}$/.test(text)) return text;
    throw new Wrong(`Nobody here is called "${text}": give a PID, or a name of a member.`);
  }
  if (second !== undefined)
    throw new Wrong(`"${text}" fits several participants: write more of it.`);
  return found;
}
