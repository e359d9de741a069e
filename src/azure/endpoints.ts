import { InputError } from '../errors.ts';
import { isPrivateLink } from '../stores/connection.ts';

export type AzureVariables = Readonly<Record<string, string | undefined>>;

const publicArm = 'https://management.azure.com';

/** Names another Azure Resource Manager: of a sovereign cloud, or on this machine. */
export const armVariable = 'COLDGATE_AZURE_ENDPOINT';

/** An API of Azure: Resource Manager, or another one. */
export interface ArmPlace {
  /** Base URL, without a slash at its end. */
  base: string;
  /** What tokens for it are asked for; those of Resource Manager are for publishing sites too. */
  scope: string;
}

/** Azure Resource Manager of this run. Throws InputError for an address that others could listen on. */
export function armPlace(variables: AzureVariables): ArmPlace {
  const given = variables[armVariable];
  if (!given) return { base: publicArm, scope: `${publicArm}/.default` };
  if (!isPrivateLink(given)) {
    const message = `expected https:// (http:// is for this machine alone), got ${given}.`;
    throw new InputError([{ path: armVariable, message, hint: 'Unset it to reach Azure.' }]);
  }
  const base = given.replace(/\/+$/, '');
  // Sovereign clouds have audiences of their own; a server on this machine takes the public one.
  return { base, scope: `${base.startsWith('https://') ? base : publicArm}/.default` };
}

/** Whether a URL leads to the same service: a token goes nowhere else. */
export function isOfArm({ base }: ArmPlace, url: string): boolean {
  if (!URL.canParse(url)) return false;
  const [there, here] = [new URL(url), new URL(base)];
  return there.origin === here.origin || (there.protocol === 'https:' && there.hostname.endsWith(`.${here.hostname}`));
}

/** Where Application Insights is queried, by the end of the host that telemetry goes to. */
const publicQueries = 'https://api.applicationinsights.io';
const queries: Readonly<Record<string, string>> = {
  'applicationinsights.azure.cn': 'https://api.applicationinsights.azure.cn',
  'applicationinsights.us': 'https://api.applicationinsights.us',
};

/**
 * Where the telemetry of a component is queried; a component on this machine answers that itself.
 * @param connection its connection string: https://learn.microsoft.com/azure/azure-monitor/app/connection-strings
 */
export function queryPlace(connection: string): ArmPlace {
  const ingestion = /(?:^|;)IngestionEndpoint=([^;]+)/i.exec(connection)?.[1] ?? '';
  const { protocol, hostname, origin } = new URL(URL.canParse(ingestion) ? ingestion : publicQueries);
  if (protocol === 'http:' && isPrivateLink(ingestion)) return { base: origin, scope: `${publicQueries}/.default` };
  const base = Object.entries(queries).find(([end]) => hostname.endsWith(end))?.[1] ?? publicQueries;
  return { base, scope: `${base}/.default` };
}
