/**
 * Tells other programs what happens, by HTTP: signed deliveries (Standard Webhooks), tried again with
 * growing pauses, and kept for a person when they are given up. Nothing is lost over restarts, since
 * an event counts as heard only when its deliveries are in the store.
 */
import { readFile } from 'node:fs/promises';
import { EventTopic } from '../../service/shapes/events.ts';
import { type AddonRequest, type AddonResponse, defineAddon, type Event, z } from '../define.ts';
import { type Delivery, Queue } from './queue.ts';
import { readSecret, signedHeaders } from './signing.ts';

/** Deliveries of one round; the next round comes a second later. */
const ROUND_MAX = 50;
const ROUND_MS = 1_000;
/** Longer than the names of all deliveries are. */
const ID_LENGTH_MAX = 100;

const Endpoint = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]{1,30}$/),
  url: z.url({ protocol: /^https?$/ }),
  /** Path of a file with `whsec_…`. */
  secret_file: z.string().min(1),
  topics: z.array(EventTopic.exclude(['peer.state'])).min(1),
});

const Config = z.strictObject({
  endpoints: z.array(Endpoint).min(1).max(20),
  timeout_ms: z.int().min(100).max(20_000).default(10_000),
  /** First and longest pause before another try. */
  retry_min_ms: z.int().min(100).default(5_000),
  retry_max_ms: z.int().min(100).default(3_600_000),
  tries_max: z.int().min(1).max(100).default(15),
});

type Endpoint = z.infer<typeof Endpoint>;

interface OneQuery {
  readonly id?: string | undefined;
}

const EndpointRow = z.object({
  name: z.string(),
  url: z.string(),
  topics: z.array(z.string()),
  waiting: z.int(),
  dead: z.int(),
});
const DeliveryRow = z.object({
  id: z.string(),
  endpoint: z.string(),
  body: z.string(),
  tries: z.int(),
  next: z.int().describe('ms since 1970 UTC'),
  reason: z.string().nullable().describe('what came of the last try'),
});

