#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: what waits for a touch gains nothing by a clock that is set meanwhile, or by a machine that
# sleeps: it is gone, refused or ends when it was to end; nor do limits and declines end sooner.
test_description='clocks that jump, and suspend: askings'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/clock.sh"
clocks "$@"

log=$XDG_STATE_HOME/handseal/audit.jsonl
more="--user deploy --host web1.example.com --cmd hostname --ttl 5m --reason see"
h=3600
printf 'max-ttl 900\nmax-uses *\n\naddr *\ncmd uptime\nhost web1.example.com\nuser deploy\n' >scope

test_expect_success 'a key, and a daemon whose clocks follow' '
	policy "Session" "    Idle none" "$asks" &&
	hs_softkey_start blue && start && hs_softkey blue touch-next && timeout 30 handseal enroll --device softkey:$HS_TMP/blue.sock --name blue
'

# ---- open

test_expect_success 'open: set back before its key blinks, it is not signed any more' '
	start && ask a $more -o a1 && hs_softkey blue wait 10 && hs_spawn o handseal open $in --ttl 1h &&
	hs_wait_for "agentctl status | grep -q -x \"pending 2\"" 10 && set_by $((-2 * h)) && hs_stop a && hs_wait o 20 &&
	test "$HS_STATUS" = 3 && grep "clock was set after the text was shown" $HS_TMP/o.log && test "$(value open)" = 0 &&
	hs_wait_for "hs_softkey blue state | grep -q \"^waiting no\"" 5 && hs_softkey_idle blue
'
# the command would not believe an end so far off
test_expect_success 'open: set back while its key blinks, it ends when it was to end, and nothing is issued' '
	start && hs_spawn o agentctl open scope $h && hs_softkey blue wait 10 && set_by $((-2 * h)) && hs_softkey blue touch &&
	hs_wait o 20 && grep "^opened" $HS_TMP/o.log && session=$(value session) && refused clock $in -o no &&
	asleep 3000 && is_open && asleep 600 && over "last grant has ended"
'
test_expect_success 'open: set ahead or asleep beyond its end while its key blinks, the touch is too late' '
	for how in set_by asleep; do
		start && hs_spawn o agentctl open scope $h && hs_softkey blue wait 10 && $how $h && hs_softkey blue touch &&
			hs_wait o 20 && grep "^refused expired" $HS_TMP/o.log && test "$(value open)" = 0 || return 1
	done
'

# ---- a request

test_expect_success 'a request: set back before its key blinks, all goes by the clock as it is now' '
	start && ask a $more -o a2 && hs_softkey blue wait 10 && ask b $more --cmd w -o b2 && set_by $((-2 * h)) && hs_stop a &&
	state $code armed && hs_softkey blue wait 10 && hs_softkey blue touch && ends b 0 "" && lasts b2 200 300 && session=$(value session) &&
	asleep 200 && is_open && asleep 100 && over "last grant has ended"
'
test_expect_success 'a request: set back while its key blinks, the touch gives nothing' '
	start && n=$(issued) && ask c $more -o c2 && hs_softkey blue wait 10 && set_by $((-2 * h)) && hs_softkey blue touch &&
	ends c 3 "clock was set to before" && recorded $code touch "\"root\":\"blue\"" && test ! -e c2 && test "$(issued)" = $n &&
	ask c $more -o c3 --reason again && handseal decline $code && ends c 4 . && session=$(value session) && asleep 300 &&
	over "last grant has ended"
'
test_expect_success 'a request: set ahead beyond its end while its key blinks, the touch is too late' '
	start && ask d $more -o d2 && hs_softkey blue wait 10 && set_by $h && hs_softkey blue touch && ends d 3 "expired" &&
	test ! -e d2 && test "$(value open)" = 0
'

# ---- what is parked

# parked NAME: a request that nobody answered, which $code names, and whose key is NAME's
parked() {
	code=
	test_expect_code 7 timeout 20 handseal request $more --wait 2s -o $1 2>err </dev/null &&
		code=$(sed -n 's/^handseal: \([2-9A-Z]*\) waits for a touch.*/\1/p' err | head -n 1) && recorded $code parked touch-timeout
}
gone() { hs_wait_for 'test "$(value pending)" = 0' 10 && recorded $code touch-failed "\"code\":\"gone\",\"sentence\":\"nobody answered in time\""; }
test_expect_success 'parked: asleep beyond Park it is gone, for whoever waits and whoever comes later' '
	start 1 && parked p && hs_spawn w "$HS_BIN/handseal" wait $code --key p.pub --wait 5m && asleep 3000 &&
	test "$(value pending)" = 1 && state $code parked && asleep 600 && gone && ends w 3 "nobody answered in time (gone)" &&
	parked q && asleep $h && test_expect_code 3 timeout 30 handseal wait $code --key q.pub 2>err && grep "(gone)" err && gone &&
	parked r && asleep $h && ! timeout 30 handseal approve $code 2>err && grep not-found err && gone
'
test_expect_success 'parked: Park is as long, whatever the clock is set to' '
	start 1 && parked s && set_by $((2 * h)) && state $code parked && set_by $((-4 * h)) && state $code parked && asleep $h &&
	gone && parked t && set_by $((2 * h)) && hs_softkey blue touch-next && timeout 20 handseal approve $code &&
	recorded $code touch "\"root\":\"blue\"" && timeout 30 handseal wait $code --key t.pub && lasts t 200 300
'

# ---- limits

test_expect_success 'limits and declines go by the clock that nobody can set' '
	policy "Agent unknown" "    Scope *" && start && ask e $more -o e2 && handseal decline $code && ends e 4 . &&
	set_by $h && refused declined-before $more -o no && for n in 1 2; do
		ask e $in --cmd $n -o e2 && hs_stop e || return 1
	done && refused declined-before $more -o no && refused too-many-prompts $in --reason x -o no && set_by $((-2 * h)) &&
	refused too-many-prompts $in --reason x -o no && asleep 200 && refused declined-before $more -o no && asleep 100 &&
	ask e $more -o e2 && hs_stop e
'
hs_done
