#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: the page that `handseal audit report` writes, in a real browser, at a phone's and a
# desktop's width, light and dark: nothing runs, nothing is fetched, nothing sticks out, all can be read and
# reached by the keyboard; with nothing in it and with ten thousand certificates; whatever the log says.
test_description='the report, looked at in a browser'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/cli.sh"
command -v chromium >/dev/null || hs_skip "chromium is not installed"
hs_init "$@"

TZ=UTC LC_ALL=C.UTF-8 HOME=$HS_TMP
export TZ LC_ALL HOME
browser() { timeout 300 chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --allow-file-access-from-files \
	--user-data-dir="$HS_TMP/browser" --hide-scrollbars "$@" 2>browser.err; }
dark='--force-dark-mode --blink-settings=preferredColorScheme=0'
report() { handseal audit report --log "$1" --roots made/roots -o "$1.html" >out 2>err || { cat out err && false; }; }
# look NAME OPTION...: what the browser makes of it, a line of JSON for each width in $1.360 and so on
look() {
	look_=$1
	shift
	{ echo "<!doctype html><pre id=out></pre><script>" && cat "$HS_SRC/tests/lib/report-page.js" && echo "</script>" &&
		for w in 360 768 1280; do echo "<iframe style=\"border:0\" width=$w height=900 src=\"$look_.html\"></iframe>"; done; } >page.html &&
		browser "$@" --window-size=1400,1000 --dump-dom "file://$PWD/page.html" >dom &&
		for w in 360 768 1280; do
			sed -n 's/^.*RESULT\({"width":'$w',.*}\).*$/\1/p' dom | sed 's/&lt;/</g;s/&gt;/>/g;s/&amp;/\&/g' >"$look_.$w" && test -s "$look_.$w" || { cat dom browser.err && return 1; }
		done
}
# sound NAME: nothing runs, sticks out, cannot be read or reached, at any width
sound() {
	for w in 360 768 1280; do
		is "$1.$w" "\$j->{overflow} <= 0 && \$j->{wide} == 0 && \$j->{active} == 0 && \$j->{ink} > 7 && \$j->{dim} >= 4.5 && \$j->{worst} >= 4.5" &&
			is "$1.$w" "\$j->{focusable} && \$j->{links} && \$j->{ids} && \$j->{labels}" || { cat "$1.$w" && return 1; }
	done
}

test_expect_success 'an ordinary log' '
	mkdir made && auditctl make made sessions=3 certificates=12 agents=3 step=240 refusals=2 revoke=1 && report made && grep "made.html: [0-9]* records; proven" out &&
	look made && sound made && for w in 360 768 1280; do
		is made.$w "\$j->{light} && \$j->{verdict} eq q(The log is proven) && \$j->{rows} == 36 && \$j->{bars} >= 39 && \$j->{dots} >= 9 && \$j->{days} == 1" || return 1
	done && is made.360 "\$j->{cards} eq q(block)" && is made.1280 "\$j->{cards} eq q(table-row)" && test "$(stat -c %a made.html)" = 600
'
test_expect_success 'in the dark' '
	look made $dark && sound made && for w in 360 1280; do is made.$w "!\$j->{light}" || return 1; done
'
test_expect_success 'on paper, and as a picture' '
	browser --print-to-pdf=made.pdf --no-pdf-header-footer "file://$PWD/made.html" && head -c 5 made.pdf | grep -q "%PDF-" &&
	browser --window-size=1280,1600 --screenshot=made.png "file://$PWD/made.html" && test "$(head -c 8 made.png | od -An -tx1 | tr -d " \n")" = 89504e470d0a1a0a
'
test_expect_success 'nothing is fetched: no address in it, and its own policy forbids it' '
	! grep -E "https?:|url\(|@import|src=" made.html && grep "Content-Security-Policy.*default-src .none.; style-src .unsafe-inline.; base-uri .none.; form-action .none." made.html &&
	! grep -i "<script" made.html
'
test_expect_success 'an empty log' '
	mkdir none && : >none/audit.jsonl && report none && look none && sound none && is none.360 "\$j->{verdict} eq q(There is no record yet) && \$j->{rows} == 0" &&
	head -n 1 made/audit.jsonl >none/audit.jsonl && report none && look none $dark && sound none && is none.1280 "\$j->{verdict} eq q(Nothing has signed the log yet)"
'
test_expect_success 'a log that does not hold' '
	mkdir bad && cp made/audit.jsonl bad/ && auditctl flip bad/audit.jsonl 9000 && report bad && grep "NOT PROVEN, as it says" out && look bad && sound bad &&
	is bad.360 "\$j->{verdict} eq q(The log does not hold)" && grep "class=\"faults\"" bad.html
'
test_expect_success 'a touch that does not hold is called so behind any number of other faults' '
	mkdir worse && auditctl make worse sessions=3 certificates=600 && perl -pi -e "s/}$/,\"x\":1}/" worse/audit.jsonl && report worse && grep "NOT PROVEN, as it says" out &&
	test "$(grep -c ">does not hold</span>" worse.html)" = 3 && ! grep "signature good" worse.html
'
test_expect_success 'hostile texts stay texts' '
	x="<img src=x onerror=alert(1)>\"&#39;<script>alert(1)</script>" && mkdir evil && auditctl make evil refusals=1 revoke=1 reason="$x" shown="$x
</pre></details><h1>$x" agent="$x" && report evil && look evil && sound evil && is evil.360 "\$j->{text}" && ! grep -a "<img\|<script\|<h1>.*img" evil.html &&
	mkdir long && auditctl make long agent="$(head -c 3000 /dev/zero | tr "\0" W)" reason="$(head -c 5000 /dev/zero | tr "\0" i)" shown="$(head -c 9000 /dev/zero | tr "\0" M)" refusals=1 && report long && look long && sound long
'
test_expect_success 'ten thousand certificates, of thirty agents, in ten sessions' '
	mkdir many && auditctl make many sessions=10 certificates=1000 agents=30 step=7 refusals=40 revoke=1 every=100 && report many && look many && sound many &&
	is many.1280 "\$j->{rows} == 10000 && \$j->{bars} < 20000 && \$j->{days} >= 2" && is many.1280 "\$j->{verdict} eq q(The log is proven)"
'
test_expect_success 'usage' '
	usage audit report && usage audit report -o a b && usage audit report --nonesuch && does 1 "nonesuch" handseal audit report --roots made/roots --log nonesuch -o f && test ! -e f &&
	does 0 . handseal audit report --log made --roots made/roots -o again.html --json && is out "\$j->{proven} && \$j->{file} eq q(again.html)" &&
	does 1 "no root is enrolled" env XDG_CONFIG_HOME=/nonexistent handseal audit report --log made -o f
'
hs_done
