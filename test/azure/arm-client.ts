import { createRequire } from 'node:module';
import { join } from 'node:path';
import { lacksPrograms, npmInstall } from '../emulators/commands.ts';
import { folderOf, type Part } from '../emulators/part.ts';
import type { Azure } from './azure.ts';

/** Microsoft's own clients of App Service and API Management, of the API versions that the stand-in has. */
export const armClient: Part = {
  name: 'azure-arm',
  version: '19.0.0-10.0.0',
  from: 'npm',
  lacks: () => lacksPrograms('npm'),
  install: (folder) => npmInstall(folder, ['@azure/arm-appservice@19.0.0', '@azure/arm-apimanagement@10.0.0']),
};

type Json = Record<string, unknown>;
/** Of group and name. */
type Named<T> = (group: string, name: string, ...more: unknown[]) => Promise<T>;

/** What of the package the suite uses. */
export interface WebSiteClient {
  appServicePlans: { createOrUpdate: Named<Json>; get: Named<Json>; delete: Named<void> };
  webApps: {
    createOrUpdate: Named<Json>;
    get: Named<Json>;
    delete: Named<void>;
    updateApplicationSettings: Named<Json>;
    listApplicationSettings: Named<Json>;
    listHostKeys: Named<Json>;
    syncFunctions: Named<void>;
    listByResourceGroup(group: string): AsyncIterable<Json>;
    listFunctions(group: string, name: string): AsyncIterable<Json>;
  };
}

export interface ApimClient {
  api: { beginCreateOrUpdateAndWait: Named<Json>; beginDeleteAndWait: Named<Json>; get: Named<Json> };
  apiPolicy: { createOrUpdate: Named<Json> };
  apiRelease: { createOrUpdate: Named<Json> };
  apiRevision: { listByService(group: string, name: string, api: string): AsyncIterable<Json> };
  namedValue: { beginCreateOrUpdateAndWait: Named<Json> };
}

interface PipelineRequest {
  method: string;
  url: string;
  headers: Iterable<[string, string]>;
  body?: string;
}

const home = 'https://management.azure.com';

/** Clients, which send tokens over https alone: their requests are carried to the stand-in, and its answers back. */
export function openClients(azure: Azure): { web: WebSiteClient; apim: ApimClient } {
  const require = createRequire(join(folderOf(armClient), 'package.json'));
  const { WebSiteManagementClient } = require('@azure/arm-appservice');
  const { ApiManagementClient } = require('@azure/arm-apimanagement');
  const { createHttpHeaders } = require('@azure/core-rest-pipeline');
  const here = azure.urlOf('ARM');
  const sendRequest = async (request: PipelineRequest) => {
    const { method, url, headers, body } = request;
    const own = Object.fromEntries(headers);
    delete own['content-length'];
    const sent = body === undefined || body === null ? {} : { body };
    const answer = await fetch(url.replace(home, here), { method, headers: own, ...sent });
    const replaced = [...answer.headers].map(([name, value]) => [name, value.replaceAll(here, home)]);
    const bodyAsText = (await answer.text()).replaceAll(here, home);
    return { request, status: answer.status, headers: createHttpHeaders(Object.fromEntries(replaced)), bodyAsText };
  };
  const credential = {
    getToken: async (scopes: string | string[]) => {
      const audience = [scopes].flat()[0]?.replace(/\/?\.default$/, '') ?? '';
      const { token, until } = azure.context.tokens.give(azure.pipeline, audience);
      return { token, expiresOnTimestamp: until };
    },
  };
  const open = <T>(Client: new (...given: unknown[]) => T): T =>
    new Client(credential, azure.subscription, { httpClient: { sendRequest } });
  return { web: open<WebSiteClient>(WebSiteManagementClient), apim: open<ApimClient>(ApiManagementClient) };
}
