import { randomUUID } from 'node:crypto';
import { type Fields, fieldsOf } from '../fakes/clouds/fields.ts';
import type { Surface } from '../fakes/clouds/loopback.ts';
import type { GoogleContext } from './context.ts';
import type { Contract } from './contract.ts';
import { page } from './run/page.ts';
import type { Revision, Service } from './run/record.ts';
import { apiSurface } from './surface.ts';

interface Entry extends Fields {
  timestamp: string;
}

const names = { system: 'varlog%2Fsystem', stdout: 'stdout', stderr: 'stderr' };

/** What the platform and the instances have written: https://cloud.google.com/run/docs/logging */
export class Logs {
  readonly entries: Entry[] = [];
  readonly #context: GoogleContext;

  constructor(context: GoogleContext) {
    this.#context = context;
  }

  add(revision: Revision, service: Service, instanceId: string, stream: string, line: string): void {
    const { project } = this.#context;
    const json = stream !== 'system' && line.startsWith('{') ? parse(line) : undefined;
    const { severity, ...payload } = json ?? {};
    this.entries.push({
      logName: `projects/${project}/logs/run.googleapis.com%2F${names[stream as keyof typeof names]}`,
      resource: {
        type: 'cloud_run_revision',
        labels: {
          ...{ project_id: project, service_name: service.id, revision_name: revision.short },
          ...{ configuration_name: service.id, location: service.region },
        },
      },
      labels: { instanceId },
      ...{ timestamp: this.#context.now().toISOString(), insertId: randomUUID().slice(0, 20) },
      receiveTimestamp: this.#context.now().toISOString(),
      ...(json ? { jsonPayload: payload } : { textPayload: line }),
      ...(stream === 'system' ? { severity: 'INFO' } : typeof severity === 'string' && { severity }),
    });
  }
}

function parse(line: string): Fields | undefined {
  try {
    return JSON.parse(line) as Fields;
  } catch {
    return undefined;
  }
}

/** https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list */
export function loggingSurface(context: GoogleContext, contract: Contract, logs: Logs): Surface {
  return apiSurface(context, {
    ...{ name: 'LOGGING', contract },
    methods: {
      'logging.entries.list': {
        needs: ({ body }) =>
          ((body['resourceNames'] ?? []) as string[]).map((resource) => ({
            permission: 'logging.logEntries.list',
            resource,
          })),
        answer({ body }) {
          const until = context.now().getTime() - context.knobs.logLagMs;
          const holds = filterOf(String(body['filter'] ?? ''));
          const found = logs.entries.filter((one) => Date.parse(one.timestamp) <= until && holds(one));
          if (body['orderBy'] === 'timestamp desc') found.reverse();
          const query = new URLSearchParams({
            ...(body['pageToken'] !== undefined && { pageToken: String(body['pageToken']) }),
            ...(body['pageSize'] !== undefined && { pageSize: String(body['pageSize']) }),
          });
          return page('entries', found, query, Math.max(context.knobs.pageSize, 50));
        },
      },
    },
  });
}

/**
 * Of the filter language what the product writes: comparisons side by side or with AND, `=`, `:` (has), `>=`, `<=`, `>`, `<`.
 * https://cloud.google.com/logging/docs/view/logging-query-language
 */
export function filterOf(filter: string): (entry: Fields) => boolean {
  const terms = [...filter.matchAll(/([\w.]+)\s*(>=|<=|=|:|>|<)\s*(?:"((?:[^"\\]|\\.)*)"|(\S+))/g)];
  const rest = terms.reduce((text, [whole]) => text.replace(whole, ''), filter).replaceAll(/\bAND\b|\s/g, '');
  if (rest !== '') throw new Error(`the stand-in does not read the filter ${filter}`);
  return (entry) =>
    terms.every(([, path = '', operator, quoted, bare]) => {
      const value = String(path.split('.').reduce<unknown>((at, name) => fieldsOf(at)[name], entry) ?? '');
      const wanted = quoted ?? bare ?? '';
      if (operator === '=') return value.replaceAll('%2F', '/') === wanted.replaceAll('%2F', '/');
      if (operator === ':') return value.toLowerCase().includes(wanted.toLowerCase());
      if (operator === '>=') return value >= wanted;
      if (operator === '<=') return value <= wanted;
      return operator === '>' ? value > wanted : value < wanted;
    });
}
