export const pageStyle = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --main: #2563eb; }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 2rem 1rem; max-width: 64rem; }
h1 { font-size: 1.6rem; margin: 0; } h1 span { font-weight: 400; opacity: .7; }
h2 { font-size: 1rem; margin: 1.5rem 0 .4rem; }
p { margin: .2rem 0; } .quiet { opacity: .7; font-size: .85rem; overflow-wrap: anywhere; }
main { display: grid; gap: 0 2rem; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); }
@media (max-width: 48rem) { main { grid-template-columns: minmax(0, 1fr); } }
textarea, pre { width: 100%; font: 13px/1.45 ui-monospace, monospace; border: 1px solid var(--line); border-radius: 6px;
  padding: .7rem; background: var(--soft); color: inherit; margin: 0; }
textarea { height: 14rem; resize: vertical; } pre { min-height: 5rem; max-height: 24rem; overflow: auto; white-space: pre-wrap; }
button { font: inherit; padding: .45rem 1.4rem; margin: .7rem 0; border: 0; border-radius: 6px; background: var(--main);
  color: #fff; cursor: pointer; } button:disabled { opacity: .5; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
td { border-top: 1px solid var(--line); padding: .25rem .6rem .25rem 0; overflow-wrap: anywhere; }
#timings td:last-child { text-align: right; font-variant-numeric: tabular-nums; }
`;
