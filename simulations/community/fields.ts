/** Reads the fields of one map of a community file and notes, with its place, whatever is wrong. */
import { GeoError } from '../../protocol/errors.ts';
import { NumberText } from './text.ts';

/** Where all readers of one file write. */
export interface Sheet {
  readonly faults: string[];
  /** Places with the row numbers left out, so that each is named once: `trust_lines[].colour`. */
  readonly ignored: Set<string>;
}

const TEXT_MAX = 400;

export class FieldReader {
  /** For example `trust_lines[3]`; empty for the whole file. */
  readonly place: string;
  readonly sheet: Sheet;
  readonly isMap: boolean;
  readonly record: Readonly<Record<string, unknown>>;

  constructor(value: unknown, place: string, sheet: Sheet) {
    this.place = place;
    this.sheet = sheet;
    this.isMap =
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      !(value instanceof NumberText);
    this.record = this.isMap ? (value as Record<string, unknown>) : {};
  }

  fault(key: string, sentence: string): void {
    this.sheet.faults.push(`${this.placeOf(key)}: ${sentence}`);
  }

  placeOf(key: string): string {
    return key === '' || this.place === '' ? `${this.place}${key}` : `${this.place}.${key}`;
  }

  ignore(key: string): void {
    this.sheet.ignored.add(this.placeOf(key).replaceAll(/\[\d+\]/g, '[]'));
  }

  /** Names the keys that are read; the others are noted as ignored. */
  know(...keys: string[]): void {
    for (const key of Object.keys(this.record)) if (!keys.includes(key)) this.ignore(key);
  }

  /** Whether the key is there and not null. */
  has(key: string): boolean {
    return Object.hasOwn(this.record, key) && this.record[key] !== null;
  }

  /** A text that must be there; a number counts as its digits. */
  text(key: string): string | undefined {
    if (this.has(key)) return this.optionalText(key);
    this.fault(key, 'is missing');
    return undefined;
  }

  optionalText(key: string): string | undefined {
    if (!this.has(key)) return undefined;
    const value = this.record[key];
    const text = value instanceof NumberText ? value.text : value;
    if (typeof text === 'string' && text !== '' && text.length <= TEXT_MAX) return text;
    this.fault(key, `a text of 1 to ${TEXT_MAX} characters is expected`);
    return undefined;
  }

  /** A text that must be there and that `parse` understands; its GeoError becomes the fault. */
  parsed<Value>(key: string, parse: (text: string) => Value): Value | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof GeoError)) throw error;
      this.fault(key, error.message);
      return undefined;
    }
  }

  choice<Value extends string>(key: string, values: readonly Value[]): Value | undefined {
    if (!this.has(key)) return undefined;
    const found = values.find((value) => value === this.record[key]);
    if (found === undefined) this.fault(key, `one of ${values.join(', ')} is expected`);
    return found;
  }

  flag(key: string): boolean | undefined {
    if (!this.has(key)) return undefined;
    const value = this.record[key];
    if (typeof value === 'boolean') return value;
    this.fault(key, 'true or false is expected');
    return undefined;
  }

  texts(key: string): string[] {
    return this.#list(key).flatMap((value, index) => {
      const text = value instanceof NumberText ? value.text : value;
      if (typeof text === 'string') return [text];
      this.fault(`${key}[${index}]`, 'a text is expected');
      return [];
    });
  }

  map(key: string): FieldReader | undefined {
    if (!this.has(key)) return undefined;
    const reader = new FieldReader(this.record[key], this.placeOf(key), this.sheet);
    if (reader.isMap) return reader;
    this.fault(key, 'a map is expected');
    return undefined;
  }

  /** One reader for each map of a list; no list counts as an empty one. */
  rows(key: string): FieldReader[] {
    return this.#list(key).flatMap((value, index) => {
      const reader = new FieldReader(value, this.placeOf(`${key}[${index}]`), this.sheet);
      if (reader.isMap) return [reader];
      reader.fault('', 'a map is expected');
      return [];
    });
  }

  /** As {@link rows}, of a list that must be there with at least `least` entries. */
  requiredRows(key: string, least = 1): FieldReader[] {
    if (!this.has(key)) this.fault(key, 'is missing');
    else if (Array.isArray(this.record[key]) && this.record[key].length < least) {
      this.fault(key, 'at least one entry is needed');
    }
    return this.rows(key);
  }

  #list(key: string): unknown[] {
    if (!this.has(key)) return [];
    const value = this.record[key];
    if (Array.isArray(value)) return value;
    this.fault(key, 'a list is expected');
    return [];
  }
}
