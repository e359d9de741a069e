import type { ArmOperation } from '../arm.ts';
import { checkFlexSiteConfig, checkSettings } from './limits.ts';
import { isFlex, type SiteConfig } from './record.ts';
import { runFromPackage } from './run-from-package.ts';
import { configView } from './views.ts';
import type { Web } from './web.ts';

/** Settings of apps and slots: every write replaces them all, and is an update of the app. */
export function configOperations(web: Web): Record<string, ArmOperation> {
  const view = (labels: Record<string, string>, name: string, properties: object) => {
    const id = `${web.siteId(web.siteOf(labels))}/config/${name}`;
    return { status: 200, body: { id, name, type: 'Microsoft.Web/sites/config', location: 'West Europe', properties } };
  };
  const listSettings: ArmOperation = {
    answer: ({ labels }) => view(labels, 'appsettings', Object.fromEntries(web.siteOf(labels).settings)),
  };
  const putSettings: ArmOperation = {
    answer: async ({ labels, body }) => {
      const site = web.changing(labels);
      const settings = new Map(Object.entries((body['properties'] ?? {}) as Record<string, string>));
      checkSettings(site.plan, settings);
      site.settings = settings;
      site.keysLag = web.context.knobs.keysLag;
      await runFromPackage(web, site);
      web.update(site);
      return view(labels, 'appsettings', Object.fromEntries(settings));
    },
  };
  /** All instances end; a package that is run from its blob is read again. */
  const restart: ArmOperation = {
    answer: async ({ labels }) => {
      const site = web.changing(labels);
      await runFromPackage(web, site);
      web.update(site);
      return { status: 200 };
    },
  };
  const getConfig: ArmOperation = {
    answer: ({ labels }) => ({ status: 200, body: configView(web, web.siteOf(labels)) }),
  };
  const putConfig: ArmOperation = {
    answer: ({ labels, body }) => {
      const site = web.changing(labels);
      const siteConfig = (body['properties'] ?? {}) as SiteConfig;
      if (isFlex(site.plan)) checkFlexSiteConfig(web, { siteConfig });
      site.properties = { ...site.properties, siteConfig: { ...site.properties.siteConfig, ...siteConfig } };
      web.update(site);
      return { status: 200, body: configView(web, site) };
    },
  };
  const policy = (kind: 'ftp' | 'scm', isPut: boolean): ArmOperation => ({
    answer: ({ labels, body }) => {
      const site = isPut ? web.changing(labels) : web.siteOf(labels);
      if (isPut) site.basicAuth[kind] = (body['properties'] as { allow?: boolean } | undefined)?.allow ?? true;
      const id = `${web.siteId(site)}/basicPublishingCredentialsPolicies/${kind}`;
      const type = 'Microsoft.Web/sites/basicPublishingCredentialsPolicies';
      return { status: 200, body: { id, name: kind, type, properties: { allow: site.basicAuth[kind] } } };
    },
  });
  return {
    ...{ webApps_listApplicationSettings: listSettings, webApps_listApplicationSettingsSlot: listSettings },
    ...{ webApps_updateApplicationSettings: putSettings, webApps_updateApplicationSettingsSlot: putSettings },
    ...{ webApps_restart: restart, webApps_restartSlot: restart },
    ...{ webApps_getConfiguration: getConfig, webApps_getConfigurationSlot: getConfig },
    ...{ webApps_updateConfiguration: putConfig, webApps_updateConfigurationSlot: putConfig },
    ...{ webApps_getFtpAllowed: policy('ftp', false), webApps_getFtpAllowedSlot: policy('ftp', false) },
    ...{ webApps_getScmAllowed: policy('scm', false), webApps_getScmAllowedSlot: policy('scm', false) },
    ...{ webApps_updateFtpAllowed: policy('ftp', true), webApps_updateFtpAllowedSlot: policy('ftp', true) },
    ...{ webApps_updateScmAllowed: policy('scm', true), webApps_updateScmAllowedSlot: policy('scm', true) },
    webApps_listSlotConfigurationNames: {
      answer: ({ labels }) => view(labels, 'slotConfigNames', { appSettingNames: web.siteOf(labels).stickySettings }),
    },
    webApps_updateSlotConfigurationNames: {
      answer: ({ labels, body }) => {
        const site = web.changing(labels);
        const { appSettingNames = [] } = (body['properties'] ?? {}) as { appSettingNames?: string[] };
        site.stickySettings = appSettingNames;
        return view(labels, 'slotConfigNames', { appSettingNames });
      },
    },
  };
}
