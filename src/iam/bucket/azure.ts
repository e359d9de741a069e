import { type Advice, areasOf, type Premises, quoted, resultAreasOf, resultWords, versionAreasOf } from './advice.ts';

/**
 * Rules of https://learn.microsoft.com/azure/storage/blobs/lifecycle-management-policy-structure. But for results of
 * queues no current blob is deleted or archived: age does not show what a pointer names. A rule takes up to 10 prefixes.
 */
function lifecycleOf(premises: Premises): object {
  const { bucket, coldAfter, keep } = premises;
  const rules = (name: string, prefixes: string[], actions: object) =>
    Array.from({ length: Math.ceil(prefixes.length / 10) }, (_, at) => ({
      enabled: true,
      name: `coldgate-${name}-${at + 1}`,
      type: 'Lifecycle',
      definition: {
        filters: {
          blobTypes: ['blockBlob'],
          prefixMatch: prefixes.slice(at * 10, at * 10 + 10).map((prefix) => `${bucket}/${prefix}`),
        },
        actions,
      },
    }));
  return {
    rules: [
      ...rules('versions', versionAreasOf(premises), {
        baseBlob: { tierToCool: { daysAfterModificationGreaterThan: coldAfter } },
      }),
      ...rules('replaced', areasOf(premises), { version: { delete: { daysAfterCreationGreaterThan: keep } } }),
      ...[...resultAreasOf(premises)].flatMap(([days, prefixes]) =>
        rules(`results-${days}`, prefixes, { baseBlob: { delete: { daysAfterModificationGreaterThan: days } } }),
      ),
    ],
  };
}

const ofAccount = '--account-name "$ACCOUNT" --resource-group "$GROUP"';

/** One change of the blob service. */
const update = (...flags: string[]): string =>
  `az storage account blob-service-properties update ${ofAccount} ${flags.join(' ')}`;

function accessOf({ account }: Premises): Advice {
  const flags = '--allow-blob-public-access false --allow-shared-key-access false --https-only true';
  return {
    name: 'private-access',
    why: 'Reads and writes need a role: nothing can be made public, nothing is sent unencrypted. Account keys would bypass every role, so they are disabled; give anything else that uses them a role first.',
    files: [],
    commands: [
      `ACCOUNT=${quoted(account)}`,
      'GROUP=$(az storage account show --name "$ACCOUNT" --query resourceGroup --output tsv)',
      `az storage account update --name "$ACCOUNT" --resource-group "$GROUP" ${flags} --min-tls-version TLS1_2`,
    ],
    optional: false,
  };
}

/** Commands of the Azure CLI that set up a storage account. */
export function adviceForAzure(premises: Premises): Advice[] {
  const { bucket, coldAfter, keep } = premises;
  const plain = { files: [], optional: false };
  const ofBlobs = `--enable-delete-retention true --delete-retention-days ${keep}`;
  const ofContainers = `--enable-container-delete-retention true --container-delete-retention-days ${keep}`;
  return [
    accessOf(premises),
    {
      ...plain,
      name: 'versioning',
      why: `What is deleted or replaced, by prune, by hand or by a flip of the pointer, can be had back for ${keep} days.`,
      commands: [update('--enable-versioning true')],
    },
    {
      ...plain,
      name: 'lifecycle',
      why: `Versions in ${bucket} older than ${coldAfter} days go to the cool tier, which is read at once, never to archive; what was replaced goes after ${keep} days.${resultWords(premises)} It replaces the policy that the account has (management-policy show): add its rules to the file.`,
      files: [{ file: 'coldgate-lifecycle.json', content: lifecycleOf(premises) }],
      commands: [`az storage account management-policy create ${ofAccount} --policy @coldgate-lifecycle.json`],
    },
    {
      ...plain,
      name: 'retention',
      why: `A deleted blob or container can be had back for ${keep} days. Not an immutability policy of the container: that would refuse the flip of a pointer.`,
      commands: [update(ofBlobs, ofContainers)],
    },
    {
      ...plain,
      name: 'conditional-writes',
      why: 'Azure has no policy that requires a precondition. The conditions of the roles of coldgate iam limit who may write which blobs; versioning keeps what any other identity replaces.',
      commands: [],
    },
  ];
}
