import type { Fields } from '../../fakes/clouds/fields.ts';
import type { Api, Config, Gateway, GatewayState, Operation } from './state.ts';

const type = (kind: string): string => `type.googleapis.com/google.cloud.apigateway.v1.${kind}`;

export const apiView = ({ managedService, ...one }: Api): Fields => ({ ...one, managedService });

/** The documents are told only where they are asked for. */
export function configView(one: Config, view: string | null = 'BASIC'): Fields {
  const { document, spoiled: _, gatewayServiceAccount, ...rest } = one;
  const contents = Buffer.from(JSON.stringify(document)).toString('base64');
  const shown = view === 'FULL' && { openapiDocuments: [{ document: { path: 'openapi.json', contents } }] };
  return { ...rest, gatewayServiceAccount, serviceConfigId: one.name.split('/').at(-1), ...shown };
}

/** The config is named with the project's number, and the address is not the final one before the gateway is active. */
export function gatewayView({ context }: GatewayState, one: Gateway): Fields {
  const { hostname, wasActive, apiConfig, ...rest } = one;
  return {
    ...rest,
    apiConfig: apiConfig.replace(`projects/${context.project}/`, `projects/${context.number}/`),
    defaultHostname: wasActive ? hostname : 'not-final.gateway.dev',
    effectiveStreamingMode: 'EFFECTIVE_STREAMING_MODE_DISABLED',
  };
}

export function operationView({ name, target, verb, done, error, diagnostics, settle }: Operation): Fields {
  const metadata = {
    ...{ '@type': type('OperationMetadata'), createTime: new Date(0).toISOString(), target, verb, apiVersion: 'v1' },
    requestedCancellation: false,
    ...(diagnostics.length > 0 && { diagnostics }),
  };
  if (!done) return { name, metadata, done: false };
  return { name, metadata, done: true, ...(error ? { error } : { response: settle() }) };
}
