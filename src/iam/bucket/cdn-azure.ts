import { type Advice, cdnName, type Premises, quoted, readHost, readPath, versionAreasOf } from './advice.ts';

/** Of Microsoft.Cdn, with the authentication of origins. */
const apiVersion = '2025-04-15';

/** Blob Storage takes tokens from this version of its API on only. */
const blobVersion = '2021-12-02';

/** Makes what is not there: made again, a group of origins would lose its authentication for a moment. */
const made = (noun: string, of: string, ...rest: string[]): string => {
  const names = rest.join(' ').match(/--(?:endpoint|origin-group|origin|rule-set|rule|route)-name \S+/g) ?? [];
  const shown = ['az afd', noun, 'show', of, ...names].join(' ');
  return `${shown} > /dev/null 2>&1 || ${['az afd', noun, 'create', of, ...rest].join(' ')}`;
};

/** The profile, and the account as its origin, which it asks as its own identity. */
function originOf({ account }: Premises, name: string, of: string): string[] {
  const host = `${account}.blob.core.windows.net`;
  return [
    made('profile', of, '--sku Standard_AzureFrontDoor --identity-type SystemAssigned'),
    made('endpoint', of, `--endpoint-name ${name} --enabled-state Enabled`),
    made(
      'origin-group',
      of,
      '--origin-group-name store --sample-size 4 --successful-samples-required 3 --additional-latency-in-milliseconds 50',
    ),
    `az rest --method patch --url "$(az afd profile show ${of} --query id --output tsv)/originGroups/store?api-version=${apiVersion}" --body @coldgate-origin-authentication.json`,
    made(
      'origin',
      of,
      '--origin-group-name store --origin-name account --enabled-state Enabled --https-port 443',
      `--host-name ${host} --origin-host-header ${host} --priority 1 --weight 1000`,
    ),
  ];
}

/** Which paths pass: those of versions. What read-url has of the prefix comes with the request, the rest is the origin's. */
function routeOf(premises: Premises, name: string, of: string): string[] {
  const { bucket, root } = premises;
  const path = readPath(premises);
  const prefix = `/${root}`.replace(/\/$/, '');
  const before = prefix.endsWith(path) ? prefix.slice(0, prefix.length - path.length) : prefix;
  const patterns = versionAreasOf(premises).map((area) => quoted(`${path}/${area.slice(root.length)}*`));
  return [
    made('rule-set', of, '--rule-set-name coldgate'),
    made(
      'rule',
      of,
      '--rule-set-name coldgate --rule-name version --order 1 --action-name ModifyRequestHeader',
      `--header-action Overwrite --header-name x-ms-version --header-value ${blobVersion}`,
    ),
    made(
      'route',
      of,
      `--endpoint-name ${name} --route-name versions --origin-group store --origin-path ${quoted(`/${bucket}${before}`)}`,
      `--patterns-to-match ${patterns.join(' ')} --rule-sets coldgate --supported-protocols Https --https-redirect Disabled`,
      '--forwarding-protocol HttpsOnly --link-to-default-domain Enabled',
      '--enable-caching true --query-string-caching-behavior IgnoreQueryString --enable-compression false',
    ),
  ];
}

/**
 * Front Door in front of the container, which stays private.
 * https://learn.microsoft.com/azure/frontdoor/origin-authentication-with-managed-identities
 */
export function cdnForAzure(premises: Premises): Advice[] {
  const name = cdnName(premises);
  const of = `--profile-name ${name} --resource-group "$GROUP"`;
  const authentication = { type: 'SystemAssignedIdentity', scope: 'https://storage.azure.com/.default' };
  const identity = `$(az afd profile show ${of} --query identity.principalId --output tsv)`;
  const scope = `$(az storage account show --name "$ACCOUNT" --query id --output tsv)/blobServices/default/containers/${premises.bucket}`;
  return [
    {
      name: 'cdn',
      why: `Front Door reads the versions of the container by its identity and caches them; the account stays private. Front Door has no signed URLs: whoever knows a path below ${readHost(premises)} reads that file, so leave it out, or put a rule of a firewall before it, where models are secret. It has a price by the month, and authentication of origins is a preview.`,
      files: [{ file: 'coldgate-origin-authentication.json', content: { properties: { authentication } } }],
      commands: [
        ...originOf(premises, name, of),
        ...routeOf(premises, name, of),
        `az role assignment create --role 'Storage Blob Data Reader' --assignee-principal-type ServicePrincipal --assignee-object-id "${identity}" --scope "${scope}"`,
        `echo "read-url: https://$(az afd endpoint show ${of} --endpoint-name ${name} --query hostName --output tsv)"`,
      ],
      optional: false,
    },
  ];
}
