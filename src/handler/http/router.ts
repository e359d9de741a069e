import { RequestError } from './request-error.ts';
import type { Route } from './route.ts';

export interface Match {
  route: Route;
  params: Record<string, string>;
}

interface Compiled {
  route: Route;
  segments: string[];
}

/** Finds the route of a method and path. Throws RequestError 404, or 405 with the methods that the path does answer. */
export function createRouter(routes: readonly Route[]): (method: string, path: string) => Match {
  const compiled: Compiled[] = routes.map((route) => ({ route, segments: route.pattern.split('/') }));
  return (method, path) => {
    const parts = path.split('/');
    const allowed = new Set<string>();
    for (const { route, segments } of compiled) {
      const params = matchSegments(segments, parts);
      if (!params) continue;
      if (route.method === method || (method === 'HEAD' && route.method === 'GET')) return { route, params };
      allowed.add(route.method);
    }
    if (allowed.size === 0) throw nothingAt(path);
    if (allowed.has('GET')) allowed.add('HEAD');
    const allow = [...allowed, 'OPTIONS'].join(', ');
    throw new RequestError(405, 'method-not-allowed', `This path answers ${allow}.`, { allow });
  };
}

function matchSegments(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, part] of pattern.entries()) {
    const given = segments[i] as string;
    if (!part.startsWith('{')) {
      if (part !== given) return undefined;
      continue;
    }
    const end = part.indexOf('}');
    const verb = part.slice(end + 1);
    if (!given.endsWith(verb)) return undefined;
    params[part.slice(1, end)] = given.slice(0, given.length - verb.length);
  }
  return params;
}

/** Clients of Triton also request its extensions, so the message names the protocol. */
const nothingAt = (path: string): RequestError =>
  new RequestError(
    404,
    'not-found',
    path.startsWith('/v2/models/')
      ? 'There is nothing at this path: of the extensions of Triton this server has binary tensors and the repository index.'
      : 'There is nothing at this path.',
  );
