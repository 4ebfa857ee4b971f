/**
 * JSON or YAML to plain values, with every number kept as it is written: `1398.47` in a file is an
 * amount of money, and must not pass through a binary fraction on its way to an integer.
 */
import { parseDocument, type ScalarTag, type Tags } from 'yaml';

/** A number of the file, as its digits stand there. */
export class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const FLOAT_TAG = 'tag:yaml.org,2002:float';
const NUMBER_TAGS: ReadonlySet<string> = new Set(['tag:yaml.org,2002:int', FLOAT_TAG]);

const numberAsWritten: ScalarTag = {
  tag: FLOAT_TAG,
  default: true,
  test: /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/,
  resolve: (text) => new NumberText(text),
};

/**
 * Numbers become {@link NumberText}; everything else is as `JSON.parse` or YAML 1.2 gives it.
 * @throws Error whose message says where the text is broken
 */
export function readPlain(text: string): unknown {
  // JSON is almost a part of YAML, and its own parser is twenty times as fast on large files.
  const trimmed = text.trim();
  if (trimmed.startsWith('{')) return JSON.parse(trimmed, numberFromSource);
  const tags = (known: Tags): Tags => [
    ...known.filter((tag) => typeof tag === 'string' || !NUMBER_TAGS.has(tag.tag)),
    numberAsWritten,
  ];
  const document = parseDocument(text, { customTags: tags });
  const [error] = document.errors;
  if (error !== undefined) throw error;
  return document.toJS();
}

function numberFromSource(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' ? new NumberText(context?.source ?? String(value)) : value;
}

/** A plain value as JSON text. */
export function toJsonText(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner instanceof NumberText ? Number(inner.text) : inner,
  );
}
