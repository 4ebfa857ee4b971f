/** The numbers that an add-on measures, kept for whoever asks for metrics. */

export interface Reading {
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** By labels as JSON. */
  readonly values: Map<string, number>;
}

/** Metrics, and label sets of one metric. */
const METRICS_MAX = 100;
const SETS_MAX = 200;

export class Readings {
  readonly #readings = new Map<string, Reading>();

  get all(): ReadonlyMap<string, Reading> {
    return this.#readings;
  }

  /** Takes a measurement; beyond the bounds, and a counter that goes down, it is dropped. */
  take(measured: {
    readonly type: Reading['type'];
    readonly name: string;
    readonly help: string;
    readonly labels: readonly (readonly [string, string])[];
    readonly value: number;
  }): void {
    const { type, name, help, labels, value } = measured;
    const known = this.#readings.get(name);
    if (known === undefined && this.#readings.size >= METRICS_MAX) return;
    const reading = known ?? { type, help, values: new Map<string, number>() };
    this.#readings.set(name, reading);
    const set = JSON.stringify([...labels].sort(([a], [b]) => (a < b ? -1 : 1)));
    if (!reading.values.has(set) && reading.values.size >= SETS_MAX) return;
    if (!Number.isFinite(value) || (reading.type === 'counter' && value < 0)) return;
    const before = reading.type === 'counter' ? (reading.values.get(set) ?? 0) : 0;
    reading.values.set(set, before + value);
  }
}

/** In Prometheus' text format, as `geo_addon_NAME_…`. */
export function readingsText(addon: string, readings: ReadonlyMap<string, Reading>): string {
  return [...readings]
    .map(([name, { type, help, values }]) => {
      const full = `geo_addon_${addon.replaceAll('-', '_')}_${name}`;
      const rows = [...values].map(([set, value]) => `${full}${labelsText(set)} ${value}\n`);
      return `# HELP ${full} ${escaped(help)}\n# TYPE ${full} ${type}\n${rows.join('')}`;
    })
    .join('');
}

function labelsText(set: string): string {
  const labels = JSON.parse(set) as [string, string][];
  if (labels.length === 0) return '';
  return `{${labels.map(([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`).join(',')}}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
