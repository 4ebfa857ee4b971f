/**
 * From file, environment and flags to one checked configuration. Later sources win:
 * defaults < YAML file < environment < flags. Everything that is wrong anywhere is reported at once,
 * each fault with the place where it stands. Nothing else in the program reads these sources.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isMap, isNode, isScalar, LineCounter, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { GeoError } from '../protocol/errors.ts';
import { nearestName } from './nearest-name.ts';
import { CONFIG_RULES, NodeConfig, OPTIONS, type Option, SECTION_TITLES } from './node.ts';
import { valueFromText } from './option.ts';

export interface ConfigSources {
  /** Home directory: `<home>/config.yaml` is read if it exists. */
  readonly home?: string | undefined;
  /** A configuration file to read instead; it must exist. */
  readonly file?: string | undefined;
  /** Environment variables; `GEO_API_PORT` sets `api.port`. An empty one counts as not set. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** `key=value` texts, as given with `--set`; lists separated by commas. The last one wins. */
  readonly flags?: readonly string[] | undefined;
}

export interface ConfigWithOrigins {
  readonly config: NodeConfig;
  /** Where each value comes from, by option key: `default`, `config.yaml:3`, `GEO_API_PORT`, `--set`. */
  readonly origins: Readonly<Record<string, string>>;
}

interface Assignment {
  readonly option: Option;
  readonly value: unknown;
  readonly origin: string;
}

/** What one source says: values for known options, and what is wrong with the rest. */
interface Reading {
  readonly assignments: Assignment[];
  readonly faults: string[];
}

const optionByKey = new Map(OPTIONS.map((option) => [option.key, option]));
const optionByEnvironment = new Map(OPTIONS.map((option) => [option.environment, option]));
const sectionNames = Object.keys(SECTION_TITLES).filter((section) => section !== '');

/** @throws GeoError E009 `bad_config` with every fault in `details.faults`. */
export function loadConfig(sources: ConfigSources): NodeConfig {
  return loadConfigWithOrigins(sources).config;
}

/** As {@link loadConfig}, and tells where each value comes from. */
export function loadConfigWithOrigins(sources: ConfigSources): ConfigWithOrigins {
  const readings = [
    readFile(sources),
    readEnvironment(sources.env ?? process.env),
    readFlags(sources.flags ?? []),
  ];
  const faults = readings.flatMap((reading) => reading.faults);
  const values = new Map<string, unknown>();
  const origins = new Map(OPTIONS.map((option) => [option.key, 'default']));
  const faulty = new Set<string>();
  for (const { option, value, origin } of readings.flatMap((reading) => reading.assignments)) {
    const found = checkValue(option, value).map((fault) => `${origin}: ${fault}`);
    if (found.length > 0) faulty.add(option.key);
    else values.set(option.key, value);
    faults.push(...found);
    origins.set(option.key, origin);
  }
  const config = assemble(values);
  for (const rule of CONFIG_RULES) {
    if (rule.keys.some((key) => faulty.has(key)) || rule.holds(config)) continue;
    const places = rule.keys.map((key) => `${key} (${origins.get(key)})`);
    faults.push(`${places.join(' and ')}: ${rule.sentence}`);
  }
  if (faults.length > 0) {
    throw new GeoError(
      'E009',
      `The configuration cannot be used. Correct this and start again:\n  ${faults.join('\n  ')}`,
      { fault: 'bad_config', faults },
    );
  }
  return { config, origins: Object.fromEntries(origins) };
}

function checkValue(option: Option, value: unknown): string[] {
  const result = option.schema.safeParse(value);
  if (result.success) return [];
  const places = new Set(result.error.issues.map((issue) => issue.path[0]));
  return [...places].map((index) => {
    const given = typeof index === 'number' && Array.isArray(value) ? value[index] : value;
    const place = given === value ? option.key : `${option.key}[${String(index)}]`;
    return `${place}: ${inWords(given)} is not allowed; expected: ${option.allowed}`;
  });
}

function inWords(value: unknown): string {
  const written = JSON.stringify(value) ?? String(value);
  return written.length > 60 ? `${written.slice(0, 57)}…` : written;
}

