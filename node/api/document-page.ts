/** The OpenAPI document as a page for people: one HTML text without scripts, made from the document itself. */
import { createHash } from 'node:crypto';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}
interface Content {
  readonly [type: string]: { readonly schema: Schema };
}
interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly 'x-access'?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly required: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Content }>
  >;
}
/** What the page reads of an OpenAPI document. */
interface ApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
code{font-family:ui-monospace,monospace}nav a{margin-right:1em}summary{cursor:pointer;padding:.3em 0}
details{border-top:1px solid #ddd}table{border-collapse:collapse;margin:.5em 0 1em}
td,th{text-align:left;vertical-align:top;padding:.2em 1em .2em 0}small{color:#666}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}details{border-color:#444}a{color:#8bf}small{color:#999}}`;

/** The page may use its own style, and nothing else. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; frame-ancestors 'none'`;

/** @param json the document, as it is served at `documentPath` */
export function documentPage(json: string, documentPath: string): string {
  const document = JSON.parse(json) as ApiDocument;
  const { info, components } = document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const sections = Map.groupBy(operations, ({ operation }) => operation.tags[0] ?? 'other');
  const links = [...sections.keys()].map((tag) => `<a href="#${idOf(tag)}">${text(tag)}</a>`);
  const bodies = [...sections].map(
    ([tag, rows]) => `<h2 id="${idOf(tag)}">${text(tag)}</h2>${rows.map(operationHtml).join('')}`,
  );
  const shapes = Object.entries(components.schemas).map(
    ([name, schema]) =>
      `<details id="shape-${text(name)}"><summary><code>${text(name)}</code></summary>${fieldsHtml(schema)}</details>`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${text(info.title)}</title><style>${STYLE}</style><h1>${text(info.title)} <small>${text(info.version)}</small></h1><p>${text(info.description)} For programs: <a href="${text(documentPath)}">the same as OpenAPI 3.1</a>.</p><nav>${links.join('')}<a href="#shapes">shapes</a></nav>${bodies.join('')}<h2 id="shapes">shapes</h2>${shapes.join('')}</html>\n`;
}

function operationHtml({
  path,
  method,
  operation,
}: {
  path: string;
  method: string;
  operation: Operation;
}): string {
  const { summary, parameters = [], requestBody, responses } = operation;
  const access = operation['x-access'];
  const asked = parameters.map(({ name, required, schema }) => rowHtml(name, schema, required));
  const answers = Object.entries(responses).map(
    ([status, { description, content }]) =>
      `<tr><td>${text(status)}</td><td>${text(description)}${contentHtml(content)}</td></tr>`,
  );
  return `<details id="${text(operation.operationId)}"><summary><code>${method.toUpperCase()} ${text(path)}</code> ${text(summary)}${access === undefined ? '' : ` <small>${text(access)}</small>`}</summary>${asked.length === 0 ? '' : `<table>${asked.join('')}</table>`}${requestBody === undefined ? '' : `<p>Body:${contentHtml(requestBody.content)}</p>`}<table>${answers.join('')}</table></details>`;
}

function contentHtml(content: Content = {}): string {
  return Object.entries(content)
    .map(([type, { schema }]) => ` <small>${text(type)}</small> ${typeHtml(schema)}`)
    .join('');
}

function fieldsHtml({ properties = {}, required = [] }: Schema): string {
  const rows = Object.entries(properties).map(([name, schema]) =>
    rowHtml(name, schema, required.includes(name)),
  );
  return `<table>${rows.join('')}</table>`;
}

function rowHtml(name: string, schema: Schema, required: boolean): string {
  const about = schema.description ?? '';
  return `<tr><td><code>${text(name)}</code>${required ? '' : ' <small>optional</small>'}</td><td>${typeHtml(schema)}</td><td>${text(about)}</td></tr>`;
}

function typeHtml(schema: Schema): string {
  const { $ref, type, items, anyOf } = schema;
  if ($ref !== undefined) {
    const name = text($ref.split('/').at(-1) ?? '');
    return `<a href="#shape-${name}"><code>${name}</code></a>`;
  }
  if (anyOf !== undefined) return anyOf.map(typeHtml).join(' or ');
  if (schema.enum !== undefined) return text(schema.enum.map(String).join(', '));
  if (items !== undefined) return `list of ${typeHtml(items)}`;
  return text(type === undefined ? 'anything' : [type].flat().join(' or '));
}

function idOf(tag: string): string {
  return `tag-${tag.replaceAll(' ', '-')}`;
}

function text(given: string): string {
  const signs: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '"': '&quot;' };
  return given.replaceAll(/[&<"]/g, (sign) => signs[sign]!);
}
