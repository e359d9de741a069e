import { isDeepStrictEqual } from 'node:util';
import type { Api, ApiGatewayV2Client } from '@aws-sdk/client-apigatewayv2';
import type { LambdaContext } from './context.ts';
import type { WantedApi } from './http-api-wanted.ts';

type Sdk = typeof import('@aws-sdk/client-apigatewayv2');

/** The service's client, opened on first use. */
export interface Gateway {
  sdk: Sdk;
  client: ApiGatewayV2Client;
}

/** One call of the gateway, with retry. */
type Ask = <O>(work: (gateway: Gateway, options: { abortSignal: AbortSignal }) => Promise<O>) => Promise<O>;

interface Page<T> {
  Items?: T[] | undefined;
  NextToken?: string | undefined;
}

/** Brings what is inside an API to what is wanted, in the order in which one part names another; surplus goes last. */
export async function convergeParts(
  context: LambdaContext,
  gateway: Gateway,
  api: Api,
  wanted: WantedApi,
): Promise<void> {
  const ask: Ask = (work) => context.calls.withRetry((options) => work(gateway, options));
  const ApiId = api.ApiId ?? '';
  await ensureCors(ask, api, wanted);
  const integrations = await ensureIntegration(ask, ApiId, wanted);
  const authorizers = await ensureAuthorizer(ask, ApiId, wanted);
  await ensureRoutes(ask, ApiId, wanted, { integration: integrations.id, authorizer: authorizers.id });
  await ensureStage(ask, ApiId, wanted);
  for (const IntegrationId of integrations.surplus) {
    await ask(({ sdk, client }, o) => client.send(new sdk.DeleteIntegrationCommand({ ApiId, IntegrationId }), o));
  }
  for (const AuthorizerId of authorizers.surplus) {
    await ask(({ sdk, client }, o) => client.send(new sdk.DeleteAuthorizerCommand({ ApiId, AuthorizerId }), o));
  }
}

/** Whether everything wanted is there already; services add further members. */
const holds = (there: object, wanted: object): boolean =>
  Object.entries(wanted).every(([key, value]) => {
    const now = (there as Record<string, unknown>)[key];
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return holds(now ?? {}, value);
    return isDeepStrictEqual(now, value);
  });

async function all<T>(page: (NextToken: string | undefined) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let token: string | undefined;
  do {
    const { Items = [], NextToken } = await page(token);
    items.push(...Items);
    token = NextToken;
  } while (token);
  return items;
}

async function ensureCors(ask: Ask, { ApiId, CorsConfiguration }: Api, { cors }: WantedApi): Promise<void> {
  if (cors) {
    if (holds(CorsConfiguration ?? {}, cors)) return;
    const input = { ApiId, CorsConfiguration: cors };
    await ask(({ sdk, client }, o) => client.send(new sdk.UpdateApiCommand(input), o));
  } else if (CorsConfiguration) {
    await ask(({ sdk, client }, o) => client.send(new sdk.DeleteCorsConfigurationCommand({ ApiId }), o));
  }
}

interface Part {
  id: string | undefined;
  /** Ids of what is no longer wanted. */
  surplus: string[];
}

async function ensureIntegration(ask: Ask, ApiId: string, { integration }: WantedApi): Promise<Part> {
  const there = await all((NextToken) =>
    ask(({ sdk, client }, o) => client.send(new sdk.GetIntegrationsCommand({ ApiId, NextToken }), o)),
  );
  const known = there.find((one) => one.IntegrationUri === integration.IntegrationUri);
  const id = known?.IntegrationId;
  const surplus = there.flatMap((one) => (one === known ? [] : [one.IntegrationId ?? '']));
  if (known && holds(known, integration)) return { id, surplus };
  const input = { ApiId, ...integration };
  const { IntegrationId } = await ask<{ IntegrationId?: string | undefined }>(({ sdk, client }, o) =>
    id === undefined
      ? client.send(new sdk.CreateIntegrationCommand(input), o)
      : client.send(new sdk.UpdateIntegrationCommand({ ...input, IntegrationId: id }), o),
  );
  return { id: IntegrationId ?? id, surplus };
}

async function ensureAuthorizer(ask: Ask, ApiId: string, { authorizer }: WantedApi): Promise<Part> {
  const there = await all((NextToken) =>
    ask(({ sdk, client }, o) => client.send(new sdk.GetAuthorizersCommand({ ApiId, NextToken }), o)),
  );
  const known = authorizer && there.find((one) => one.Name === authorizer.Name);
  const id = known?.AuthorizerId;
  const surplus = there.flatMap((one) => (one === known ? [] : [one.AuthorizerId ?? '']));
  if (!authorizer || (known && holds(known, authorizer))) return { id, surplus };
  const input = { ApiId, ...authorizer };
  const { AuthorizerId } = await ask<{ AuthorizerId?: string | undefined }>(({ sdk, client }, o) =>
    id === undefined
      ? client.send(new sdk.CreateAuthorizerCommand(input), o)
      : client.send(new sdk.UpdateAuthorizerCommand({ ...input, AuthorizerId: id }), o),
  );
  return { id: AuthorizerId ?? id, surplus };
}

interface RouteIds {
  integration: string | undefined;
  authorizer: string | undefined;
}

/** Removes routes with other keys: the API serves exactly what models.yaml defines. */
async function ensureRoutes(ask: Ask, ApiId: string, { routes }: WantedApi, ids: RouteIds): Promise<void> {
  const there = await all((NextToken) =>
    ask(({ sdk, client }, o) => client.send(new sdk.GetRoutesCommand({ ApiId, NextToken }), o)),
  );
  for (const route of routes) {
    const needsId = route.AuthorizationType === 'JWT' && ids.authorizer !== undefined;
    const full = {
      ...route,
      Target: `integrations/${ids.integration}`,
      ...(needsId && { AuthorizerId: ids.authorizer }),
    };
    const known = there.find(({ RouteKey }) => RouteKey === route.RouteKey);
    if (!known) await ask(({ sdk, client }, o) => client.send(new sdk.CreateRouteCommand({ ApiId, ...full }), o));
    else if (!holds(known, full)) {
      // Left out, an authorizer would stay and could not be taken away.
      const freed = known.AuthorizerId !== undefined && !needsId && { AuthorizerId: '' };
      const input = { ApiId, RouteId: known.RouteId, ...full, ...freed };
      await ask(({ sdk, client }, o) => client.send(new sdk.UpdateRouteCommand(input), o));
    }
  }
  const keys = new Set(routes.map(({ RouteKey }) => RouteKey));
  for (const { RouteId } of there.filter(({ RouteKey }) => !keys.has(RouteKey))) {
    await ask(({ sdk, client }, o) => client.send(new sdk.DeleteRouteCommand({ ApiId, RouteId }), o));
  }
}

async function ensureStage(ask: Ask, ApiId: string, { stage }: WantedApi): Promise<void> {
  const there = await all((NextToken) =>
    ask(({ sdk, client }, o) => client.send(new sdk.GetStagesCommand({ ApiId, NextToken }), o)),
  );
  const known = there.find(({ StageName }) => StageName === stage.StageName);
  const input = { ApiId, ...stage };
  if (!known) await ask(({ sdk, client }, o) => client.send(new sdk.CreateStageCommand(input), o));
  else if (!holds(known, stage)) await ask(({ sdk, client }, o) => client.send(new sdk.UpdateStageCommand(input), o));
}
