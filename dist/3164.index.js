const J=3164,z=[3164],D={2722:((A,v,m)=>{m.d(v,{B2:()=>y,Be:()=>x,FU:()=>h,Qj:()=>F,c9:()=>w,pV:()=>N});function h(o,t){const s=[...new Set(t.flatMap(i=>Object.keys(i.outputs)))],r=t.length===1?t[0]:void 0,l=r?{...r.outputs}:Object.fromEntries(s.map(i=>[i,JSON.stringify(Object.fromEntries(t.map(O=>[O.model,O.outputs[i]??""])))])),p=t.map(i=>({model:i.model,...i.document}));return l.results=JSON.stringify(p),{outputs:l,document:{...r?.document??{},results:p},lines:t.flatMap(i=>i.lines),summary:[`## Coldgate ${o}`,...t.map(i=>`### ${i.model}

${i.summary}`)].join(`

`),failure:t.find(i=>i.failure)?.failure}}function w(o,t){return{model:o,outputs:Object.assign({},...t.map(s=>s.outputs)),document:Object.assign({},...t.map(s=>s.document)),lines:t.flatMap(s=>s.lines),summary:t.map(s=>s.summary).reverse().join(`

`),failure:t.find(s=>s.failure)?.failure}}async function y(o,t,s){const r=[];for(const l of t){const p=await s(l);if(r.push(p),p.failure)break}return h(o,r)}async function x(o,t,s){const r=[];for(const l of t)r.push(await s(l));return h(o,r)}function F(o,t){const s=l=>l.replaceAll("|","\\|").replaceAll(`
`," "),r=l=>`| ${l.map(s).join(" | ")} |`;return[r(o),`|${o.map(()=>"---").join("|")}|`,...t.map(r)].join(`
`)}function N(o){return o<1e3?`${o} B`:o<1e6?`${(o/1e3).toFixed(1)} kB`:o<1e9?`${(o/1e6).toFixed(1)} MB`:`${(o/1e9).toFixed(2)} GB`}}),3164:((A,v,m)=>{m.r(v),m.d(v,{run:()=>b});var h=m(27695),w=m(19473),y=m(6456);const x={aws:"AWS",google:"Google Cloud",azure:"Azure"},F=({content:n})=>typeof n=="string"?n.replace(/\n$/,""):JSON.stringify(n,null,2);function N(n){const e=F(n),u=e.includes("${")?"END_OF_FILE":"'END_OF_FILE'";return`cat > ${n.file} <<${u}
${e}
END_OF_FILE`}function o({role:n,cloud:e,name:u,purpose:a,files:c,setup:d=[],commands:g,notes:f}){return[`# --- ${x[e]}, ${n}: ${u} `.padEnd(80,"-"),`# ${a}`,...f.map(j=>`# Note: ${j}`),"",...d,...c.map(N),...c.length>0?[""]:[],...g].join(`
`)}function t(n,e,u){return`${[[`# Permissions of the environment ${n}, written by coldgate iam. Read them before you run this.`,`# The pipeline may run: ${e.join(", ")}.`,"# Running it again after a change of models.yaml adds what is new; on AWS it takes away what is gone, too."].join(`
`),...u.map(o)].join(`

`)}
`}var s=m(58175),r=m(98358),l=m(34531),p=m(2722);const i=["pipeline","preview","function"];function O({role:n,repository:e,account:u}){const a=[];for(const c of n.filter(d=>!i.includes(d))){const d=(0,s.p)(c,i),g=`expected one of ${i.join(", ")}, got ${JSON.stringify(c)}.`;a.push({path:"--role",message:g,hint:d&&`Did you mean ${d}?`})}if(e!==void 0&&!/^[A-Za-z0-9-]{1,39}\/[\w.-]{1,100}$/.test(e)&&a.push({path:"--repository",message:"expected owner/name, such as acme/models."}),u!==void 0&&!/^\d{12}$/.test(u)&&a.push({path:"--account",message:"expected the twelve digits of an AWS account."}),a.length>0)throw new w.dz(a);return n.length===0?["pipeline","function"]:i.filter(c=>n.includes(c))}const B=({files:n,...e})=>({...e,documents:n});function M(n,e,u){const a=e.map(B),c=e.map(({cloud:f,role:$,name:j,files:E})=>[f,$,j,E.map(k=>k.file).join(", ")]),d=e.length>0?`${n.name} needs ${e.length} ${e.length===1?"identity":"identities"}: ${e.map(({name:f})=>f).join(", ")}.`:`${n.name} is on this machine: no permissions are needed.`,g=e.flatMap(f=>f.notes.map($=>`  ${f.name}: ${$}`));return{outputs:{results:JSON.stringify(a)},document:{environment:n.name,results:a},summary:`## Coldgate iam

${d}

${(0,p.Qj)(["cloud","role","name","files"],c)}`,verbatim:!0,lines:[d,...g],text:e.length>0?u:void 0}}async function b(n,e){const u=O(n),a=await(0,l.X)(n.config,e,{checkFiles:!1}),c=(0,h.a)(a,n.environment),d=(0,h.H)(a,n.model??[]),g=n.repository??(await e.source()).repository,f=(0,r.Z)(a,c,d,{repository:g,account:n.account}),$=(0,y.Bu)(f,u,n.verbs),j=u.find(E=>E!=="function")??"pipeline";return M(c,$,t(c.name,(0,y.kN)(j,n.verbs),$))}})};export{J as id,z as ids,D as modules};
