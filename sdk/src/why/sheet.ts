/**
 * The overlay's style sheet: the dashboard's bronze on warm paper, or on dark.
 *
 * Adopted as a constructed sheet, which a strict CSP allows. Left out: places that are computed (`place.ts`, `rings.ts`). Invariant:
 * logical properties only, every text at 4.5:1 or more on what lies behind it, and no part of it depends on the page's styles.
 */
export const SHEET = `
.all{--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;--paper:#fffefb;--warm:#f5f1e8;--line:#e4dfd3;--ink:#1c1a16;--mut:#625c51;--bronze:#8a541b;--on:#fff;--link:#80490f;--ok:#0f6b4f;--bad:#af1f2c;--red:#ecd8d0;color-scheme:light}
@media(prefers-color-scheme:dark){.all{--paper:#191815;--warm:#24221d;--line:#39362f;--ink:#eeece6;--mut:#aba598;--bronze:#cf9350;--on:#1a1004;--link:#e0ac70;--ok:#63cda0;--bad:#ff939a;--red:#3e2e29;color-scheme:dark}}
*{box-sizing:border-box;margin:0;unicode-bidi:plaintext}
[hidden]{display:none!important}
.all{font:14px/1.45 "Helvetica Neue","Segoe UI",Roboto,"Nimbus Sans",Arial,sans-serif;overflow-wrap:anywhere}
.ring{position:fixed;border:2px solid var(--bronze)}
.tab{position:absolute;inset-inline-start:8px;max-width:calc(100% - 16px);padding:3px 9px 4px;border-radius:7px;background:var(--bronze);color:var(--on);font-size:12px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
[data-tab=above]{bottom:100%}
[data-tab=below]{top:100%}
.panel{position:fixed;display:flex;flex-direction:column;overflow:hidden;border:1px solid var(--line);border-radius:14px;background:var(--paper);color:var(--ink);box-shadow:0 9px 56px #11141540;text-align:left;pointer-events:auto}
.panel[dir=rtl]{text-align:right}
[data-at=below]{border-radius:14px 14px 0 0;padding-bottom:env(safe-area-inset-bottom,0px)}
[data-at=above]{border-radius:0 0 14px 14px;padding-top:env(safe-area-inset-top,0px)}
svg{display:block;flex:none;width:20px;height:20px;fill:none;stroke:currentColor;stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round}
button{border:0;padding:0;border-radius:8px;background:none;color:inherit;font:inherit;cursor:pointer}
header,.tabs,.context,.acts,footer{display:flex;flex:none}
.tabs,.row,tr{border-bottom:1px solid var(--line)}
h2,.name,.empty b{font-size:15px}
.context,.kind,table,footer{font-size:13px}
th,td{padding:5px 0;padding-inline-end:8px;vertical-align:top;text-align:inherit;font-weight:400}
h2,b,.name,.more tbody th,.act,.tab{font-weight:600}
.context,.kind,.text,.empty,footer,thead,.skipped,.facts th,header button,[role=tab]{color:var(--mut)}
.context b,.empty b,button:hover{color:var(--ink)}
.bell,.wait,.act,[aria-pressed=true]{color:var(--link)}
.shown,.check{color:var(--ok)}
.not,td .x{color:var(--bad)}
:focus-visible{outline:2px solid var(--bronze);outline-offset:-2px}
header{align-items:center;padding-inline:16px 6px;min-height:48px;user-select:none}
h2{flex:1;margin-inline-start:9px}
header button{display:grid;place-items:center;width:44px;height:44px;margin-inline-start:-2px}
.tabs{padding-inline:12px;overflow-x:auto}
[role=tab]{flex:none;padding:2px 10px 0;min-height:38px;border-radius:0;border-bottom:2px solid #0000}
[aria-selected=true]{border-color:var(--bronze);color:var(--ink);font-weight:600}
.context{flex-wrap:wrap;gap:0 14px;padding:6px 16px 7px;background:var(--warm)}
.context b{max-width:100%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
code{font:.93em/1 var(--mono)}
[role=tabpanel]{flex:1;overflow:auto;overscroll-behavior:contain}
.row[open],summary:hover{background:var(--warm)}
summary{display:grid;grid-template-columns:20px 1fr auto;gap:0 12px;padding:6px 16px 9px;list-style:none;cursor:pointer}
summary::-webkit-details-marker{display:none}
.sign{grid-row:1/3;padding-top:3px}
.kind{padding-top:1px}
.text{grid-column:2/4}
.more{padding:0 16px 6px}
table{width:100%;border-collapse:collapse;table-layout:fixed}
tbody tr:last-child{border:0}
thead th{padding-top:0}
.more tr>:first-child{width:26px;padding-inline:3px 0}
.more tr>:nth-child(2){width:118px}
td svg{width:16px;height:16px;margin-top:2px}
.failed{background:var(--red)}
.more .skipped th{font-weight:400}
.acts{flex-wrap:wrap;gap:0 16px}
.act{padding:8px 0;text-decoration:underline 1px;text-underline-offset:3px}
.empty{padding:28px 16px}
.facts{margin:4px 16px;width:calc(100% - 32px)}
.facts th{width:172px}
.facts thead th{width:76px;padding-top:5px}
.facts thead th+th{width:136px}
.facts thead th+th+th{width:auto}
.facts td+td{font:.93em/1.5 var(--mono)}
footer{justify-content:space-between;gap:12px;padding:7px 16px 8px;border-top:1px solid var(--line)}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
@media(max-width:559px){header{min-height:56px;touch-action:none}.more tr>:nth-child(2){width:86px}.facts th{width:128px}.esc{display:none}}
@media(max-width:559px),(pointer:coarse){[role=tab]{min-height:44px}.act{padding:12px 0}}
`;