export default defineAddon({
  name: 'webhook',
  version: '1.0.0',
  about: 'Tells other programs what happens, by signed HTTP requests.',
  capabilities: ['events'],
  config: Config,

  setup: async ({ config, store, metrics, log, ...at }) => {
    const queue = new Queue(store);
    const outcomes = metrics.counter('deliveries_total', 'Tries to deliver, by what came of them.');
    const secrets = new Map<string, Uint8Array>();
    for (const { name, secret_file } of config.endpoints) {
      secrets.set(name, readSecret(await readFile(secret_file, 'utf8')));
    }

    const topics = [...new Set(config.endpoints.flatMap((each) => each.topics))];
    at.onEvents(topics, async (event) => {
      const wanting = config.endpoints.filter(({ topics }) =>
        topics.some((topic) => topic === event.topic),
      );
      await queue.add(wanting.map(({ name }) => deliveryOf(event, name)));
    });
    at.onGap(() => log.warn('events are lost to the receivers: this node was away for too long'));

    async function deliverRound(endpoint: Endpoint): Promise<void> {
      for (const delivery of await queue.due(endpoint.name, Date.now(), ROUND_MAX)) {
        const { id, tries } = delivery;
        const failure = await post(endpoint, delivery);
        const outcome = failure === undefined ? 'delivered' : 'failed';
        outcomes(1, { endpoint: endpoint.name, outcome });
        if (failure === undefined) {
          await queue.done(delivery);
          continue;
        }
        if (tries + 1 >= config.tries_max) {
          await queue.giveUp(delivery, failure);
          log.warn('a delivery was given up', { endpoint: endpoint.name, id, reason: failure });
        } else {
          const wait = Math.min(config.retry_min_ms * 2 ** tries, config.retry_max_ms);
          await queue.later(delivery, Date.now() + wait, failure);
        }
        // It may be down: the others do not have to find that out one by one.
        return;
      }
    }

    async function post(endpoint: Endpoint, { id, body }: Delivery): Promise<string | undefined> {
      const seconds = Math.floor(Date.now() / 1_000);
      try {
        const response = await fetch(endpoint.url, {
          method: 'POST',
          redirect: 'error',
          signal: AbortSignal.timeout(config.timeout_ms),
          headers: {
            'content-type': 'application/json',
            ...signedHeaders(secrets.get(endpoint.name)!, id, seconds, body),
          },
          body,
        });
        await response.body?.cancel();
        return response.ok ? undefined : `the receiver answered ${response.status}`;
      } catch (error) {
        const { message, cause } = error as Error;
        return cause instanceof Error ? `${message}: ${cause.message}` : message;
      }
    }

    at.every('deliver', ROUND_MS, async () => {
      await Promise.all(config.endpoints.map(deliverRound));
    });

    /** What is asked about one endpoint, if there is one of that name. */
    const about =
      (answer: (endpoint: string, request: AddonRequest<OneQuery>) => Promise<AddonResponse>) =>
      (request: AddonRequest<OneQuery>) => {
        const { endpoint = '' } = request.params;
        if (config.endpoints.some(({ name }) => name === endpoint))
          return answer(endpoint, request);
        return notFound(`There is no endpoint "${endpoint}"; /endpoints lists them.`);
      };
    const endpoints = async () => ({
      body: await Promise.all(
        config.endpoints.map(async ({ name, url, topics }) => ({
          name,
          url,
          topics,
          waiting: (await queue.waiting(name, 1_000)).length,
          dead: (await queue.dead(name)).length,
        })),
      ),
    });
    at.route('GET', '/endpoints', endpoints, {
      summary: 'Endpoints, with how many deliveries wait and were given up',
      query: z.strictObject({}),
      answer: z.array(EndpointRow),
    });
    at.route(
      'GET',
      '/endpoints/:endpoint/waiting',
      about(async (endpoint) => ({ body: await queue.waiting(endpoint, 100) })),
      { summary: 'Deliveries that are still tried', answer: z.array(DeliveryRow) },
    );
    at.route(
      'GET',
      '/endpoints/:endpoint/dead',
      about(async (endpoint) => ({ body: await queue.dead(endpoint) })),
      { summary: 'Deliveries that were given up', answer: z.array(DeliveryRow) },
    );
    at.route(
      'POST',
      '/endpoints/:endpoint/replay',
      about(async (endpoint, { query }) => ({
        body: { replayed: await queue.replay(endpoint, query.id, Date.now()) },
      })),
      {
        summary: 'Tries deliveries again that were given up: all, or the one of that id',
        query: z.strictObject({ id: z.string().max(ID_LENGTH_MAX).optional() }),
        answer: z.object({ replayed: z.int() }),
      },
    );
    at.route(
      'DELETE',
      '/endpoints/:endpoint/dead/:id',
      about(async (endpoint, { params }) => {
        const { id = '' } = params;
        const found = id.length <= ID_LENGTH_MAX && (await queue.forget(endpoint, id));
        if (!found) return notFound(`No delivery "${id.slice(0, ID_LENGTH_MAX)}" was given up.`);
        return { body: { forgotten: true } };
      }),
      {
        summary: 'Forgets a delivery that was given up',
        answer: z.object({ forgotten: z.literal(true) }),
      },
    );
  },
});

/** In the form of the node's own refusals. */
function notFound(message: string): AddonResponse {
  return { status: 404, body: { code: 'E009', message, details: { fault: 'not_found' } } };
}

function deliveryOf(event: Event, endpoint: string): Delivery {
  const { topic: type, time: timestamp, ...data } = event;
  return {
    id: `evt_${event.cursor}`,
    endpoint,
    body: JSON.stringify({ type, timestamp, data }),
    tries: 0,
    // Sorted by when they happened, also if they are heard twice.
    next: Date.parse(timestamp),
    reason: null,
  };
}
