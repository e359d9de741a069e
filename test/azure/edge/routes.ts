import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FunctionInfo } from './worker-protocol.ts';

export interface Route {
  /** Of the function. */
  name: string;
  authLevel: string;
}

/** `extensions.http.routePrefix` of host.json, which is `api` where nothing says otherwise. */
export function routePrefix(folder: string): string {
  const path = join(folder, 'host.json');
  if (!existsSync(path)) return 'api';
  const host = JSON.parse(readFileSync(path, 'utf8')) as { extensions?: { http?: { routePrefix?: string } } };
  return host.extensions?.http?.routePrefix ?? 'api';
}

/** The function that a request is for; the route with the fewest parameters goes first. */
export function findRoute(
  folder: string,
  functions: readonly FunctionInfo[],
  method: string,
  path: string,
): Route | undefined {
  const prefix = routePrefix(folder);
  const fitting = functions.flatMap(({ name, bindings }) =>
    Object.values(bindings).flatMap(({ type, route = name, methods, authLevel = 'function' }) => {
      if (type !== 'httpTrigger') return [];
      const takes = methods === undefined || methods.some((one) => one.toUpperCase() === method);
      const parameters = route.match(/\{/g)?.length ?? 0;
      const isHere = patternOf([prefix, route].filter((part) => part !== '').join('/')).test(path);
      return takes && isHere ? [{ name, authLevel: authLevel.toLowerCase(), parameters }] : [];
    }),
  );
  return fitting.sort((a, b) => a.parameters - b.parameters)[0];
}

/** `{*path}` is the rest, `{id}` a segment, `{id?}` may be missing. */
const patternOf = (template: string): RegExp => {
  const source = template.split('/').map((segment) => {
    if (segment.startsWith('{*')) return '(?:/.*)?';
    if (/^\{[^}]*\?\}$/.test(segment)) return '(?:/[^/]+)?';
    return `/${segment.replaceAll(/\{[^}]*\}/g, '[^/]+').replaceAll('.', '\\.')}`;
  });
  return new RegExp(`^${source.join('')}/?$`, 'i');
};
