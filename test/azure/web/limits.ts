import { refused, webRefused } from '../arm-error.ts';
import type { FunctionAppConfig, Plan, Site, SiteProperties, Tags } from './record.ts';
import { isFlex } from './record.ts';
import type { Web } from './web.ts';

const bad = (message: string, extended?: string) => webRefused(400, 'BadRequest', message, extended);

/** What App Service takes of names: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules */
export function checkSiteName(name: string): void {
  if (/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,58}[A-Za-z0-9])$/.test(name)) return;
  throw bad(`The parameter name has an invalid value: ${name}.`, '51019');
}

export function checkPlanName(name: string): void {
  if (/^[\w-]{1,60}$/.test(name)) return;
  throw bad(`The parameter name has an invalid value: ${name}.`, '51019');
}

export function checkTags(tags: Tags | undefined): void {
  const entries = Object.entries(tags ?? {});
  if (entries.length > 50) throw refused(400, 'TooManyTags', 'The number of tags cannot exceed 50.');
  for (const [name, value] of entries) {
    if (/[<>%&\\?/]/.test(name) || name.length > 512) {
      throw refused(400, 'InvalidTagNameCharacters', `The tag name '${name}' is invalid.`);
    }
    if (value.length > 256) throw refused(400, 'InvalidTagValueLength', `The tag value of '${name}' is too long.`);
  }
}

/** What Flex Consumption takes of siteConfig; newer stamps refuse the rest, also as null. */
const takenSiteConfig = ['minTlsVersion', 'scmMinTlsVersion', 'cors', 'appSettings'];

export function checkFlexSiteConfig(web: Web, { siteConfig = {} }: SiteProperties): void {
  const refusedNames = Object.keys(siteConfig).filter((name) => !takenSiteConfig.includes(name));
  const [first] = refusedNames;
  if (first === undefined || web.context.knobs.lenientSiteConfig) return;
  const name = `${first[0]?.toUpperCase()}${first.slice(1)}`;
  throw bad(
    `The following site configuration property (${name}) for Flex Consumption sites is invalid. Please remove or rename it before retrying.`,
    '51021',
  );
}

/** Settings that Flex Consumption has its own place for, or that break its host. */
const refusedSettings =
  /^(?:FUNCTIONS_WORKER_RUNTIME(?:_VERSION)?|WEBSITE_RUN_FROM_PACKAGE|WEBSITE_CONTENT\w*|SCM_DO_BUILD_DURING_DEPLOYMENT|ENABLE_ORYX_BUILD|WEBSITE_NODE_DEFAULT_VERSION|WEBSITE_TIME_ZONE)$/i;

/** Throws ArmError for settings that the plan of an app does not take. */
export function checkSettings(plan: Plan, settings: ReadonlyMap<string, string>): void {
  const odd = [...settings.keys()].find((name) => !/^\w+$/.test(name));
  if (odd !== undefined) throw bad(`AppSetting with name(s) '${odd}' is not allowed.`, '04072');
  if (!isFlex(plan)) return;
  const first = [...settings.keys()].find((name) => refusedSettings.test(name));
  if (first === undefined) return;
  throw bad(
    `The following app setting (Site.SiteConfig.AppSettings.${first}) for Flex Consumption sites is invalid. Please remove or rename it before retrying.`,
    '51021',
  );
}

export function checkFunctionAppConfig(
  web: Web,
  site: Pick<Site, 'plan' | 'identity'>,
  config: FunctionAppConfig | undefined,
) {
  if (!isFlex(site.plan)) {
    if (config) throw bad('FunctionAppConfig is not supported for this plan.', '51021');
    return;
  }
  const { deployment, runtime, scaleAndConcurrency: scale } = config ?? {};
  if (!deployment?.storage?.value || !runtime?.name || !runtime.version || !scale) {
    throw bad('FunctionAppConfig.Deployment, Runtime and ScaleAndConcurrency are required.', '51021');
  }
  checkAuthentication(site, deployment.storage.authentication ?? {});
  const { instanceMemoryMB = 2048, maximumInstanceCount = 100, triggers, alwaysReady = [] } = scale;
  if (![512, 2048, 4096].includes(instanceMemoryMB))
    throw bad(`InstanceMemoryMB ${instanceMemoryMB} is not one of 512, 2048, 4096.`);
  const { leastMaximum } = web.context.knobs;
  if (maximumInstanceCount < leastMaximum || maximumInstanceCount > 1000) {
    throw bad(`MaximumInstanceCount ${maximumInstanceCount} is not in the range of ${leastMaximum} to 1000.`);
  }
  const { perInstanceConcurrency = 1 } = triggers?.http ?? {};
  if (perInstanceConcurrency < 1 || perInstanceConcurrency > 1000)
    throw bad('PerInstanceConcurrency is not in the range of 1 to 1000.');
  for (const { name = '', instanceCount = 0 } of alwaysReady) {
    if (!/^(?:http|blob|durable|function:.+)$/i.test(name)) throw bad(`AlwaysReady name ${name} is not valid.`);
    if (instanceCount < 0 || instanceCount > maximumInstanceCount)
      throw bad('AlwaysReady counts more than the maximum.');
  }
}

function checkAuthentication(
  { identity }: Pick<Site, 'identity'>,
  { type = '', userAssignedIdentityResourceId = '' }: { type?: string; userAssignedIdentityResourceId?: string },
): void {
  const assigned = Object.keys(identity.userAssignedIdentities ?? {}).map((id) => id.toLowerCase());
  const hasSystem = /SystemAssigned/.test(identity.type ?? '');
  const fitsIdentity =
    type === 'SystemAssignedIdentity' ? hasSystem : assigned.includes(userAssignedIdentityResourceId.toLowerCase());
  if (!fitsIdentity)
    throw bad(`The identity of FunctionAppConfig.Deployment.Storage.Authentication (${type}) is none of the app.`);
}

/** Cores of the plan in a region; each 2048 MB is one. */
export function checkCores(web: Web, name: string, location: string, config: FunctionAppConfig | undefined): void {
  const coresOf = ({ scaleAndConcurrency = {} }: FunctionAppConfig): number => {
    const { alwaysReady = [], instanceMemoryMB = 2048 } = scaleAndConcurrency;
    return alwaysReady.reduce((sum, { instanceCount = 0 }) => sum + instanceCount, 0) * (instanceMemoryMB / 2048);
  };
  const others = [...web.sites.values()].filter(
    (one) => isFlex(one.plan) && one.location === location && one.name !== name,
  );
  const used = others.reduce((sum, { properties }) => sum + coresOf(properties.functionAppConfig ?? {}), 0);
  const { cores } = web.context.knobs;
  if (used + coresOf(config ?? {}) <= cores) return;
  throw refused(
    400,
    'SubscriptionIsOverQuotaForSku',
    `This region has quota of ${cores} cores (${cores * 2048} MB) for Flex Consumption for your subscription. Try selecting different region or SKU.`,
  );
}
