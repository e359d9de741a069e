import { ColdgateError, exitCodes } from '../../errors.ts';
import type { LambdaContext } from './context.ts';
import { isMissing } from './refusal.ts';
import { type PatchOperation, restSettings, type WantedRestApi } from './rest-api-wanted.ts';
import { askRest, goneRest, listRest, type RestApi } from './rest-calls.ts';
import type { FunctionState } from './state.ts';

/** Tag on the API with the domain and the path that lead to it. */
export const domainTag = 'coldgate:domain';
/** Tag on a domain that Coldgate has made; one without it is used as it is. */
const madeTag = 'coldgate:made';

interface DomainName {
  domainName: string;
  regionalCertificateArn?: string;
  regionalDomainName?: string;
  mutualTlsAuthentication?: { truststoreUri?: string; truststoreVersion?: string; truststoreWarnings?: string[] };
  tags?: Record<string, string>;
}

interface Mapping {
  /** `(none)` at the top. */
  basePath: string;
  restApiId: string;
  stage: string;
}

type Wanted = NonNullable<WantedRestApi['domain']>;

const pathOf = (name: string): string => `/domainnames/${encodeURIComponent(name)}`;

async function find(context: LambdaContext, name: string): Promise<DomainName | undefined> {
  try {
    return await askRest<DomainName>(context, 'GET', pathOf(name));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * The domain with its certificate, whom it trusts, and the path that leads to the API; another domain or path of before
 * ends. Throws ColdgateError `foreign-domain` where it is one of others and not as wanted, and `trust-store-unusable`.
 * @returns the tag's value, which the caller sets
 */
export async function ensureDomain(
  context: LambdaContext,
  { restApi }: FunctionState,
  id: string,
  { domain, stage, tags }: WantedRestApi,
): Promise<string> {
  const value = domain ? `${domain.name} ${domain.path}` : 'none';
  const before = restApi?.tags?.[domainTag];
  if (domain) {
    const known = await find(context, domain.name);
    const there = known ? await changeDomain(context, known, domain) : await createDomain(context, domain, tags);
    checkTrust(there, domain);
    await ensureMapping(context, domain, id, stage);
    const to = there.regionalDomainName;
    if (before !== value && to) context.log.info(`Point ${domain.name} to ${to} (CNAME, or an alias of Route 53).`);
  }
  if (before !== undefined && before !== value) await leaveDomain(context, id, before);
  return value;
}

async function createDomain(
  context: LambdaContext,
  { name, certificate, trustStore, trustStoreVersion, ownershipCertificate }: Wanted,
  tags: Record<string, string>,
): Promise<DomainName> {
  context.log.info(`Creating the domain ${name} at API Gateway.`);
  const made = askRest<DomainName>(context, 'POST', '/domainnames', {
    domainName: name,
    regionalCertificateArn: certificate,
    endpointConfiguration: { types: ['REGIONAL'] },
    securityPolicy: 'TLS_1_2',
    ...(trustStore !== undefined && {
      mutualTlsAuthentication: {
        truststoreUri: trustStore,
        ...(trustStoreVersion !== undefined && { truststoreVersion: trustStoreVersion }),
      },
    }),
    ...(ownershipCertificate !== undefined && { ownershipVerificationCertificateArn: ownershipCertificate }),
    tags: { ...tags, [madeTag]: 'yes' },
  });
  return made.catch(async (error: unknown) => {
    // The answer to the call before may have been lost.
    const there = await find(context, name);
    if (there?.tags?.[madeTag] === 'yes') return there;
    throw error;
  });
}

/** https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html#UpdateDomainName-Patch */
async function changeDomain(context: LambdaContext, known: DomainName, wanted: Wanted): Promise<DomainName> {
  const trust = known.mutualTlsAuthentication;
  const differing: [string, string | undefined, string | undefined][] = [
    ['/regionalCertificateArn', known.regionalCertificateArn, wanted.certificate],
    // Emptied, it asks for no certificates.
    ['/mutualTlsAuthentication/truststoreUri', trust?.truststoreUri ?? '', wanted.trustStore ?? ''],
    [
      '/mutualTlsAuthentication/truststoreVersion',
      trust?.truststoreVersion,
      wanted.trustStoreVersion ?? trust?.truststoreVersion,
    ],
  ];
  const patchOperations = differing
    .filter(([, now, then]) => now !== then)
    .map(([path, , value = '']): PatchOperation => ({ op: 'replace', path, value }));
  if (patchOperations.length === 0) return known;
  if (known.tags?.[madeTag] !== 'yes') throw foreign(wanted.name, patchOperations);
  return askRest<DomainName>(context, 'PATCH', pathOf(wanted.name), { patchOperations });
}

const foreign = (name: string, changes: readonly PatchOperation[]): ColdgateError =>
  new ColdgateError(
    'foreign-domain',
    exitCodes.usage,
    `The domain ${name} at API Gateway was not made by Coldgate and differs in ${changes.map(({ path }) => path).join(', ')}, so it is left alone.`,
    {
      hint: `Have target.rest-api.domain say what it is, or tag the domain ${madeTag}=yes to have Coldgate manage it.`,
    },
  );

/** API Gateway takes a trust store with certificates that it cannot use, and only warns. */
function checkTrust({ mutualTlsAuthentication: trust }: DomainName, { name, trustStore }: Wanted): void {
  const warnings = trust?.truststoreWarnings ?? [];
  if (trustStore === undefined || warnings.length === 0) return;
  throw new ColdgateError(
    'trust-store-unusable',
    exitCodes.usage,
    `API Gateway warns of the trust store ${trustStore} of ${name}: ${warnings.join(' ')}`,
    { hint: 'Repair the PEM file, put it there again, and name its new version with trust-store-version.' },
  );
}

async function ensureMapping(context: LambdaContext, domain: Wanted, restApiId: string, stage: string): Promise<void> {
  const place = `${pathOf(domain.name)}/basepathmappings`;
  const there = (await listRest<Mapping>(context, place)).find(({ basePath }) => basePath === domain.path);
  if (there?.restApiId === restApiId && there.stage === stage) return;
  if (!there) {
    await askRest(context, 'POST', place, { basePath: domain.path, restApiId, stage });
    return;
  }
  const patchOperations: PatchOperation[] = [
    { op: 'replace', path: '/restapiId', value: restApiId },
    { op: 'replace', path: '/stage', value: stage },
  ];
  await askRest(context, 'PATCH', `${place}/${domain.path}`, { patchOperations });
}

/** Leaves the domain that the API was made for, and that of the settings, which a killed run may have come to. */
export async function leaveDomains(context: LambdaContext, { id = '', tags }: RestApi, name: string): Promise<void> {
  const { domain } = restSettings(context.settings);
  const wanted = domain ? `${domain.name} ${domain.path ?? name}` : 'none';
  for (const place of new Set([tags?.[domainTag] ?? 'none', wanted])) await leaveDomain(context, id, place);
}

/** Ends what leads from a domain to the API, and the domain with its last path if Coldgate has made it. */
async function leaveDomain(context: LambdaContext, id: string, marked: string): Promise<void> {
  const [name = '', path = ''] = marked.split(' ');
  const known = marked === 'none' ? undefined : await find(context, name);
  if (!known) return;
  const place = `${pathOf(name)}/basepathmappings`;
  const all = await listRest<Mapping>(context, place);
  const ours = all.find((one) => one.basePath === path && one.restApiId === id);
  if (ours) await goneRest(context, `${place}/${path}`);
  if (known.tags?.[madeTag] === 'yes' && all.every((one) => one === ours)) await goneRest(context, pathOf(name));
}
