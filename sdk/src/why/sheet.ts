/**
 * The overlay's style sheet: the dashboard's bronze on warm paper, or on dark.
 *
 * Adopted as a constructed sheet, which a strict CSP allows. Left out: places that are computed (`place.ts`, `rings.ts`). Invariant:
 * logical properties only, every text at 4.5:1 or more on what lies behind it, and no part of it depends on the page's styles.
 */
export const SHEET = `
.all{--paper:#fffefb;--warm:#f5f1e8;--line:#e4dfd3;--ink:#1c1a16;--mut:#625c51;--bronze:#8a541b;--on:#fff;--link:#80490f;--ok:#0f6b4f;--bad:#af1f2c;--red:#ecd8d0;--hover:#faf7f0;color-scheme:light}
@media(prefers-color-scheme:dark){.all{--paper:#191815;--warm:#24221d;--line:#39362f;--ink:#eeece6;--mut:#aba598;--bronze:#cf9350;--on:#1a1004;--link:#e0ac70;--ok:#63cda0;--bad:#ff939a;--red:#3e2e29;--hover:#1f1d19;color-scheme:dark}}
*{box-sizing:border-box;margin:0}
[hidden]{display:none!important}
.ring{position:fixed;border:2px solid var(--bronze);pointer-events:none}
.tab{position:absolute;inset-inline-start:8px;max-width:calc(100% - 16px);padding:3px 9px 4px;border-radius:7px 7px 0 0;background:var(--bronze);color:var(--on);font:600 12px/1.4 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;unicode-bidi:plaintext}
.tab[data-at=above]{bottom:100%}
.tab[data-at=below]{top:100%;border-radius:0 0 7px 7px}
.tab[data-at=inside]{top:0;border-radius:0 0 7px 7px}
.panel{position:fixed;display:flex;flex-direction:column;overflow:hidden;inset-block:12px;width:min(476px,calc(100vw - 24px));border:1px solid var(--line);border-radius:14px;background:var(--paper);color:var(--ink);box-shadow:0 4px 12px #11141514,0 20px 56px #11141540;font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif;text-align:left;pointer-events:auto;outline:0;overflow-wrap:anywhere}
.panel[dir=rtl]{text-align:right}
[data-at=end]{inset-inline-end:12px}
[data-at=start]{inset-inline-start:12px}
[data-at=below],[data-at=above]{inset-inline:12px;width:auto}
[data-at=below]{top:auto}
[data-at=above]{bottom:auto}
[data-at=sheet],[data-at=top]{inset-inline:0;width:auto;border-width:0}
[data-at=sheet]{inset-block:auto 0;border-radius:14px 14px 0 0;padding-bottom:env(safe-area-inset-bottom,0px)}
[data-at=top]{inset-block:0 auto;border-radius:0 0 14px 14px;padding-top:env(safe-area-inset-top,0px)}
svg{display:block;flex:none;width:20px;height:20px;fill:none;stroke:currentColor;stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round}
.bell,.wait{color:var(--link)}
.shown,.check{color:var(--ok)}
.not,.x{color:var(--bad)}
header{display:flex;align-items:center;flex:none;padding-inline:16px 6px;min-height:48px;user-select:none}
h2{flex:1;margin-inline-start:9px;font-size:15px;font-weight:600}
button{border:0;border-radius:8px;background:none;color:inherit;font:inherit;cursor:pointer}
header button{display:grid;place-items:center;width:44px;height:44px;margin-inline-start:-2px;color:var(--mut)}
header .x{color:inherit}
header button:hover{color:var(--ink)}
button[aria-pressed=true]{color:var(--link)}
:focus-visible{outline:2px solid var(--bronze);outline-offset:-2px}
.tabs{display:flex;flex:none;padding-inline:12px;border-bottom:1px solid var(--line);overflow-x:auto;scrollbar-width:none}
[role=tab]{position:relative;flex:none;padding:0 10px;min-height:38px;border-radius:8px 8px 0 0;color:var(--mut)}
[role=tab]:hover{color:var(--ink)}
[role=tab][aria-selected=true]{color:var(--ink);font-weight:600}
[aria-selected=true]::after{content:"";position:absolute;inset:auto 0 0;height:2px;background:var(--bronze)}
.context{display:flex;flex:none;flex-wrap:wrap;gap:0 14px;padding:6px 16px 7px;background:var(--warm);color:var(--mut);font-size:13px}
.context b{max-width:100%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;color:var(--ink);font-weight:600;unicode-bidi:plaintext}
.context :empty{display:none}
code{font:.93em/1.4 ui-monospace,SFMono-Regular,"Cascadia Mono",Menlo,Consolas,"Liberation Mono",monospace}
[role=tabpanel]{flex:1;overflow:auto;overscroll-behavior:contain;min-height:0}
.row{border-bottom:1px solid var(--line)}
.row[open]{background:var(--warm)}
summary{display:grid;grid-template-columns:20px 1fr auto;gap:0 12px;padding:6px 16px 9px;list-style:none;cursor:pointer}
summary::-webkit-details-marker{display:none}
summary:hover{background:var(--hover)}
[open]>summary:hover{background:none}
.sign{grid-row:1/3;padding-top:3px}
.name{font-size:15px;font-weight:600;unicode-bidi:plaintext}
.kind{padding-top:1px;color:var(--mut);font-size:13px}
.text{grid-column:2/4;color:var(--mut);unicode-bidi:plaintext}
b{font-weight:600}
.more{padding:0 16px 6px}
table{width:100%;border-collapse:collapse;table-layout:fixed;font-size:13px}
th,td{padding:5px 8px 5px 0;vertical-align:top;text-align:inherit;font-weight:400;unicode-bidi:plaintext}
[dir=rtl] :is(th,td){padding-inline:0 8px}
tr{border-bottom:1px solid var(--line)}
tbody tr:last-child{border-bottom:0}
thead th{color:var(--mut);padding-top:0}
.more tr>:first-child{width:26px;padding-inline:3px 0}
.more tr>:nth-child(2){width:118px}
tbody th{font-weight:600}
td svg{width:16px;height:16px;margin-top:2px}
.failed td,.failed th{background:var(--red)}
.skipped,.skipped th{color:var(--mut);font-weight:400}
.acts{display:flex;flex-wrap:wrap;gap:0 16px}
.act{display:inline-block;padding:8px 0;border-radius:4px;color:var(--link);font-weight:600;text-decoration:underline;text-decoration-thickness:1px;text-underline-offset:3px;cursor:pointer}
.act:hover{color:var(--ink)}
.empty{padding:28px 16px;color:var(--mut)}
.empty b{color:var(--ink);font-size:15px}
.facts{margin:4px 16px;width:calc(100% - 32px)}
.facts th{width:172px;color:var(--mut)}
.facts tbody th{font-weight:400}
.calls th:first-child,.calls td:first-child{width:72px;color:var(--mut)}
.calls tr>:nth-child(2){width:136px}
footer{display:flex;flex:none;justify-content:space-between;gap:12px;padding:7px 16px 8px;border-top:1px solid var(--line);color:var(--mut);font-size:13px}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media(max-width:559px){header{min-height:56px;touch-action:none;cursor:grab}.more tr>:nth-child(2){width:86px}.facts th{width:128px}.calls tr>:nth-child(2){width:104px}.esc{display:none}}
@media(max-width:559px),(pointer:coarse){[role=tab]{min-height:44px}.act{padding:12px 0}}
@media(prefers-reduced-motion:no-preference){.panel{animation:in .16s cubic-bezier(.2,0,0,1)}@keyframes in{from{opacity:0}}}
@media(forced-colors:active){.panel{border:1px solid}.failed{outline:1px solid}[aria-selected=true]::after{background:Highlight}}
`;
