#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: an asking opens a session with one touch and in no other way: whoever goes away at
# any moment, whatever the helper does, and without keeping anybody else waiting.
test_description='handseald: askings, touches, helpers'
. "$(dirname "$0")/../lib/e2e.sh"
hs_ns "$0" "$@"
hs_init "$@"

log=$XDG_STATE_HOME/handseal/audit.jsonl
HELPER=$HANDSEAL_SK_HELPER
export HELPER

printf 'max-ttl 900\nmax-uses *\n\naddr *\ncmd uptime\nhost web1.example.com\nuser deploy\n' >scope

# daemon [SETTING...]: a daemon, started anew, with these in its environment
daemon() {
	hs_stop handseald && rm -f "$HS_TMP/handseald.log" && hs_spawn handseald env "$@" "$HS_BIN/handseald" -D -a "$HANDSEAL_SOCK" &&
		hs_wait_for "grep -qs \"serving on\" $HS_TMP/handseald.log || ! hs_alive handseald" 10 &&
		hs_alive handseald
}
# ask NAME [HOW]: asks for a session in the background; the code in $code
ask() {
	: >"$HS_TMP/$1.log"
	hs_spawn $1 sh -c 'exec agentctl open scope 600 "" "$1" <in' sh "${2:-}" &&
		hs_wait_for "grep -qs ^asked $HS_TMP/$1.log || ! hs_alive $1" 10 &&
		code=$(sed -n 's/^asked //p' "$HS_TMP/$1.log") && test -n "$code"
}
# outcome NAME STATUS LINE: how that asking ended, and what it said
outcome() {
	hs_wait $1 20 && test "$HS_STATUS" = $2 && grep -q "^$3" "$HS_TMP/$1.log" ||
		{ cat "$HS_TMP/$1.log" && false; }
}
# status WORD VALUE: what the daemon says of itself
status() { agentctl status >st && grep -q -x "$1 $2" st || { cat st && false; }; }
becomes() { hs_wait_for "agentctl status | grep -q -x \"$1 $2\"" 10; }
idle() { hs_wait_for "hs_softkey $1 state | grep -q '^waiting no'" 5; }
# logged CODE TEXT: the asking of that code has a record of its outcome that says so
logged() { hs_wait_for "grep '\"ask\":\"$1\"' $log | grep -v '\"event\":\"ask\"' | grep -q '$2'" 10; }
helpers() { ls /proc/*/exe 2>/dev/null | xargs -n1 readlink 2>/dev/null | grep -c "sk-helper"; }

test_expect_success 'a key, a daemon; no root is enrolled yet' '
	mkfifo in && exec 8<>in && HANDSEAL_SOCK=$HS_TMP/run/a.sock && export HANDSEAL_SOCK &&
	hs_softkey_start blue && daemon && test_expect_code 3 agentctl open scope 600 >out &&
	grep "^refused no-roots" out && grep "^remedy enrol a key first" out &&
	hs_softkey blue touch-next && timeout 30 handseal enroll --device softkey:$HS_TMP/blue.sock --name blue
'

# ---- rule 7

test_expect_success 'rule7: while a touch is pending every other client is served at once' '
	ask first && hs_softkey blue wait 10 && perl -MTime::HiRes=time -MIO::Socket::UNIX -e "
		my (\$max, \$n, %b) = (0, 0);
		my \$ext = sub { pack(\"N/a*\", chr(27) . pack(\"N/a*\", \$_[0] . \"\@handseal.alt\") . (\$_[1] // \"\")) };
		my \$s = IO::Socket::UNIX->new(Peer => \$ENV{HANDSEAL_SOCK}) or die;
		for (1 .. 100) {
			for my \$f (pack(\"N/a*\", chr 11), \$ext->(\"status\"), \$ext->(\"close\"), \$ext->(\"list\", pack(\"NQ>\", 0, 0)),
				\$ext->(\"request\", pack(\"N5\", (0) x 5))) {
				my \$t = time;
				syswrite(\$s, \$f);
				sysread(\$s, my \$answer, 65536) or die;
				\$max = time - \$t if time - \$t > \$max;
				\$n++;
			}
		}
		printf \"# %d answers, the slowest took %.1f ms\n\", \$n, 1000 * \$max;
		exit(\$max < 1 ? 0 : 1)" && status pending 1 && status open 0 &&
	hs_softkey blue state | grep "^waiting yes" && hs_softkey blue touch &&
	outcome first 0 "opened " && status open 1 && status pending 0
'
test_expect_success 'one session at a time; the grant, the touch and the session are in the log' '
	test_expect_code 3 agentctl open scope 600 >out && grep "^refused session-open" out &&
	logged $code "\"event\":\"touch\".*\"root\":\"blue\".*\"flags\":1.*\"simulated\":true.*\"grant\":\"" &&
	agentctl close >out && grep "^closed" out && status open 0
'
test_expect_success 'two ask: one ceremony at a time, the second is told that a session is open' '
	ask first && ask second && hs_softkey blue wait 10 && status pending 2 && test "$(helpers)" = 1 &&
	hs_softkey blue touch && outcome first 0 "opened " && outcome second 3 "refused session-open" &&
	idle blue && agentctl close
'
test_expect_success 'eight wait at most; an outcome is for the connection that asked' '
	for n in 1 2 3 4 5 6 7 8; do ask a$n hold || return 1; done &&
	test_expect_code 3 agentctl open scope 600 >out && grep "^refused busy" out &&
	test_expect_code 3 agentctl outcome $code >out && grep "^refused not-found" out &&
	for n in 1 2 3 4 5 6 7 8; do hs_stop a$n || return 1; done && becomes pending 0 && idle blue &&
	status open 0
'

# ---- whoever asked goes away

test_expect_success 'gone while its text stands: the key never blinks' '
	ask first leave && outcome first 0 asked && logged $code touch-cancelled && becomes pending 0 &&
	! hs_softkey blue wait 2 && status open 0
'
test_expect_success 'gone while another blinks: that one goes on' '
	ask first && hs_softkey blue wait 10 && ask second hold && second=$code && sleep 1.2 &&
	hs_stop second && logged $second touch-cancelled && hs_softkey blue state | grep "^waiting yes" &&
	hs_softkey blue touch && outcome first 0 "opened " && agentctl close
'
test_expect_success 'gone while its key blinks: it stops, and a touch then does nothing' '
	for sig in TERM KILL; do
		ask first && hs_softkey blue wait 10 && hs_stop first $sig && idle blue &&
		logged $code touch-cancelled && becomes pending 0 && hs_softkey_idle blue &&
		status open 0 && hs_wait_for "test \$(helpers) = 0" 5 || return 1
	done
'
test_expect_success 'gone while its key blinks: whoever waits behind it is next' '
	ask first && first=$code && hs_softkey blue wait 10 && ask second && hs_stop first &&
	logged $first touch-cancelled && hs_softkey blue wait 10 && hs_softkey blue touch &&
	outcome second 0 "opened " && agentctl close
'
test_expect_success 'gone after the touch: the session that the person opened stays' '
	ask first hold && hs_softkey blue wait 10 && hs_softkey blue touch && becomes open 1 &&
	hs_stop first && status open 1 && becomes pending 0 && agentctl close
'
test_expect_success 'the daemon is ended while a key blinks: it stops, nothing is left' '
	ask first && hs_softkey blue wait 10 && hs_stop handseald && test "$HS_STATUS" = 0 && idle blue &&
	hs_wait first 10 && test "$(helpers)" = 0 && logged $code "\"gone\".*the daemon ended" && daemon
'
test_expect_success 'the daemon is killed while a key blinks: it stops, and nothing is open after' '
	ask first && hs_softkey blue wait 10 && hs_stop handseald KILL && idle blue &&
	hs_wait_for "test \$(helpers) = 0" 10 && hs_wait first 10 && daemon && status open 0
'

# ---- the key

test_expect_success 'not touched in time, declined, pulled out, of no use: each is told and logged' '
	daemon HANDSEAL_TOUCH_SECONDS=1 && ask first && outcome first 3 "refused touch-timeout" &&
	logged $code "\"touch-failed\".*\"touch-timeout\"" && daemon &&
	hs_softkey blue fault deny && ask first && outcome first 3 "refused touch-denied" &&
	hs_softkey blue fault none && hs_softkey blue unplug && ask first &&
	outcome first 3 "refused no-device" && grep "^remedy plug in" "$HS_TMP/first.log" &&
	hs_softkey blue plug && status open 0 && test "$(grep -c "\"event\":\"touch\"" "$log")" = 5
'

# ---- helpers that are not as they should be. helper TEXT: the next daemon's helper is that script
helper() {
	printf '#!/bin/sh\n%s\n' "$1" >"$HS_TMP/helper" && chmod 755 "$HS_TMP/helper" &&
		daemon HELPER=$HELPER HANDSEAL_TOUCH_SECONDS=${2:-1} HANDSEAL_SK_HELPER=$HS_TMP/helper
}
# it gets next to no environment, so what it needs is in its text
signs="'$HELPER'"
# fails CODE TEXT: an asking ends so, no session opens, and that helper is gone
fails() {
	ask first && outcome first 3 "refused $1" && grep -q "^sentence .*$2" "$HS_TMP/first.log" &&
		logged $code "\"touch-failed\".*\"$1\"" && status open 0 && becomes pending 0 &&
		hs_wait_for "! grep -qs '$HS_TMP/helper' /proc/[0-9]*/cmdline" 5 ||
		{ cat "$HS_TMP/first.log" "$HS_TMP/handseald.log" && false; }
}
test_expect_success 'a helper that is not there, or is no program' '
	daemon HANDSEAL_SK_HELPER=/nowhere/helper && fails helper-failed "cannot be run: no such file" &&
	: >"$HS_TMP/empty" && daemon HANDSEAL_SK_HELPER=$HS_TMP/empty && fails helper-failed "cannot be run"
