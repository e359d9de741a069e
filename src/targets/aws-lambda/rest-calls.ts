import type { ApiRequest } from '../../api-request.ts';
import { askAws, endpointOf, suffixOf } from './aws-request.ts';
import type { LambdaContext } from './context.ts';
import { isMissing } from './refusal.ts';
import { restSettings } from './rest-api-wanted.ts';

/** What is used of a REST API as API Gateway has it: https://docs.aws.amazon.com/apigateway/latest/api/API_RestApi.html */
export interface RestApi {
  id?: string;
  name?: string;
  /** Seconds since 1970. */
  createdDate?: number;
  tags?: Record<string, string>;
  disableExecuteApiEndpoint?: boolean;
}

/** One call of API Gateway's control plane, with retries. @param path encoded */
export const askRest = <T = Record<string, unknown>>(
  context: LambdaContext,
  method: ApiRequest['method'],
  path: string,
  json?: unknown,
): Promise<T> => {
  const resource = `arn:aws:apigateway:${context.settings.region}::${path.split('?')[0]}`;
  const asked = { action: `apigateway:${method}`, resource };
  return askAws<T>(context, { service: 'apigateway', method, path, asked, ...(json !== undefined && { json }) });
};

/** Deletes; what is gone already is as good as deleted now. */
export async function goneRest(context: LambdaContext, path: string): Promise<void> {
  try {
    await askRest(context, 'DELETE', path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** All pages of a list. */
export async function listRest<T>(context: LambdaContext, path: string): Promise<T[]> {
  const all: T[] = [];
  let position: string | undefined;
  do {
    const query = new URLSearchParams({ limit: '500', ...(position !== undefined && { position }) });
    const join = path.includes('?') ? '&' : '?';
    const page = await askRest<{ item?: T[]; items?: T[]; position?: string }>(
      context,
      'GET',
      `${path}${join}${query}`,
    );
    // The service writes `item` where its description says `items`.
    all.push(...(page.item ?? page.items ?? []));
    position = page.position;
  } while (position);
  return all;
}

/** Where the stage answers without a domain. A server in place of AWS has it below its own address, as LocalStack does. */
export function defaultHost(context: LambdaContext, id: string): string {
  const { region } = context.settings;
  const { stage } = restSettings(context.settings);
  const endpoint = endpointOf(context, 'apigateway');
  if (!/\.amazonaws\.com(?:\.cn)?$/.test(new URL(endpoint).hostname))
    return `${endpoint}/restapis/${id}/${stage}/_user_request_`;
  return `https://${id}.execute-api.${region}.${suffixOf(region)}/${stage}`;
}

/** Where callers reach it. */
export function restUrl(context: LambdaContext, { id = '' }: RestApi, name: string): string {
  const { domain } = restSettings(context.settings);
  return domain ? `https://${domain.name}/${domain.path ?? name}` : defaultHost(context, id);
}
