import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{d as a,e as b}from"./chunk-5MJYUHRP.mjs";import"./chunk-33SJSCJ7.mjs";import"./chunk-HSQ5OAIR.mjs";import"./chunk-PA2CCKTB.mjs";import"./chunk-MAB2FPCH.mjs";import"./chunk-BBZAB4RF.mjs";import"./chunk-KFHON3HL.mjs";import"./chunk-2JE3233P.mjs";export{b as S3Objects,a as openS3Reader};