'
test_expect_success 'a helper that dies' '
	helper "exit 3" && fails helper-failed "status 3 and without an answer" &&
	helper "kill -KILL \$\$" && fails helper-failed "signal 9" &&
	helper "exit 0" && fails helper-failed "there is none" &&
	helper "printf \"\\0\\0\\0\\12\\1\\2\"" && fails helper-failed "cannot be used"
'
test_expect_success 'a helper that hangs is killed with its children' '
	helper "sleep 1000 & sleep 1000" && fails helper-failed "did not end in time" &&
	hs_wait_for "! grep -qs \"sleep.1000\" /proc/[0-9]*/cmdline" 5 &&
	helper "exec >&-; sleep 1000" && fails helper-failed "did not end in time" &&
	helper "trap \"\" TERM; while :; do sleep 0.1; done" 30 && ask first && sleep 1.5 &&
	hs_stop first && logged $code touch-cancelled &&
	hs_wait_for "! grep -qs $HS_TMP/helper /proc/[0-9]*/cmdline" 5
'
test_expect_success 'a helper that writes without end is killed' '
	helper "exec cat /dev/zero" && ask first && outcome first 3 "refused helper-failed" &&
	grep "^sentence .*too long" "$HS_TMP/first.log" &&
	hs_wait_for "! grep -qs /dev/zero /proc/[0-9]*/cmdline" 5 &&
	{ grep -q libasan /proc/$(hs_pid handseald)/maps ||
		test "$(sed -n "s/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p" /proc/$(hs_pid handseald)/status)" -lt 40000; }
