import { sleeplessClock } from '../clock.ts';
import type { Variables } from '../settings.ts';
import { openFileReader } from './file.ts';
import type { Reader } from './reader.ts';
import type { StoreSource } from './source.ts';

/** The store's own reader, with the copy of it that MODEL_READ_URL names. Throws SettingsError as `openOwnReader`. */
export async function openReader(source: StoreSource, variables: Variables): Promise<Reader> {
  const reader = await openOwnReader(source, variables);
  if (source.readUrl === undefined) return reader;
  const { openReadCopy } = await import('./read-copy.ts');
  return { ...reader, copy: openReadCopy(source.readUrl, { now: sleeplessClock(), random: Math.random }) };
}

/**
 * The one place that names the readers; each is one file and one line here. A cold start reads the code of the one that
 * it uses. `variables` are those that platforms give credentials by. Throws SettingsError where they contradict `source`.
 */
async function openOwnReader(source: StoreSource, variables: Variables): Promise<Reader> {
  switch (source.store) {
    case 'file':
      return openFileReader(source.root);
    case 's3':
      return (await import('./s3.ts')).openS3Reader(source, variables);
    case 'gcs':
      return (await import('./gcs.ts')).openGcsReader(source, variables);
    case 'azure':
      return (await import('./azure.ts')).openAzureReader(source, variables);
    case 'https':
      return (await import('./https.ts')).openHttpsReader(source.url ?? '', source.root);
  }
}
