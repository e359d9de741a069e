import { clouds, storeOfScheme } from '../../clouds.ts';
import { cloudUsd, regionUsd } from '../numbers.ts';
import { type Facts, no, on, type Rule, unknown, yes } from '../rule.ts';
import { usdText } from '../words.ts';

/** Cloud Storage's locations of more than one region: https://cloud.google.com/storage/docs/locations */
const wide: Readonly<Record<string, RegExp>> = {
  eu: /^europe-/,
  us: /^us-/,
  asia: /^asia-/,
  eur4: /^europe-(?:north1|west4)$/,
  nam4: /^us-(?:central1|east1)$/,
  asia1: /^asia-northeast[12]$/,
};

/** Whether a bucket there is as near as can be; names are compared as the cloud compares them. */
const isNear = (store: string, region: string): boolean => store === region || wide[store]?.test(region) === true;

/** What reading across costs: money a start, and round trips for pointer, manifest and parts. */
function costText({ bytes }: Facts, usdOfGb: number): string {
  const size = bytes ?? 100e6;
  const what = bytes === undefined ? 'for each 100 MB of a model' : 'for this model';
  return `${usdText((size / 1e9) * usdOfGb).replace(/^(?=\d)/, 'about ')} a cold start ${what}, and 50 to 150 ms for each of its reads`;
}

const regionOf = ({ target }: Facts): { field: string; region: string } | undefined => {
  if (target.provider === 'local') return undefined;
  return target.provider === 'azure-functions'
    ? { field: 'location', region: target.location }
    : { field: 'region', region: target.region };
};

/** How the owner of the store finds out where it is. */
function askStore({ environment }: Facts): string {
  const [, bucket = ''] = /^[a-z0-9]+:\/\/([^/]+)/.exec(environment.store.url) ?? [];
  if (environment.store.url.startsWith('s3:')) return `aws s3api get-bucket-location --bucket ${bucket}`;
  if (environment.store.url.startsWith('gs:'))
    return `gcloud storage buckets describe gs://${bucket} --format="value(location)"`;
  return `az storage account show --name ${bucket} --query primaryLocation`;
}

export const regions: Rule = {
  id: 'regions',
  asks: 'store and function are in one region',
  warns: true,
  looksUp: true,
  judge(facts) {
    const { environment, target, targetPath, located } = facts;
    const { url, region: given, endpoint } = environment.store;
    const at = regionOf(facts);
    const store = storeOfScheme(url.split(':', 1)[0] ?? '');
    if (!at || !store || endpoint !== undefined) return undefined;
    const isCached = environment.store.readUrl !== undefined;
    if (clouds[store].target !== target.provider) {
      if (isCached) return yes('The store is in another cloud than the function, which reads versions by read-url.');
      const why = `${url} is in another cloud than the function: ${costText(facts, cloudUsd)}.`;
      return no(why, { run: askStore(facts) });
    }
    const known = located && 'region' in located ? located.region.toLowerCase() : given;
    if (known === undefined) {
      const reason = located && 'why' in located ? ` (${located.why})` : '';
      return unknown(`The function is in ${at.region}; where ${url} is, is not known${reason}.`, {
        run: askStore(facts),
      });
    }
    if (isNear(known, at.region)) return yes(`The store is in ${known}, the function in ${at.region}.`);
    if (isCached) return yes(`The store is in ${known}, the function in ${at.region} reads versions by read-url.`);
    const why = `The store is in ${known}, the function in ${at.region}: ${costText(facts, regionUsd)}.`;
    return wide[known] ? no(why, { run: askStore(facts) }) : no(why, { set: [[`${targetPath}.${at.field}`, known]] });
  },
};

/** What a CDN takes for a GB, USD; reads of a bucket in the function's region are free. */
const cdnUsd = 0.085;

export const readUrl: Rule = {
  id: 'read-url',
  asks: 'functions read through a CDN where that pays: from another region or cloud',
  warns: false,
  looksUp: true,
  judge(facts) {
    const { environment, located } = facts;
    const at = regionOf(facts);
    const { readUrl: url, region } = environment.store;
    if (!at || url === undefined) return undefined;
    const known = located && 'region' in located ? located.region.toLowerCase() : region;
    if (known === undefined) return unknown('It is not known where the store is.', { run: askStore(facts) });
    if (!isNear(known, at.region)) return yes(`The function in ${at.region} is far from the store in ${known}.`);
    const why = `Store and function are in ${known}, where reads are free; by read-url they cost ${costText(facts, cdnUsd).split(',')[0]}.`;
    return no(why, { set: [[`environments.${environment.name}.store.read-url`, '']] });
  },
};

export const gatewayRegion: Rule = {
  id: 'gateway-region',
  asks: 'gateway and function are in one region, and the gateway has what models.yaml names',
  warns: false,
  looksUp: true,
  judge({ target, around, environment, entry }) {
    if (target.provider === 'aws-lambda' && /-api$/.test(target.endpoint)) {
      const missing = around?.gateway?.missing ?? [];
      const run = `coldgate ship --environment ${environment.name} --model ${entry.name}`;
      if (missing.length > 0) return no(`API Gateway in ${target.region} has not got ${missing.join(', ')}.`, { run });
      return yes(
        around?.gateway ? `The API is in ${target.region}, too.` : `The API is made in ${target.region}, too.`,
      );
    }
    if (target.provider === 'google-cloud-run' && target.gateway)
      return yes(`The gateway is made in ${target.region}, too.`);
    if (target.provider !== 'azure-functions' || !target.gateway) return undefined;
    const { service, resourceGroup = target.resourceGroup } = target.gateway;
    const seen = around?.gateway?.region;
    if (seen === target.location) return yes(`API Management ${service} is in ${seen}, too.`);
    if (seen !== undefined) {
      const why = `API Management ${service} is in ${seen}, the function in ${target.location}: every call goes there and back.`;
      const query = `[?location=='${target.location}'].name`;
      return no(why, { run: `az apim list --query "${query}" --output tsv, and name one there in gateway.service` });
    }
    const run = `az apim show --name ${service} --resource-group ${resourceGroup} --query location`;
    return unknown(`The function is in ${target.location}; API Management should be there, too.`, { run });
  },
};

export const vpc: Rule = {
  id: 'vpc',
  asks: 'the function is outside of a VPC where nothing in it is needed',
  warns: false,
  looksUp: false,
  judge: on('aws-lambda', ({ target, targetPath }) => {
    if (!target.vpc) return yes('Outside of a VPC: it reaches the store by itself.');
    if (target.efs) return yes('Inside a VPC, for its file system.');
    const why =
      'Inside a VPC the store is reached by a NAT gateway (about 0.045 USD an hour and a GB) or an end point.';
    return no(why, { set: [[`${targetPath}.vpc`, '']] });
  }),
};
