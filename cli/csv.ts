/** Lists as tables for spreadsheets: the same text that the API gives. */
import { columnsOf, csvOf } from '../node/api/csv.ts';
import { type AnyRoute, ROUTES } from '../node/api/routes.ts';

/** @param name of the API's method that the rows came from */
export function csvText(name: AnyRoute['name'], rows: readonly unknown[]): string {
  return csvOf(columnsOf(ROUTES[name].response) ?? [], rows).trimEnd();
}
