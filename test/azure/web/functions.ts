import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ArmOperation } from '../arm.ts';
import { notFound, webRefused } from '../arm-error.ts';
import { HostError } from '../edge/instance.ts';
import type { FunctionInfo } from '../edge/worker-protocol.ts';
import type { Site } from './record.ts';
import type { Web } from './web.ts';

/** What asks the host of an app: its functions, its keys, its status. */
export function functionOperations(web: Web): Record<string, ArmOperation> {
  const list: ArmOperation = {
    answer: async ({ labels }) => {
      const site = web.siteOf(labels);
      const value = (await listed(web, site)).map((one) => view(web, site, one));
      return { status: 200, body: { value, nextLink: null, id: null } };
    },
  };
  const get: ArmOperation = {
    answer: async ({ labels, path }) => {
      const site = web.siteOf(labels);
      const found = (await listed(web, site)).find(({ name }) => name === labels['functionName']);
      if (!found) throw notFound(path);
      return { status: 200, body: view(web, site, found) };
    },
  };
  const sync: ArmOperation = {
    answer: async ({ labels }) => {
      const site = web.siteOf(labels);
      site.functionsLag = 0;
      await listed(web, site);
      return { status: 204 };
    },
  };
  const status: ArmOperation = {
    answer: async ({ labels }) => {
      const site = web.siteOf(labels);
      const error = await site.generation?.index().then(
        () => undefined,
        (thrown: Error) => thrown.message,
      );
      return { status: 200, body: web.statusOf(site, error) };
    },
  };
  return {
    ...{ webApps_listFunctions: list, webApps_listInstanceFunctionsSlot: list },
    ...{ webApps_getFunction: get, webApps_getInstanceFunctionSlot: get },
    ...{ webApps_syncFunctions: sync, webApps_syncFunctionsSlot: sync },
    ...{ webApps_syncFunctionTriggers: sync, webApps_syncFunctionTriggersSlot: sync },
    ...{ hostruntime_status: status, hostruntime_statusSlot: status },
    ...keyOperations(web),
  };
}

/** The functions that the platform knows of: those of the package, once it has asked a host that could start. */
async function listed(web: Web, site: Site): Promise<FunctionInfo[]> {
  if (!site.content || !site.generation) return [];
  if (site.functionsLag > 0) {
    site.functionsLag--;
    return site.listed;
  }
  if (!existsSync(join(site.content.folder, 'host.json'))) return [];
  try {
    site.listed = await site.generation.index();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    web.log.push({ site: site.key, stream: 'stderr', line: error.message });
  }
  return site.listed;
}

function view(web: Web, site: Site, { name, bindings }: FunctionInfo): object {
  const own = Object.entries(bindings).map(([key, binding]) => ({ name: key, direction: 'in', ...binding }));
  const properties = {
    ...{ name, function_app_id: null, script_root_path_href: null, script_href: null, config_href: null, files: null },
    ...{ config: { name, entryPoint: '', language: 'node', functionDirectory: '', bindings: own }, language: 'node' },
    ...{ isDisabled: false, href: `${site.servers.app.url}/admin/functions/${name}` },
    invoke_url_template: `${site.servers.app.url}/${Object.values(bindings)[0]?.route ?? name}`,
  };
  return {
    ...{ id: `${web.siteId(site)}/functions/${name}`, name: `${site.key.replace('/slots/', '/')}/${name}` },
    ...{ type: 'Microsoft.Web/sites/functions', location: 'West Europe', properties },
  };
}

function keyOperations(web: Web): Record<string, ArmOperation> {
  const hostKeys: ArmOperation = {
    answer: async ({ labels }) => {
      const site = await awake(web, labels);
      const { masterKey, functionKeys, systemKeys } = web.keys.of(site);
      return { status: 200, body: { masterKey, functionKeys, systemKeys } };
    },
  };
  const functionKeys: ArmOperation = {
    answer: async ({ labels, path }) => {
      const site = await awake(web, labels);
      const { functionName = '' } = labels;
      if (!site.generation?.functions?.some(({ name }) => name === functionName)) throw notFound(path);
      return { status: 200, body: web.keys.ofFunction(site, functionName) };
    },
  };
  return {
    ...{ webApps_listHostKeys: hostKeys, webApps_listHostKeysSlot: hostKeys },
    ...{ webApps_listFunctionKeys: functionKeys, webApps_listFunctionKeysSlot: functionKeys },
    webApps_createOrUpdateHostSecret: {
      answer: async ({ labels, body, path }) => {
        const site = await awake(web, labels);
        const { keyType = '', keyName = '' } = labels;
        const { value: given } = (body['properties'] ?? {}) as { value?: string };
        const { value, isNew } = web.keys.put(site, keyType, keyName, given);
        const type = 'Microsoft.Web/sites/host/functionKeys';
        return {
          status: isNew ? 201 : 200,
          body: { id: path, name: keyName, type, properties: { name: keyName, value } },
        };
      },
    },
    webApps_deleteHostSecret: {
      answer: async ({ labels }) => {
        const site = await awake(web, labels);
        const was = web.keys.remove(site, labels['keyType'] ?? '', labels['keyName'] ?? '');
        return { status: was ? 204 : 404 };
      },
    },
  };
}

/** An app whose host runs: keys are the host's. Throws ArmError. */
async function awake(web: Web, labels: Record<string, string>): Promise<Site> {
  const site = web.siteOf(labels);
  const isStarting = site.keysLag > 0 && site.keysLag-- > 0;
  const isUp = await site.generation?.index().then(
    () => true,
    (error: unknown) => !(error instanceof HostError),
  );
  if (isUp && !isStarting) return site;
  throw webRefused(400, 'BadRequest', 'Encountered an error (InternalServerError) from host runtime.');
}
