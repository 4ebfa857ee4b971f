/** Lists as tables for spreadsheets (RFC 4180). */
import { z } from 'zod';

export const CSV_CONTENT_TYPE = 'text/csv; charset=utf-8; header=present';

/** A cell that begins so is taken for a formula by spreadsheets; a peer chooses its own name. */
const FORMULA = /^[=@\t\r]|^[+-](?![0-9.]+$)/;

/**
 * The columns of an answer that is a list of rows, or a page of one; undefined if it is neither.
 */
export function columnsOf(response: z.ZodType): readonly string[] | undefined {
  const list = response instanceof z.ZodObject ? response.shape.items : response;
  if (!(list instanceof z.ZodArray) || !(list.element instanceof z.ZodObject)) return undefined;
  return Object.keys(list.element.shape);
}

/** @param answer as the shape says it: the rows, or an object with them as `items` */
export function csvOf(columns: readonly string[], answer: unknown): string {
  const rows = (
    Array.isArray(answer) ? answer : (answer as { items: unknown[] }).items
  ) as Readonly<Record<string, unknown>>[];
  const lines = rows.map((row) => columns.map((column) => cell(row[column])).join(','));
  return [columns.join(','), ...lines, ''].join('\r\n');
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  const plain = typeof value === 'object' ? JSON.stringify(value) : String(value);
  const text = FORMULA.test(plain) ? `'${plain}` : plain;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
