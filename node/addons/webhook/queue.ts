/**
 * Deliveries that wait, and those that were given up, in the add-on's own space of the store. Waiting
 * ones are kept under their time, so that what is due comes first; a retry moves one to a later time.
 */
import type { AddonStore, Json } from '../define.ts';

export interface Delivery {
  /** The same at each try: the receiver knows a repeated one by it. */
  readonly id: string;
  readonly endpoint: string;
  /** JSON, as it is signed and sent. */
  readonly body: string;
  readonly tries: number;
  /** Ms since 1970 UTC. */
  readonly next: number;
  /** What came of the last try. */
  readonly reason: string | null;
}

/** Given-up deliveries that are kept for one endpoint; beyond it the oldest is dropped. */
const DEAD_MAX = 1_000;

const dueKey = ({ endpoint, next, id }: Delivery) =>
  `due/${endpoint}/${String(next).padStart(15, '0')}/${id}`;
const deadKey = (endpoint: string, id: string) => `dead/${endpoint}/${id}`;
const toJson = (delivery: Delivery): Json => ({ ...delivery });

export class Queue {
  readonly #store: AddonStore;

  constructor(store: AddonStore) {
    this.#store = store;
  }

  async add(deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    await this.#store.write(
      Object.fromEntries(deliveries.map((each) => [dueKey(each), toJson(each)])),
    );
  }

  /** Those of an endpoint whose time has come, the longest due first. */
  async due(endpoint: string, now: number, limit: number): Promise<Delivery[]> {
    return (await this.waiting(endpoint, limit)).filter(({ next }) => next <= now);
  }

  async waiting(endpoint: string, limit: number): Promise<Delivery[]> {
    const rows = await this.#store.list({ prefix: `due/${endpoint}/`, limit });
    return rows.map(({ value }) => value as unknown as Delivery);
  }

  async done(delivery: Delivery): Promise<void> {
    await this.#store.write({ [dueKey(delivery)]: null });
  }

  async later(delivery: Delivery, next: number, reason: string): Promise<void> {
    const moved = { ...delivery, tries: delivery.tries + 1, next, reason };
    await this.#store.write({ [dueKey(delivery)]: null, [dueKey(moved)]: toJson(moved) });
  }

  async giveUp(delivery: Delivery, reason: string): Promise<void> {
    const { endpoint, id } = delivery;
    const dead = await this.dead(endpoint);
    const oldest = dead.length >= DEAD_MAX ? dead[0] : undefined;
    await this.#store.write({
      ...(oldest === undefined ? {} : { [deadKey(endpoint, oldest.id)]: null }),
      [dueKey(delivery)]: null,
      [deadKey(endpoint, id)]: toJson({ ...delivery, tries: delivery.tries + 1, reason }),
    });
  }

  async dead(endpoint: string): Promise<Delivery[]> {
    const rows = await this.#store.list({ prefix: `dead/${endpoint}/`, limit: DEAD_MAX });
    return rows.map(({ value }) => value as unknown as Delivery);
  }

  /** Tries given-up ones again, as if for the first time. @param id one of them, or all. @returns how many */
  async replay(endpoint: string, id: string | undefined, now: number): Promise<number> {
    const wanted = (await this.dead(endpoint)).filter((each) => id === undefined || each.id === id);
    for (const delivery of wanted) {
      const fresh = { ...delivery, tries: 0, next: now, reason: null };
      await this.#store.write({
        [deadKey(endpoint, delivery.id)]: null,
        [dueKey(fresh)]: toJson(fresh),
      });
    }
    return wanted.length;
  }

  async forget(endpoint: string, id: string): Promise<boolean> {
    const key = deadKey(endpoint, id);
    if ((await this.#store.get(key)) === undefined) return false;
    await this.#store.write({ [key]: null });
    return true;
  }
}
