import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{b as r}from"./chunk-2JE3233P.mjs";var i=r(e=>{"use strict";Object.defineProperty(e,"__esModule",{value:!0});e.version=void 0;e.version="1.30.0"});export{i as a};