'
test_expect_success 'a helper that answers twice, or another question' '
	hs_softkey blue auto on &&
	helper "$signs >$HS_TMP/ans; cat $HS_TMP/ans $HS_TMP/ans" 5 &&
	fails helper-failed "more than one" &&
	helper "$signs | { cat; printf x; }" 5 && fails helper-failed "cannot be used" &&
	helper "$signs | perl -0777 -pe \"substr(\\\$_, 5, 1) = chr 1\"" 5 && fails helper-failed "" &&
	helper "printf \"\\0\\0\\0\\2\\1\\2\"" && fails helper-failed "cannot be used"
'
# the answer, with its length: 4 bytes, version, op, string "ok", string "", the index at 16, then the
# signature, which ends with flags and counter before $e
edit() { helper "$signs | perl -0777 -pe '\$e = 24 + unpack q(x20 N), \$_; $1'" 5; }
test_expect_success 'rule1, rule6: a helper that lies about what was signed' '
	edit "substr(\$_, \$e - 40, 1) ^= chr 1" && fails helper-lied "not good" &&
	edit "substr(\$_, \$e - 5, 1) = chr 0" && fails helper-lied "not good" &&
	edit "substr(\$_, \$e - 5, 1) = chr 5" && fails helper-lied "not good" &&
	edit "substr(\$_, \$e - 1, 1) ^= chr 1" && fails helper-lied "not good" &&
	edit "substr(\$_, 16, 4) = pack(\"N\", 1)" && fails helper-lied "not offered" &&
	edit "substr(\$_, 16, 4) = pack(\"N\", 63)" && fails helper-lied "not offered" &&
	edit "substr(\$_, 16, 4) = pack(\"N\", 2**32 - 1)" && fails helper-failed "cannot be used"
'
test_expect_success 'rule1: an answer to an earlier asking opens nothing' '
	helper "$signs | tee $HS_TMP/ans" 5 && ask first && outcome first 0 "opened " && agentctl close &&
	helper "cat $HS_TMP/ans" && fails helper-lied "not good"
'
test_expect_success 'a good answer from a helper that is then killed is none' '
	helper "$signs; kill -KILL \$\$" 5 && fails helper-failed "signal 9" &&
	helper "$signs; sleep 1000" 1 && fails helper-failed "did not end in time"
'
test_expect_success 'a helper that does not read, and one whose child keeps its output open' '
	helper "exec <&-; sleep 0.2; exit 4" && fails helper-failed "status 4" &&
	helper "$signs; sleep 3 &" 5 && ask first && outcome first 0 "opened " && agentctl close
'
exec 8>&-

hs_done
