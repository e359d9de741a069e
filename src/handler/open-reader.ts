import type { Reader } from './reader.ts';
import { openFileReader } from './readers/file.ts';
import { SettingsError, type StoreSource } from './settings.ts';

/** The one place that names the readers; each cloud's is one file and one line here. */
export async function openReader(source: StoreSource): Promise<Reader> {
  switch (source.store) {
    case 'file':
      return openFileReader(source.root);
    default:
      throw new SettingsError([
        `MODEL_STORE is "${source.store}", which this build of the handler cannot read. It reads: file.`,
      ]);
  }
}
