/** How results look to a person: tables that fit the terminal, and what may not reach it. */
import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

export interface Page {
  /** Columns; Infinity if the output goes to a file or a pipe. */
  readonly width: number;
  readonly colours: boolean;
}

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly right?: boolean;
  /** May be cut short where the terminal is narrow. */
  readonly flexible?: boolean;
  readonly format?: (row: Row) => Format | undefined;
}

const GAP = '  ';
/** A flexible column is not cut below this. */
const COLUMN_WIDTH_MIN = 10;

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const lengthOf = (text: string): number => [...graphemes.segment(text)].length;

/**
 * Text of others without what a terminal would obey: escape sequences, line breaks, changes of
 * writing direction. A peer chooses its notes and names; it must not choose what a person sees.
 */
export function harmless(text: string): string {
  return text.replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

/** The same for a text of several lines. */
export function harmlessLines(text: string): string {
  return text.trimEnd().split(/\r?\n/).map(harmless).join('\n');
}

export function paint(page: Page, format: Format | undefined, text: string): string {
  if (!page.colours || format === undefined) return text;
  return styleText(format, text, { validateStream: false });
}

function cut(text: string, width: number): string {
  const letters = [...graphemes.segment(text)].map((part) => part.segment);
  return letters.length <= width ? text : `${letters.slice(0, width - 1).join('')}…`;
}

function pad(text: string, width: number, right: boolean): string {
  const blanks = ' '.repeat(Math.max(0, width - lengthOf(text)));
  return right ? blanks + text : text + blanks;
}

/** Rows under titles; one block per row where even cut columns do not fit. */
export function table<Row>(
  page: Page,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): string {
  const cells = rows.map((row) => columns.map((column) => harmless(column.cell(row))));
  const widths = columns.map((column, index) =>
    Math.max(lengthOf(column.title), ...cells.map((line) => lengthOf(line[index]!))),
  );
  if (!shrink(widths, columns, page.width)) return blocks(page, columns, rows, cells);
  const print = (line: readonly string[], format: (index: number) => Format | undefined) =>
    columns
      .map(({ right }, index) =>
        paint(
          page,
          format(index),
          pad(cut(line[index]!, widths[index]!), widths[index]!, right === true),
        ),
      )
      .join(GAP)
      .trimEnd();
  return [
    print(
      columns.map((column) => column.title),
      () => 'dim',
    ),
    ...rows.map((row, at) => print(cells[at]!, (index) => columns[index]!.format?.(row))),
  ].join('\n');
}

/** Takes width from the widest flexible column until the line fits. */
function shrink(widths: number[], columns: readonly Column<never>[], width: number): boolean {
  for (;;) {
    const total = widths.reduce((sum, each) => sum + each, 0) + GAP.length * (columns.length - 1);
    if (total <= width) return true;
    let widest = -1;
    columns.forEach((column, index) => {
      if (
        column.flexible &&
        widths[index]! > COLUMN_WIDTH_MIN &&
        widths[index]! > (widths[widest] ?? 0)
      ) {
        widest = index;
      }
    });
    if (widest < 0) return false;
    widths[widest] = Math.max(COLUMN_WIDTH_MIN, widths[widest]! - (total - width));
  }
}

function blocks<Row>(
  page: Page,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  cells: readonly (readonly string[])[],
): string {
  return rows
    .map((row, at) =>
      facts(
        page,
        columns.map((column, index) => [column.title, cells[at]![index]!, column.format?.(row)]),
      ),
    )
    .join('\n\n');
}

export type Fact = readonly [title: string, text: string, format?: Format | undefined];

/** One `title  text` per line. */
export function facts(page: Page, lines: readonly Fact[]): string {
  const width = Math.max(...lines.map(([title]) => lengthOf(title)));
  return lines
    .map(([title, text, format]) =>
      `${paint(page, 'dim', pad(title, width, false))}${GAP}${paint(page, format, harmless(text))}`.trimEnd(),
    )
    .join('\n');
}

/** A table, or a sentence if there is nothing to put into it. */
export function tableOr<Row>(
  page: Page,
  nothing: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): string {
  return rows.length === 0 ? nothing : table(page, columns, rows);
}
