import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{a}from"./chunk-KFHON3HL.mjs";var t=class extends a{constructor(r,i){super("store-unavailable",`${r} in ${i} was replaced while it was being read.`),this.name="ReplacedError"}};async function o(e){try{return await e()}catch(r){if(!(r instanceof t))throw r;return e()}}export{t as a,o as b};
