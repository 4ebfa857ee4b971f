/** Which of an add-on's routes a request is for. */
import type { Offered } from './messages.ts';

export type Match =
  | { readonly kind: 'found'; readonly route: number; readonly params: Record<string, string> }
  /** The path is there, for other methods. */
  | { readonly kind: 'other_methods'; readonly methods: readonly string[] }
  | { readonly kind: 'nothing' };

/** @param path what follows `/addons/NAME`, decoded part by part: `/` or `/lines/anna` */
export function matchRoute(
  routes: Offered['routes'],
  method: string,
  path: readonly string[],
): Match {
  const fitting = routes.flatMap((route, index) => {
    const params = matchPath(route.path, path);
    return params === undefined ? [] : [{ index, params, method: route.method }];
  });
  const found = fitting.find((each) => each.method === method);
  if (found !== undefined) return { kind: 'found', route: found.index, params: found.params };
  if (fitting.length === 0) return { kind: 'nothing' };
  return { kind: 'other_methods', methods: fitting.map((each) => each.method) };
}

/** @returns the parameters, or undefined if the path is another */
export function matchPath(
  pattern: string,
  path: readonly string[],
): Record<string, string> | undefined {
  const parts = pattern.split('/').filter((part) => part !== '');
  if (parts.length !== path.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const given = path[index]!;
    if (part.startsWith(':')) params[part.slice(1)] = given;
    else if (part !== given) return undefined;
  }
  return params;
}
