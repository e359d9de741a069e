import { createHash } from 'node:crypto';
import { finishCall } from '../fakes/clouds/calls.ts';
import type { Incoming, Reply, Surface } from '../fakes/clouds/loopback.ts';
import { type ArmApi, demand, failure } from './arm.ts';
import { notFound, refused } from './arm-error.ts';
import type { Azure } from './azure.ts';
import type { Call } from './context.ts';
import { Contract } from './contract.ts';
import { insightsAudiences } from './tokens.ts';

/** The application's id, which is not that of the resource. */
const appIdOf = (component: string): string =>
  createHash('sha256')
    .update(component.toLowerCase())
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');

/** Application Insights: what there is, is made beforehand. */
export function insightsApi(azure: Azure): ArmApi {
  return {
    contract: Contract.read('insights.components.2020-02-02.json'),
    operations: {
      components_get: {
        answer: ({ path }) => {
          if (!azure.components.has(path.toLowerCase())) throw notFound(path);
          const key = '00000000-0000-0000-0000-000000000000';
          const properties = {
            ...{ AppId: appIdOf(path), InstrumentationKey: key, DisableLocalAuth: true },
            ...{ provisioningState: 'Succeeded' },
            ConnectionString: `InstrumentationKey=${key};IngestionEndpoint=${azure.urlOf('INSIGHTS')}/`,
          };
          const name = path.split('/').at(-1);
          const type = 'microsoft.insights/components';
          return { status: 200, body: { id: path, name, type, kind: 'web', location: 'westeurope', properties } };
        },
      },
    },
  };
}

/** What the product asks, and no more of the language: https://learn.microsoft.com/kusto/query */
const query =
  /^union traces, exceptions \| where cloud_RoleName =~ '([^']+)' \| project timestamp, line = iff\(itemType == 'exception', outerMessage, message\) \| top (\d+) by timestamp desc$/;

/**
 * Queries of what apps have written, as far as they send it there:
 * https://learn.microsoft.com/rest/api/application-insights/query/execute
 */
export function insightsSurface(azure: Azure): Surface {
  const { context } = azure;
  const contract = Contract.read('insights.query.v1.json');
  return {
    name: 'INSIGHTS',
    async serve(incoming) {
      const { pathname: path } = incoming.url;
      const found = contract.find(incoming.method, path);
      const call: Call = {
        ...{ method: found?.described.operationId ?? 'insights_unknown', path, parameters: found?.labels ?? {} },
        ...{ body: undefined, principal: '', needs: [], mutating: false, status: 0 },
      };
      context.calls.push(call);
      const work = async (): Promise<Reply> => {
        const caller = context.tokens.principalOf(incoming.headers.authorization, insightsAudiences);
        call.principal = caller.oid;
        const component = [...azure.components].find((one) => appIdOf(one) === found?.labels['appId']);
        if (!found || component === undefined) throw notFound(path);
        call.needs = [{ action: 'Microsoft.Insights/components/query/read', scope: component }];
        demand(context, caller, call.needs);
        const body = JSON.parse(incoming.body.toString('utf8')) as Record<string, unknown>;
        call.body = body;
        for (const { path: at, message } of contract.bodyFindings(found.described, body)) {
          context.violation(`query: ${at}: ${message}`);
        }
        return answer(azure, incoming, String(body['query']));
      };
      return finishCall(context, call, work, failure);
    },
  };
}

function answer(azure: Azure, { headers }: Incoming, text: string): Reply {
  const [, role = '', top] = query.exec(text) ?? [];
  if (role === '' || headers['content-type'] !== 'application/json') {
    azure.context.violation(`the stand-in does not read the query ${text}`);
    throw refused(400, 'BadArgumentError', 'The request had some invalid properties');
  }
  const { web, knobs } = azure;
  const isLate = knobs.logLag > 0 && knobs.logLag-- > 0;
  const lines = web.log.filter(({ site }) => site.replace('/slots/', '-').toLowerCase() === role.toLowerCase());
  const rows = (isLate ? [] : lines)
    .map(({ line }, at) => [new Date(Date.UTC(2026, 0, 1) + at).toISOString(), line])
    .reverse()
    .slice(0, Number(top));
  const columns = [
    { name: 'timestamp', type: 'datetime' },
    { name: 'line', type: 'string' },
  ];
  const body = JSON.stringify({ tables: [{ name: 'PrimaryResult', columns, rows }] });
  return { status: 200, headers: { 'content-type': 'application/json; charset=utf-8' }, body };
}
