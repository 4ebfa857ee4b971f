/** What add-ons keep in the store of the node: their own pairs, up to a quota, and how far each has heard. */
import { GeoError } from '../../protocol/errors.ts';
import type { Hall } from '../engine/hall.ts';
import type { Store } from '../ports.ts';
import { addonKeyOf, addonRange, keys } from '../store/keys.ts';
import { VALUE_BYTES_MAX } from './messages.ts';

const toBytes = (text: string) => new TextEncoder().encode(text);
const toText = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

type Change = readonly [key: string, json: string | null];

export class AddonBooks {
  readonly #store: Store;
  readonly #hall: Pick<Hall, 'turn'>;
  readonly #bytesMax: number;

  constructor(store: Store, hall: Pick<Hall, 'turn'>, bytesMax: number) {
    this.#store = store;
    this.#hall = hall;
    this.#bytesMax = bytesMax;
  }

  /** Cursor of the last event that an add-on has heard. */
  heard(name: string): string | undefined {
    const value = this.#store.get(keys.heard(name));
    return value && toText(value);
  }

  async hear(name: string, cursor: string): Promise<void> {
    await this.#hall.turn((turn) => turn.put(keys.heard(name), toBytes(cursor)));
  }

  async open(name: string): Promise<AddonSpace> {
    let bytes = 0;
    for await (const [key, value] of this.#store.scan(addonRange(name, '', ''))) {
      bytes += toBytes(addonKeyOf(key)).length + value.length;
    }
    return new AddonSpace(this.#store, this.#hall, name, this.#bytesMax, bytes);
  }
}

/** The pairs of one add-on; one write after another, so that the quota is exact. */
export class AddonSpace {
  readonly #store: Store;
  readonly #hall: Pick<Hall, 'turn'>;
  readonly #name: string;
  readonly #bytesMax: number;
  #bytes: number;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(
    store: Store,
    hall: Pick<Hall, 'turn'>,
    name: string,
    bytesMax: number,
    bytes: number,
  ) {
    this.#store = store;
    this.#hall = hall;
    this.#name = name;
    this.#bytesMax = bytesMax;
    this.#bytes = bytes;
  }

  /** Keys and values. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @returns JSON */
  get(key: string): string | null {
    const value = this.#store.get(keys.addon(this.#name, key));
    return value === undefined ? null : toText(value);
  }

  /** @returns key and JSON, in the order of keys */
  async list(prefix: string, after: string, limit: number): Promise<[string, string][]> {
    const rows: [string, string][] = [];
    const range = { ...addonRange(this.#name, prefix, after), limit };
    for await (const [key, value] of this.#store.scan(range)) {
      rows.push([addonKeyOf(key), toText(value)]);
    }
    return rows;
  }

  /** @throws GeoError E009 `value_too_large`, E001 `quota_used_up`, E010 as turns have it */
  write(changes: readonly Change[]): Promise<void> {
    const work = this.#writing.then(() => this.#write(new Map(changes)));
    this.#writing = work.catch(() => undefined);
    return work;
  }

  async #write(changes: ReadonlyMap<string, string | null>): Promise<void> {
    let bytes = this.#bytes;
    const values = [...changes].map(([key, json]) => {
      const stored = keys.addon(this.#name, key);
      const value = json === null ? undefined : toBytes(json);
      const before = this.#store.get(stored);
      const keyBytes = toBytes(key).length;
      if (before !== undefined) bytes -= keyBytes + before.length;
      if (value !== undefined) bytes += keyBytes + value.length;
      return { key, stored, value };
    });
    const long = values.find(({ value }) => (value?.length ?? 0) > VALUE_BYTES_MAX);
    if (long !== undefined) {
      throw new GeoError(
        'E009',
        `The value of "${long.key}" is longer than ${VALUE_BYTES_MAX} bytes: split it.`,
        { fault: 'value_too_large' },
      );
    }
    if (bytes > this.#bytesMax && bytes > this.#bytes) {
      throw new GeoError(
        'E001',
        `The add-on may keep ${this.#bytesMax} bytes and would have ${bytes}. Delete what is not needed, or raise addons.stored_bytes_max.`,
        { fault: 'quota_used_up' },
      );
    }
    await this.#hall.turn((turn) => {
      for (const { stored, value } of values) {
        if (value === undefined) turn.del(stored);
        else turn.put(stored, value);
      }
    });
    this.#bytes = bytes;
  }
}
