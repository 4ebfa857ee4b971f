/**
 * An add-on of a GEO node: what it reads, keeps, serves and does now and then.
 * The guide is docs/ADDONS.md. Delete what you do not need.
 */
import { defineAddon, z } from './define.ts';

export default defineAddon({
  name: 'template',
  version: '0.1.0',
  about: 'Counts what was received, by payer.',
  // What it reads of the node. The configuration has to grant each of them.
  capabilities: ['books', 'events'],
  // Its own options, as they stand under "config" in the configuration.
  config: z.strictObject({ currency: z.string().optional() }),

  setup: ({ config, node, store, metrics, log, ...at }) => {
    const received = metrics.counter('payments_total', 'Payments that were received.');

    // Each event comes at least once, and again if this throws: counting by its cursor counts it once.
    at.onEvents(['payment.received'], async ({ cursor, peer, amount, equivalent }) => {
      if (config.currency !== undefined && equivalent !== config.currency) return;
      await store.write({ [`received/${cursor}`]: { peer, amount, equivalent } });
      received();
    });

    // GET /addons/template/payers, with the token of the node.
    // What it takes is checked before the handler is called, and stands in /api/v1/openapi.json.
    at.route(
      'GET',
      '/payers',
      async ({ query }) => {
        const { after = '' } = query;
        return { body: await store.list({ prefix: 'received/', after, limit: 100 }) };
      },
      {
        summary: 'Payments received, a hundred at a time',
        query: z.strictObject({ after: z.string().max(200).optional() }),
        answer: z.array(z.object({ key: z.string(), value: z.unknown() })),
      },
    );

    // GET /addons/template/balance/UAH
    at.route('GET', '/balance/:code', async ({ params }) => {
      const row = (await node.balance()).find(({ equivalent }) => equivalent === params.code);
      return row === undefined
        ? { status: 404, body: { message: `nothing is counted in ${params.code}` } }
        : { body: row };
    });

    at.every('remind', 24 * 3_600_000, async () => {
      const { length } = await store.list({ prefix: 'received/', limit: 1_000 });
      log.info('payments kept', { count: length });
    });
  },
});
