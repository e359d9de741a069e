import http, { type AgentOptions } from 'node:http';

/** The variables as curl, npm and Node spell them; the lower-case form wins where both are set. */
export const proxyVariables: readonly string[] = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY'];
export const noProxyVariables: readonly string[] = ['no_proxy', 'NO_PROXY'];

/** What no proxy can reach for us: this machine, and where platforms hand out credentials. */
const neverProxied = 'localhost,127.0.0.1,::1,169.254.169.254,169.254.170.2,metadata.google.internal';

let chosen: NodeJS.ProcessEnv | undefined;

/** Whether the text is the address of a proxy as Node takes it. */
export const isProxyAddress = (text: string): boolean => /^https?:\/\/\S+$/i.test(text) && URL.canParse(text);

/**
 * Sends all requests of this process the way that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name, and those of the processes
 * that it starts: with NODE_USE_ENV_PROXY=1 exactly as Node does, else past the proxy for this machine where NO_PROXY is
 * not set. Does nothing where there is no proxy, or none that Node could take. Called once, before the first request.
 */
export function useProxies(env: NodeJS.ProcessEnv): void {
  const given = proxyVariables.map((name) => env[name]).filter((value) => value !== undefined && value !== '');
  if (given.length === 0 || !given.every((value) => isProxyAddress(value as string))) return;
  if (env['NODE_USE_ENV_PROXY'] !== '1') {
    if (noProxyVariables.every((name) => !env[name])) env['NO_PROXY'] = neverProxied;
    // Node brings it since 24.14; before, only NODE_USE_ENV_PROXY at the start does.
    http.setGlobalProxyFromEnv?.(env);
    env['NODE_USE_ENV_PROXY'] = '1';
  }
  chosen = env;
}

/** What to look at where no connection came about: the proxy by name, without what logs in to it, where one is used. */
export function connectionHint(what: string): string {
  const used = proxyVariables
    .filter((name) => chosen?.[name])
    .map((name) => `${name} (${new URL(String(chosen?.[name])).host})`);
  if (used.length === 0) return `Check ${what} and the network.`;
  return `Check ${what}, the network, and that the proxy of ${used.join(' and ')} runs; NO_PROXY names hosts that are asked without it.`;
}

/** For agents of our own: those of Node itself know already. */
export const proxyOptions = (): Pick<AgentOptions, 'proxyEnv'> => (chosen === undefined ? {} : { proxyEnv: chosen });

/** The agents of a client of the AWS SDK, which takes none of Node's. */
export function proxiedAgents(): { httpAgent?: AgentOptions; httpsAgent?: AgentOptions } {
  if (chosen === undefined) return {};
  // The numbers are the SDK's own.
  const options = { keepAlive: true, maxSockets: 50, proxyEnv: chosen };
  return { httpAgent: options, httpsAgent: options };
}