function assemble(values: ReadonlyMap<string, unknown>): NodeConfig {
  const root: Record<string, unknown> = {};
  for (const section of sectionNames) root[section] = {};
  for (const [key, value] of values) {
    const option = optionByKey.get(key);
    if (option === undefined) continue;
    const owner = option.section === '' ? root : (root[option.section] as Record<string, unknown>);
    owner[option.name] = value;
  }
  return NodeConfig.parse(root);
}

function readFile({ home, file }: ConfigSources): Reading {
  const path = file ?? (home === undefined ? undefined : join(home, 'config.yaml'));
  if (path === undefined) return { assignments: [], faults: [] };
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : String(error);
    if (reason === 'ENOENT' && file === undefined) return { assignments: [], faults: [] };
    return { assignments: [], faults: [`${path}: the file cannot be read (${String(reason)})`] };
  }
  return readYaml(text, basename(path));
}

function readYaml(text: string, name: string): Reading {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => `${name}:${lines.linePos(offset).line}`;
  const reading: Reading = {
    assignments: [],
    faults: document.errors.map((error) => `${at(error.pos[0])}: ${error.message}`),
  };
  if (reading.faults.length > 0 || document.contents === null) return reading;
  if (!isMap(document.contents)) {
    reading.faults.push(
      `${at(0)}: the file must be a map of options, such as "log: {level: warn}"`,
    );
    return reading;
  }
  const readMap = (map: YAMLMap, section: string): void => {
    for (const { key: keyNode, value: node } of map.items as Pair[]) {
      const key = `${section}${isScalar(keyNode) ? String(keyNode.value) : String(keyNode)}`;
      const origin = at(isScalar(keyNode) ? (keyNode.range?.[0] ?? 0) : 0);
      const option = optionByKey.get(key);
      if (option !== undefined) {
        const value: unknown = isNode(node) ? node.toJS(document) : node;
        reading.assignments.push({ option, value, origin });
      } else if (section === '' && sectionNames.includes(key)) {
        if (isMap(node)) readMap(node, `${key}.`);
        else if (!isScalar(node) || node.value !== null) {
          reading.faults.push(`${origin}: ${key}: this is a section; write its options below it`);
        }
      } else reading.faults.push(`${origin}: ${unknownKey(key)}`);
    }
  };
  readMap(document.contents, '');
  return reading;
}

function unknownKey(key: string): string {
  const sameName = OPTIONS.find((option) => option.name === key)?.key;
  const meant = sameName ?? nearestName(key, [...optionByKey.keys(), ...sectionNames]);
  const hint = meant === undefined ? 'docs/CONFIGURATION.md lists them' : `did you mean ${meant}?`;
  return `${key}: there is no such option; ${hint}`;
}

function readEnvironment(env: Readonly<Record<string, string | undefined>>): Reading {
  const reading: Reading = { assignments: [], faults: [] };
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('GEO_') || text === undefined || text === '') continue;
    const option = optionByEnvironment.get(name);
    if (option !== undefined) {
      reading.assignments.push({ option, value: valueFromText(option.kind, text), origin: name });
      continue;
    }
    // Other programs may own other GEO_ names; what looks like a slip in one of ours is refused.
    const inSection = sectionNames.some((key) => name.startsWith(`GEO_${key.toUpperCase()}_`));
    const meant = nearestName(name, optionByEnvironment.keys());
    if (inSection || meant !== undefined) {
      const hint =
        meant === undefined ? 'docs/CONFIGURATION.md lists them' : `did you mean ${meant}?`;
      reading.faults.push(`${name}: there is no such option; ${hint}`);
    }
  }
  return reading;
}

function readFlags(flags: readonly string[]): Reading {
  const reading: Reading = { assignments: [], faults: [] };
  for (const flag of flags) {
    const [, key = '', text = ''] = /^([^=]*)=(.*)$/s.exec(flag) ?? [];
    const option = optionByKey.get(key);
    if (!flag.includes('=')) {
      reading.faults.push(`--set ${flag}: write key=value, for example --set log.level=warn`);
    } else if (option === undefined) {
      reading.faults.push(`--set ${unknownKey(key)}`);
    } else {
      const value = valueFromText(option.kind, text);
      reading.assignments.push({ option, value, origin: '--set' });
    }
  }
  return reading;
}
