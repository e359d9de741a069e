import { type Advice, type Premises, quoted } from './advice.ts';
import { adviceForAzure } from './azure.ts';
import { cdnForAzure } from './cdn-azure.ts';
import { cdnForGoogle } from './cdn-google.ts';
import { adviceForGoogle } from './google.ts';
import { adviceForS3 } from './s3.ts';

/** A folder has neither versions nor policies: file permissions are all that can be set. */
function adviceForFolder({ bucket, queues }: Premises): Advice[] {
  return [
    {
      name: 'private-access',
      why: "The folder is its owner's and its group's alone. Keep it on a disk with POSIX locks, and in your backups.",
      files: [],
      commands: [`mkdir -p ${quoted(bucket)}`, `chmod -R o-rwx ${quoted(bucket)}`],
      optional: false,
    },
    ...queues.map(({ prefix, days }) => ({
      name: 'results',
      why: `Results of a queue are not asked for after ${days} days. Run this once a day.`,
      files: [],
      commands: [`find ${quoted(`${bucket}/${prefix}`)} -type f -mtime +${days} -delete`],
      optional: false,
    })),
  ];
}

/** What the owner of the store should set up, in an order that works. Makes no request. */
export function adviceFor(premises: Premises): Advice[] {
  switch (premises.store) {
    case 's3':
      return adviceForS3(premises);
    case 'gcs':
      return [...adviceForGoogle(premises), ...(premises.readUrl === undefined ? [] : cdnForGoogle(premises))];
    case 'azure':
      return [...adviceForAzure(premises), ...(premises.readUrl === undefined ? [] : cdnForAzure(premises))];
    default:
      return adviceForFolder(premises);
  }
}
