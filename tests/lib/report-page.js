// SPDX-License-Identifier: ISC
//
// What a browser makes of the report, measured from outside it: the page that holds this has the report in
// frames of several widths. Prints one line of JSON a frame. For tests/e2e/audit_report.t.
function rgb(s) { return s.match(/[\d.]+/g).slice(0, 3).map(Number) }
function light(c) {
	const v = c.map(x => { x /= 255; return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4 })
	return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]
}
function contrast(a, b) {
	const [x, y] = [light(rgb(a)), light(rgb(b))].sort((p, q) => q - p)
	return (x + 0.05) / (y + 0.05)
}
function measure(frame) {
	const d = frame.contentDocument, w = frame.contentWindow, root = d.documentElement
	const all = s => [...d.querySelectorAll(s)], css = e => w.getComputedStyle(e)
	const card = css(d.querySelector('section')).backgroundColor
	const focus = e => { e.focus(); return d.activeElement === e }
	const ids = all('[id]').map(e => e.id)
	return {
		width: frame.clientWidth, overflow: root.scrollWidth - root.clientWidth,
		wide: all('main *').filter(e => !e.closest('svg') && !e.closest('thead') &&
			e.getBoundingClientRect().right > root.clientWidth + 1).length,
		light: light(rgb(css(d.body).backgroundColor)) > 0.5,
		ink: contrast(css(d.body).color, card), dim: contrast(css(d.querySelector('footer')).color,
			css(d.body).backgroundColor),
		worst: Math.min(99, ...all('.tag').map(e => contrast(css(e).color, card))),
		active: all('script,img,iframe,link,object,form,base,[onerror],[onload],[onclick]').length,
		focusable: all('summary,a[href]').slice(0, 40).every(focus), summaries: all('summary').length,
		links: all('a[href]').every(a => d.getElementById(a.getAttribute('href').slice(1)) !== null),
		ids: new Set(ids).size === ids.length, rows: all('.session tbody tr').length,
		verdict: d.querySelector('.verdict h2').textContent, labels: all('svg').every(e => e.getAttribute('aria-label')),
		bars: all('rect').length, dots: all('path').length, days: all('.day').length,
		text: d.body.textContent.includes('<img src=x'), cards: css(d.querySelector('.cards tr') || d.body).display
	}
}
addEventListener('load', () => {
	document.getElementById('out').textContent = [...document.querySelectorAll('iframe')]
		.map(f => 'RESULT' + JSON.stringify(measure(f))).join('\n')
})
