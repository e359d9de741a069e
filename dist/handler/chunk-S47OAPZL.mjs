import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{b as t,d as o,e as i,g as p}from"./chunk-FRA32UKQ.mjs";async function c(r){let{variables:s,write:n}=r;try{let e=o(s);return{app:t({...r,settings:e,reader:await i(e.source)}),settings:e}}catch(e){throw n(p(e)),e}}export{c as a};
