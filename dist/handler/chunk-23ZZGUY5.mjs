import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{c as o,e as p,g as s}from"./chunk-WHJU6IGF.mjs";import{j as i}from"./chunk-WTO7IK2H.mjs";async function c(r){let{variables:t,write:n}=r;try{let e=i(t);return{app:o({...r,settings:e,reader:await p(e.source,t)}),settings:e}}catch(e){throw n(s(e)),e}}export{c as a};
