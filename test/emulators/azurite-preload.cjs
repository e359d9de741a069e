'use strict';
/**
 * Before Azurite's own main file, which is this process's script. Every ten minutes it looks for bytes that no blob
 * needs any more and forgets them one by one, each with a search through all, without answering anything meanwhile:
 * after 18 s in which 16 writers wrote over small blobs, no answer came for more than six minutes. The fault suite
 * writes as much. A test run ends before it needs that memory.
 */
const { createRequire } = require('node:module');

const constants = createRequire(process.argv[1])('./utils/constants.js');
if (constants.DEFAULT_GC_INTERVAL_MS !== 10 * 60 * 1000) {
  throw new Error('Azurite no longer has the interval that is changed here: see azurite-preload.cjs.');
}
constants.DEFAULT_GC_INTERVAL_MS = 24 * 60 * 60 * 1000;
