import { InputError } from '../errors.ts';
import { isPrivateLink } from '../stores/connection.ts';

/** Google's APIs that Coldgate calls, by their name in gcloud. */
const hosts = {
  run: 'https://run.googleapis.com',
  storage: 'https://storage.googleapis.com',
  iamcredentials: 'https://iamcredentials.googleapis.com',
  logging: 'https://logging.googleapis.com',
  serviceusage: 'https://serviceusage.googleapis.com',
  apigateway: 'https://apigateway.googleapis.com',
  eventarc: 'https://eventarc.googleapis.com',
  pubsub: 'https://pubsub.googleapis.com',
  monitoring: 'https://monitoring.googleapis.com',
} as const;

export type GoogleApi = keyof typeof hosts;

export type GoogleVariables = Readonly<Record<string, string | undefined>>;

/**
 * Base URL of an API, without a slash at its end: Google's, or what gcloud's own variable names, such as
 * CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN (https://cloud.google.com/sdk/gcloud/reference/config/set#api_endpoint_overrides).
 * Throws InputError for an address that others could listen on.
 */
export function endpointOf(api: GoogleApi, variables: GoogleVariables): string {
  const name = `CLOUDSDK_API_ENDPOINT_OVERRIDES_${api.toUpperCase()}`;
  const given = variables[name];
  if (!given) return hosts[api];
  if (isPrivateLink(given)) return given.replace(/\/+$/, '');
  const message = `expected https:// (http:// is for this machine alone), got ${given}.`;
  throw new InputError([{ path: name, message, hint: 'Unset it to reach Google.' }]);
}
