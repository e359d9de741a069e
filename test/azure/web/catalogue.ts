import type { ArmOperation } from '../arm.ts';
import type { Web } from './web.ts';

/** What a region has. Everybody may read it. */
export function catalogueOperations(web: Web): Record<string, ArmOperation> {
  return {
    provider_getFunctionAppStacksForLocation: {
      needs: () => [],
      answer: () => ({
        status: 200,
        body: { value: [nodeStack(web.context.knobs.nodeVersions)], nextLink: null, id: null },
      }),
    },
    geoRegions_list: {
      answer: () => {
        const names = ['West Europe', 'North Europe', 'East US 2'];
        const value = names.map((name) => ({ name, properties: { name, orgDomain: 'FUNCTIONS;FCZONEREDUNDANCY' } }));
        return { status: 200, body: { value, nextLink: null } };
      },
    },
  };
}

function nodeStack(versions: readonly string[]): object {
  const majorVersions = versions.map((version) => {
    const sizes = [512, 2048, 4096].map((size) => ({ size, isDefault: size === 2048 }));
    const sku = {
      ...{
        skuCode: 'FC1',
        instanceMemoryMB: sizes,
        maximumInstanceCount: { defaultValue: 100, highestMaximumInstanceCount: 1000, lowestMaximumInstanceCount: 40 },
      },
      functionAppConfigProperties: { runtime: { name: 'node', version } },
    };
    const linuxRuntimeSettings = {
      ...{ runtimeVersion: `Node|${version}`, isHidden: false, isDeprecated: false, isPreview: false, Sku: [sku] },
      supportedFunctionsExtensionVersions: ['~4'],
      // What azure-cli reads of it besides.
      gitHubActionSettings: { isSupported: true, supportedVersion: `${version}.x` },
      appInsightsSettings: { isSupported: true },
      appSettingsDictionary: { FUNCTIONS_WORKER_RUNTIME: 'node' },
    };
    const minor = {
      displayText: `Node.js ${version} LTS`,
      value: `${version} LTS`,
      stackSettings: { linuxRuntimeSettings },
    };
    return { displayText: `Node.js ${version}`, value: version, minorVersions: [minor] };
  });
  return {
    ...{ id: null, name: 'node', type: 'Microsoft.Web/locations/functionAppStacks' },
    properties: { displayText: 'Node.js', value: 'node', preferredOs: 'windows', majorVersions },
  };
}
