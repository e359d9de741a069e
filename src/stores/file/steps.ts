/**
 * Points of a write, in order, at which a process can be killed or stopped; the driver names each as it has passed it,
 * and the crash tests end the process there. docs/stores.md lists what each leaves behind.
 */
export const putSteps = [
  'temporary-opened',
  'temporary-written',
  'temporary-synced',
  'note-prepared',
  'locked',
  'compared',
  'note-published',
  'object-published',
  'folder-synced',
  'unlocked',
] as const;

export const removeSteps = [
  'locked',
  'compared',
  'object-removed',
  'note-removed',
  'folder-synced',
  'unlocked',
] as const;

export type FileStep = (typeof putSteps)[number] | (typeof removeSteps)[number];
