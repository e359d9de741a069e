/**
 * Parts of Node's own modules. Importing such a module reads all that it exports, and some of that is made only then:
 * node:http its WebSocket, which brings undici in (30 ms), node:util and node:buffer some 2 ms each. A start pays that.
 */
export const { parseArgs } = process.getBuiltinModule('node:util');
export const { isUtf8 } = process.getBuiltinModule('node:buffer');
