/**
 * The style sheet of the prompts, in light and dark, from 320 pixels on.
 *
 * Adopted as a constructed sheet, which a strict CSP allows. Left out: the documented dialog at the top (`push/dialog.ts`), colours
 * that the owner sets (inline, by variables). Invariant: logical properties where sides matter, every target 44 pixels or more.
 */
import { VARIABLES } from '../push/paint.ts';

const edge = (side: string) => `env(safe-area-inset-${side},0px)`;

export const SHEET = `
:host{all:initial;position:fixed!important;inset:0!important;display:block!important;z-index:2147483647!important;pointer-events:none!important}
${VARIABLES}
*{box-sizing:border-box;margin:0;padding:0}
[hidden]{display:none!important}
.veil{position:absolute;inset:0;background:var(--veil);pointer-events:auto}
.stage{position:absolute;inset:0;display:grid;grid-template:minmax(0,1fr)/minmax(0,1fr);place-items:center;padding:calc(16px + ${edge('top')}) calc(16px + ${edge('right')}) calc(16px + ${edge('bottom')}) calc(16px + ${edge('left')})}
[data-at^=top]{align-items:start}
[data-at^=bottom]{align-items:end}
[data-at$=left]{justify-items:start}
[data-at$=right]{justify-items:end}
.card{position:relative;width:100%;max-width:460px;max-height:100%;overflow:auto;overscroll-behavior:contain;border:1px solid var(--line);border-radius:20px;background:var(--bg);color:var(--ink);font:16px/1.5 "Helvetica Neue","Segoe UI",Roboto,"Nimbus Sans",Arial,sans-serif;overflow-wrap:anywhere;box-shadow:0 18px 50px #0b0e1440,0 2px 6px #0b0e1426;pointer-events:auto}
.body{position:relative;padding:24px 28px 28px}
h2{font-size:24px;font-weight:700;line-height:1.18;letter-spacing:-.02em;text-wrap:balance;outline:0}
:host(:dir(rtl)) h2{letter-spacing:0}
p,.what,.often{color:var(--mut)}
p{margin-top:10px}
p:empty{display:none}
b{font-weight:600}
svg{display:block;width:24px;height:24px;fill:none;stroke:currentColor;stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round}
.row{display:flex;flex-wrap:wrap;justify-content:flex-end;gap:10px;margin-top:22px}
.wide>*{flex:1}
button{min-height:48px;padding:8px 20px;border:1px solid var(--mut);border-radius:12px;background:none;color:var(--ink);font:inherit;font-weight:600;line-height:1.2;cursor:pointer}
.yes{border-color:transparent;background:var(--acc);color:var(--on)}
button:hover{filter:brightness(.92)}
[aria-disabled=true]{opacity:.6;cursor:default}
button:focus-visible,input:focus-visible{outline:2px solid var(--acc);outline-offset:2px}
.x{position:absolute;top:8px;inset-inline-end:8px;display:grid;place-items:center;width:44px;min-height:44px;padding:0;border:0}
.x svg{width:22px;height:22px}
.tile{display:grid;place-items:center;flex:none;width:56px;height:56px;border-radius:14px;background:var(--soft);color:var(--acc);overflow:hidden}
img{width:100%;height:100%;object-fit:cover}
.words{flex:1;min-width:0}
.words b,.what{display:block}
.what,.often{font-size:14px;line-height:1.4}
.center>.tile{margin:28px 28px 0}
.center>.tile+.body{padding-top:18px}
.head{height:142px;padding:28px 28px 0;background:var(--soft);overflow:hidden}
.sample{display:flex;gap:12px;align-items:center;margin-bottom:12px;padding:10px 14px;border:1px solid var(--line);border-radius:14px;background:var(--bg);box-shadow:0 2px 6px #0b0e1426;line-height:1.35}
.sample .tile{width:40px;height:40px;border-radius:10px}
.sample b{font-size:15px}
.sample .often{align-self:start}
.card.card.card>.tile{width:64px;height:64px}
.card>.words h2{font-size:19px}
.card>.words p{margin-top:4px;font-size:15px;line-height:1.4}
#pnCard.card:not(.topics){display:grid;grid-template-columns:64px 1fr;gap:0 16px;max-width:376px;padding:20px}
#pnCard:not(.topics) .row{grid-column:1/3;margin-top:16px}
#pnCard:not(.topics) .yes{flex:1}
.topics,.panel{max-width:520px;padding:28px 32px 32px}
.topics h2,.panel h2{padding-inline-end:36px}
.panel.panel{max-width:380px;padding:22px 24px 24px}
.panel h2{font-size:19px}
.panel p{margin-top:4px;font-size:15px}
div.topics[role=group]{max-width:none;margin-top:16px;padding:0;border-bottom:1px solid var(--line)}
.topic{display:flex;align-items:center;gap:14px;min-height:56px;padding:10px 0;border-top:1px solid var(--line);line-height:1.35;cursor:pointer}
.topic .often{flex:none;max-width:40%;text-align:end}
input{appearance:none;display:grid;place-items:center;flex:none;width:24px;height:24px;border:2px solid var(--mut);border-radius:7px;cursor:pointer}
input:checked{border-color:var(--acc);background:var(--acc)}
input:checked:before{content:"";width:6px;height:11px;margin-top:-3px;border:solid var(--on);border-width:0 2px 2px 0;rotate:45deg}
.why,.said{font-size:14px}
.help{max-width:560px}
.help .head{height:196px;padding:28px 32px 0}
.help h2{font-size:22px;padding-inline-end:36px}
.help .body{padding:24px 32px 32px}
ol{margin-top:14px;padding-inline-start:24px}
li{margin-top:6px}
.help .row{align-items:center;justify-content:space-between}
.shown{flex:1;min-width:140px;margin:0;font-size:14px;line-height:1.4}
.bar,.menu,.line{display:flex;align-items:center}
.bar,.menu{border:1px solid var(--line);background:var(--bg)}
.bar{gap:10px;height:44px;padding:4px;border-radius:22px;white-space:nowrap;overflow:hidden}
.sign{display:grid;place-items:center;flex:none;width:34px;height:34px;border-radius:50%;background:var(--acc);color:var(--on)}
.sign svg,.line svg{width:18px;height:18px}
.menu{display:block;width:min(300px,100%);margin:8px 0 0 6px;padding:4px 14px;border-radius:14px;box-shadow:0 8px 24px #0b0e1426}
.line{gap:12px;height:44px}
.line+.line{border-top:1px solid var(--line)}
.line b{flex:1}
.blank{flex:1;height:10px;max-width:110px;margin-inline:30px auto;border-radius:5px;background:var(--line)}
.switch{flex:none;width:36px;height:22px;padding:3px;border-radius:11px;background:var(--acc)}
.switch:before{content:"";display:block;width:16px;height:16px;margin-inline-start:auto;border-radius:50%;background:var(--on)}
.switch.off{background:var(--mut)}
.switch.off:before{margin-inline-start:0;background:var(--bg)}
:host(#bell_wrapper){z-index:2147483644!important;inset:auto!important;width:56px!important;height:56px!important;pointer-events:auto!important;font:15px/1.4 "Helvetica Neue","Segoe UI",Roboto,"Nimbus Sans",Arial,sans-serif}
:host(#bell_wrapper[data-at^=bottom]){bottom:calc(20px + var(--up,0px) + ${edge('bottom')})!important}
:host(#bell_wrapper[data-at^=top]){top:calc(20px + var(--up,0px) + ${edge('top')})!important}
:host(#bell_wrapper[data-at$=right]){inset-inline-end:calc(20px + ${edge('right')})!important}
:host(#bell_wrapper[data-at$=left]){inset-inline-start:calc(20px + ${edge('left')})!important}
.bell{position:relative;display:grid;place-items:center;width:56px;height:56px;padding:0;border:0;border-radius:50%;background:var(--ink);color:var(--bg);box-shadow:0 8px 24px #0b0e1440,0 2px 6px #0b0e1426}
.dot{position:absolute;top:14px;inset-inline-end:15px;width:10px;height:10px;border-radius:50%;background:#f1592a;box-shadow:0 0 0 2px var(--ink)}
.tip{position:absolute;top:50%;width:max-content;max-width:min(260px,100vw - 120px);padding:8px 14px;border-radius:10px;background:var(--ink);color:var(--bg);transform:translateY(-50%);visibility:hidden;opacity:0;box-shadow:0 8px 24px #0b0e1440}
:host([data-at$=right]) .tip{inset-inline-end:68px}
:host([data-at$=left]) .tip{inset-inline-start:68px}
:host(:hover) .tip,:host(:focus-within) .tip{visibility:visible;opacity:1}
:host(:hover) .card:not([hidden])~.tip,:host(:focus-within) .card:not([hidden])~.tip{visibility:hidden}
:host(#bell_wrapper) .panel{position:absolute;width:min(348px,100vw - 40px);max-height:calc(100vh - 112px)}
:host([data-at^=bottom]) .panel{bottom:68px}
:host([data-at^=top]) .panel{top:68px}
:host([data-at$=right]) .panel{inset-inline-end:0}
:host([data-at$=left]) .panel{inset-inline-start:0}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
@media(max-width:519px){
.stage{padding:calc(12px + ${edge('top')}) 12px calc(12px + ${edge('bottom')})}
.stage[data-at=center]{align-items:end}
.stage:is([data-kind=topics],[data-kind=panel],[data-kind=help]){padding:calc(12px + ${edge('top')}) 0 0}
.stage .card:is(.topics,.panel,.help){max-width:none;border-radius:20px 20px 0 0;border-width:1px 0 0;padding-bottom:calc(20px + ${edge('bottom')})}
.stage .card.help{padding-bottom:${edge('bottom')}}
.topics,.panel{padding:24px 20px 20px}
.body,.help .body{padding:20px}
.help .head,.head{padding-inline:20px}
.center>.tile{margin:20px 20px 0}
.card#pnCard{max-width:none}
.center .yes,.topics .yes{flex:1}
}
@media(prefers-reduced-motion:no-preference){
.card{animation:in .22s cubic-bezier(.2,.8,.2,1)}
.veil{animation:fade .14s}
.tip{transition:opacity .12s}
@keyframes in{from{opacity:0;transform:translateY(12px)}}
@keyframes fade{from{opacity:0}}
}
@media(forced-colors:active){input{appearance:auto}.bell,.tip{border:1px solid}.switch,.sign,.dot{forced-color-adjust:none}}
`;
